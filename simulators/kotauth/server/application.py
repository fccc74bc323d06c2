"""Routes, and what happens around every request: request id, origin, security headers, access line, errors."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from functools import partial
from time import monotonic

from .accounts import tenants
from .accounts.audit import AuditLog
from .accounts.secret_key import SecretKey
from .database.pool import Pool
from .endpoints import discovery, health, rest_api
from .endpoints.login import Login
from .endpoints.token_endpoint import TokenEndpoint
from .http import origin
from .http.wire import Request, Response, html_response, json_response
from .process import log
from .process.settings import Settings

LOGGER = "ktor.application"
GREEN, YELLOW, RED, CYAN, PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[36m", "\x1b[m"
COLOURS: dict[int, str] = {
    **dict.fromkeys((200, 201, 202, 302), GREEN),
    **dict.fromkeys((100, 102, 204, 206, 304, 305, 426), YELLOW),
}
"""Of the statuses in Ktor's access lines; every other one is red."""
TENANT_PATH = re.compile(r"/t/([^/]+)/(.+)")
API_PREFIX = "api/v1/"

Methods = dict[str, Callable[[], Response]]
"""What a path answers to, by HTTP method."""


class Application:
    """Answers requests of one running server."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        secret_key = SecretKey(settings.secret_key)
        self._settings = settings
        self._pool = pool
        self._tokens = TokenEndpoint()
        self._login = Login(settings.base_url, pool, secret_key, AuditLog(pool, secret_key))

    def handle(self, request: Request) -> Response:
        """Answer a request; never raises."""
        started = monotonic()
        # An inbound X-Request-Id is ignored.
        identifier = str(uuid.uuid4())
        tenant = TENANT_PATH.fullmatch(request.path)
        log.request_id.set(identifier)
        log.tenant_slug.set(tenant[1] if tenant else None)
        try:
            response = self._route(request)
        except Exception as error:  # whatever it was, the client gets a 500 and the log the cause
            log.error(LOGGER, f"Unhandled exception at {request.path}", log.stack_trace(error))
            description = "An unexpected error occurred"
            response = json_response({"error": "server_error", "error_description": description}, 500)
        response.headers += self._common_headers(identifier)
        if not request.path.startswith("/health"):
            log.info(LOGGER, _access_line(request, response, int((monotonic() - started) * 1000)))
        return response

    def _route(self, request: Request) -> Response:
        methods = self._methods(request)
        if methods is None:
            return Response(404)
        answer = methods.get(request.method)
        return answer() if answer else Response(405)

    def _methods(self, request: Request) -> Methods | None:
        settings, pool, login = self._settings, self._pool, self._login
        fixed: dict[str, Callable[[], Response]] = {
            "/": lambda: html_response("<!doctype html><title>Kotauth simulator</title><p>Kotauth simulator"),
            "/health": health.alive,
            "/health/ready": lambda: health.ready(settings, pool),
            "/health/version": lambda: health.version(settings),
            "/admin": lambda: login.home(request),
            "/admin/login": login.begin,
            "/admin/callback": lambda: login.complete(request, self._origin(request).client_ip),
        }
        if request.path in fixed:
            return {"GET": fixed[request.path]}
        match = TENANT_PATH.fullmatch(request.path)
        return self._tenant_methods(request, match[1], match[2]) if match else None

    def _tenant_methods(self, request: Request, slug: str, rest: str) -> Methods | None:
        with self._pool.transaction() as connection:
            tenant = tenants.find(connection, slug)
        if rest == "authorize":
            return {
                "GET": lambda: self._login.show(request, slug, tenant),
                "POST": lambda: self._login.submit(request, slug, tenant, self._origin(request).client_ip),
            }
        if rest == "protocol/openid-connect/token":
            return {"POST": lambda: self._tokens.answer(request, slug, self._origin(request).client_ip)}
        if tenant is None:
            return {request.method: lambda: json_response({"error": "tenant_not_found"}, 404)}
        reads: dict[str, Callable[[], Response]] = {
            ".well-known/openid-configuration": lambda: discovery.document(tenant, self._origin(request)),
            "protocol/openid-connect/certs": lambda: discovery.key_set(self._pool, tenant),
        }
        for resource in rest_api.SCOPE_OF:
            reads[f"{API_PREFIX}{resource}"] = partial(rest_api.answer, self._pool, tenant, resource, request)
        return {"GET": reads[rest]} if rest in reads else None

    def _origin(self, request: Request) -> origin.Origin:
        return origin.of(request, self._settings.trusted_proxy)

    def _common_headers(self, identifier: str) -> list[tuple[str, str]]:
        headers = [
            ("X-Request-Id", identifier),
            ("Server", ""),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
            ("Content-Security-Policy", "default-src 'self'; form-action 'self'; frame-ancestors 'none'"),
        ]
        if self._settings.is_https:
            headers.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
        return headers


def _access_line(request: Request, response: Response, milliseconds: int) -> str:
    """Ktor's default format: with ANSI colours, without the client; of a 302 the Location with its code and state."""
    status = f"{COLOURS.get(response.status, RED)}{response.status} {response.reason}{PLAIN}"
    line = f"{status}: {CYAN}{request.method}{PLAIN} - {request.path} in {milliseconds}ms"
    location = response.header("Location")
    return f"{line} -> {location}" if location else line
