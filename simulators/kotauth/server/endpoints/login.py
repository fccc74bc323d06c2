"""The administrator's login: a PKCE redirect, a form, a code, a signed cookie.

    GET  /admin/login          302 to /t/master/authorize, cookie KOTAUTH_ADMIN_PKCE
    GET  /t/master/authorize   the form, cookie KOTAUTH_AUTH_CONTEXT
    POST /t/master/authorize   302 to KAUTH_BASE_URL/admin/callback with a code; 401; 429; without the cookie 302
    GET  /admin/callback       302 to /admin, cookie KOTAUTH_ADMIN; 500 with a wrong secret key
    GET  /admin                the signed-in page, or 302 to the login

Nothing between the steps is kept in memory, so a login may be split over two instances.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from ..accounts import signing_keys
from ..accounts.audit import AuditLog
from ..accounts.first_admin import password_matches
from ..accounts.secret_key import SecretKey, WrongKeyError
from ..accounts.tenants import MASTER, Tenant
from ..database.pool import Pool
from ..database.query import rows_of
from ..http.rate_limit import RateLimit
from ..http.wire import Request, Response, html_response, json_response, oauth_error, redirect

CLIENT_ID = "kotauth-admin"
PKCE_COOKIE = "KOTAUTH_ADMIN_PKCE"
CONTEXT_COOKIE = "KOTAUTH_AUTH_CONTEXT"
ADMIN_COOKIE = "KOTAUTH_ADMIN"
PKCE_SECONDS = 300
SESSION_SECONDS = 3600
CONTEXT_SECONDS = 300
CODE_SECONDS = 60
CONTEXT_FIELDS = ("redirect_uri", "state", "code_challenge")
"""What the login needs of the request that began it."""


class Login:
    """The steps of the login, for one running server."""

    def __init__(self, base_url: str, pool: Pool, secret_key: SecretKey, audit: AuditLog) -> None:
        self._base_url = base_url
        self._callback = f"{base_url}/admin/callback"
        self._pool = pool
        self._secret_key = secret_key
        self._audit = audit
        self._limit = RateLimit()

    def begin(self) -> Response:
        """`GET /admin/login`."""
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        query = urlencode(
            {
                "response_type": "code",
                "client_id": CLIENT_ID,
                "redirect_uri": self._callback,
                "scope": "openid profile email",
                "code_challenge": _challenge(verifier),
                "code_challenge_method": "S256",
                "state": state,
            }
        )
        cookie = self._secret_key.sign(f"{verifier}|{int(time.time())}|{state}")
        location = f"/t/{MASTER}/authorize?{query}"
        return redirect(location, [self._cookie(PKCE_COOKIE, cookie, PKCE_SECONDS, "/admin")])

    def show(self, request: Request, slug: str, tenant: Tenant | None) -> Response:
        """`GET /t/{slug}/authorize`: the form, and the request's parameters in a signed cookie."""
        parameters = request.query
        response_type, client_id, redirect_uri = (
            parameters.get(name, "").strip() for name in ("response_type", "client_id", "redirect_uri")
        )
        if not (response_type or client_id or redirect_uri):
            # The way back from a registration within a login that was begun; else the portal begins one.
            return _form(slug) if self._context(request) else redirect(f"/t/{slug}/account/login")
        if response_type != "code":
            return oauth_error("unsupported_response_type", "Only 'code' response_type is supported")
        if not (client_id and redirect_uri):
            return oauth_error("invalid_request", "client_id and redirect_uri are required")
        if tenant is None:
            return json_response({"error": "tenant_not_found"}, 404)
        context = {name: parameters[name] for name in CONTEXT_FIELDS if name in parameters}
        cookie = self._sealed(context | {"until": int(time.time()) + CONTEXT_SECONDS})
        response = _form(slug)
        response.headers.append(self._cookie(CONTEXT_COOKIE, cookie, CONTEXT_SECONDS, f"/t/{slug}"))
        return response

    def submit(self, request: Request, slug: str, tenant: Tenant | None, client_ip: str) -> Response:
        """`POST /t/{slug}/authorize`. The limit counts first, whatever is sent, and leaves no audit event."""
        if not self._limit.allows(f"{slug}|{client_ip}"):
            return _form(slug, 429, "Too many login attempts. Please wait a moment and try again.")
        context = self._context(request)
        if context is None:
            return redirect(f"/t/{slug}/authorize?error=session_expired")
        user = self._authenticate(tenant, request.form, client_ip) if tenant else None
        if tenant is None or user is None:
            return _form(slug, 401, "Invalid username or password.")
        if context.get("redirect_uri") != self._callback:
            return _form(slug, 400, f"Invalid redirect_uri: {context.get('redirect_uri')}")
        code = self._issue_code(tenant, user, context.get("code_challenge"))
        state = {"state": context["state"]} if "state" in context else {}
        gone = self._cookie(CONTEXT_COOKIE, "", 0, f"/t/{slug}")
        return redirect(f"{self._callback}?{urlencode({'code': code} | state)}", [gone])

    def complete(self, request: Request, client_ip: str) -> Response:
        """`GET /admin/callback`. Raises WrongKeyError out of the signing key: the 500 that no health check sees."""
        try:
            verifier, _, state = self._secret_key.verify(request.cookies.get(PKCE_COOKIE, "")).split("|")
        except (WrongKeyError, ValueError):
            return html_response("<!doctype html><p>The login has expired", 400)
        if state != request.query.get("state"):
            return html_response("<!doctype html><p>The login belongs to another browser", 400)
        with self._pool.transaction() as connection:
            rows = connection.run(
                "DELETE FROM authorization_codes c USING users u WHERE c.code_hash = :hash AND c.expires_at > now()"
                " AND c.code_challenge = :challenge AND u.id = c.user_id RETURNING c.tenant_id, u.id, u.username",
                hash=_sha256(request.query.get("code", "")),
                challenge=_challenge(verifier),
            )
            if not rows:
                return html_response("<!doctype html><p>The code is not valid", 400)
            tenant, user, username = rows[0]
            ((session,),) = rows_of(
                connection,
                "INSERT INTO sessions (tenant_id, user_id, ip_address, expires_at)"
                " VALUES (:tenant, :user, :ip, now() + make_interval(secs => :seconds)) RETURNING id",
                tenant=tenant,
                user=user,
                ip=client_ip,
                seconds=SESSION_SECONDS,
            )
            expires = int(time.time()) + SESSION_SECONDS
            claims: dict[str, object] = {"iss": f"{self._base_url}/t/{MASTER}", "sub": str(user), "exp": expires}
            token = signing_keys.sign_token(connection, self._secret_key, tenant, claims)
        cookie = self._sealed({"session": session, "username": username, "exp": expires, "idToken": token})
        return redirect("/admin", [self._cookie(ADMIN_COOKIE, cookie, SESSION_SECONDS, "/")])

    def home(self, request: Request) -> Response:
        """`GET /admin`."""
        content = self._unsealed(request.cookies.get(ADMIN_COOKIE, ""))
        if content is None:
            return redirect("/admin/login")
        with self._pool.transaction() as connection:
            valid = connection.run(
                "SELECT 1 FROM sessions WHERE id = :id AND revoked_at IS NULL AND expires_at > now()",
                id=content["session"],
            )
        if not valid:
            return redirect("/admin/login")
        return html_response(f"<!doctype html><p>Signed in as {html.escape(content['username'])}")

    def _authenticate(self, tenant: Tenant, form: dict[str, str], client_ip: str) -> int | None:
        """The user's id, or None. Leaves an audit event, unless a field was empty."""
        username, password = form.get("username", "").strip(), form.get("password", "")
        if not username or not password.strip():
            return None
        with self._pool.transaction() as connection:
            rows = connection.run(
                "SELECT id, password_hash FROM users WHERE tenant_id = :tenant AND username = :username AND enabled",
                tenant=tenant.id,
                username=username,
            )
        # Outside the transaction: a quarter of a second of CPU must not hold a connection.
        user, event = rows[0][0] if rows else None, "LOGIN_FAILED"
        if rows and password_matches(password, rows[0][1]):
            event = "LOGIN_SUCCESS"
        self._audit.write(event, tenant=tenant.id, ip_address=client_ip, user=user)
        return user if event == "LOGIN_SUCCESS" else None

    def _context(self, request: Request) -> dict[str, Any] | None:
        context = self._unsealed(request.cookies.get(CONTEXT_COOKIE, ""))
        return context if context and context.get("until", 0) > time.time() else None

    def _sealed(self, content: dict[str, Any]) -> str:
        return self._secret_key.sign(base64.urlsafe_b64encode(json.dumps(content).encode()).decode())

    def _unsealed(self, cookie: str) -> dict[str, Any] | None:
        try:
            return json.loads(base64.urlsafe_b64decode(self._secret_key.verify(cookie)))
        except (WrongKeyError, ValueError):
            return None

    def _issue_code(self, tenant: Tenant, user: int, challenge: str | None) -> str:
        code = secrets.token_urlsafe(32)
        with self._pool.transaction() as connection:
            connection.run(
                "INSERT INTO authorization_codes (code_hash, tenant_id, user_id, code_challenge, expires_at)"
                " VALUES (:hash, :tenant, :user, :challenge, now() + make_interval(secs => :seconds))",
                hash=_sha256(code),
                tenant=tenant.id,
                user=user,
                challenge=challenge,
                seconds=CODE_SECONDS,
            )
        return code

    def _cookie(self, name: str, value: str, seconds: int, path: str) -> tuple[str, str]:
        secure = "; Secure" if self._base_url.startswith("https://") else ""
        return ("Set-Cookie", f"{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Lax{secure}")


def _form(slug: str, status: int = 200, message: str = "") -> Response:
    return html_response(
        "<!doctype html><title>Sign in (Kotauth simulator)</title>"
        f'<p>{html.escape(message)}</p><form method="post" action="/t/{html.escape(slug)}/authorize">'
        '<input name="username"><input name="password" type="password"><button>Sign in</button></form>',
        status,
    )


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
