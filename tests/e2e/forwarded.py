"""What the server believes about who asks, under which name; and how a client may lie about it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from simulators.kotauth.client import FORM, Answer, Client

Headers = list[tuple[str, str]]
WRONG_LOGIN = urlencode({"username": "nobody", "password": "wrong"})
_ALLOWED_TRIES = 5
_AUTHORIZATION = urlencode({"response_type": "code", "client_id": "any", "redirect_uri": "https://app.example.com/"})

# All that the server believes. The values differ from what is true on the way through the frontend, and straight.
SPOOFED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "ftp",
    "X-Forwarded-Protocol": "ftp",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Port": "4444",
    "X-Forwarded-SSL": "on",
    "Front-End-Https": "on",
}


def spellings(name: str, value: str) -> dict[str, Headers]:
    """Return the ways to send a header that a proxy might treat differently."""
    return {
        "one line": [(name, value)],
        "two lines": [(name, value), (name, f"{value}x")],
        "upper case": [(name.upper(), value)],
        "lower case": [(name.lower(), value)],
        "list": [(name, f"{value}, {value}x")],
        # Asks the proxy to drop the header that it should set.
        "named by Connection": [("Connection", f"close, {name}"), (name, value)],
    }


CASES = {
    f"{name}, {spelling}": headers
    for name, value in SPOOFED.items()
    for spelling, headers in spellings(name, value).items()
}
spoofed = pytest.mark.parametrize("headers", CASES.values(), ids=CASES)


@dataclass(frozen=True)
class Belief:
    """What the server takes for true about a request."""

    client_address: str
    base_url: str
    """Of the issuer, which goes on with `/t/` and the workspace."""


class Workspace:
    """A workspace without an issuer: its discovery is made out of the request, and only this test logs in to it.

    The server lets one address try five logins a minute in one workspace, so another one is made after five.
    """

    def __init__(self, client: Client, sql: Callable[[str], object]) -> None:
        self.client, self._sql = client, sql
        self._slugs: list[str] = []
        self._tries = _ALLOWED_TRIES

    def remove(self) -> None:
        """Leave no trace of it."""
        slugs = ", ".join(f"'{slug}'" for slug in self._slugs)
        mine = f"(SELECT id FROM kotauth.tenants WHERE slug IN ({slugs}))"
        tables = ("audit_log", "api_keys")
        statements = [f"DELETE FROM kotauth.{table} WHERE tenant_id IN {mine}" for table in tables]
        self._sql("; ".join([*statements, f"DELETE FROM kotauth.tenants WHERE slug IN ({slugs})"]))

    @property
    def discovery(self) -> str:
        """Path of the discovery document."""
        return f"/t/{self._slugs[-1]}/.well-known/openid-configuration"

    @property
    def login(self) -> str:
        """Path of the login."""
        return f"/t/{self._slugs[-1]}/authorize"

    def begin_login(self) -> str:
        """Show a login's form to an honest visitor, and return the cookie with which it may be sent."""
        if self._tries == _ALLOWED_TRIES:
            self._make()
        self._tries += 1
        cookie = self.client.show_login(f"{self.login}?{_AUTHORIZATION}")[1]
        assert "KOTAUTH_AUTH_CONTEXT=" in cookie
        return cookie

    def belief(self, discovered: str) -> Belief:
        """Return what the server believed in the login that was begun last, and in the discovery that gave this."""
        answer = self.client.get(
            f"/t/{self._slugs[-1]}/api/v1/audit-logs?limit=1", {"Authorization": f"Bearer {self._key}"}
        )
        page = json.loads(answer.text)
        assert page["meta"]["total"] == self._tries
        issuer = json.loads(discovered)["issuer"]
        return Belief(page["data"][0]["ipAddress"], issuer.removesuffix(f"/t/{self._slugs[-1]}"))

    def through_the_frontend(self, headers: Headers) -> Belief:
        """Ask as every client has to: through the frontend."""
        cookie = ("Cookie", self.begin_login())
        tried = send(self.client, "POST", self.login, [*headers, *FORM.items(), cookie], WRONG_LOGIN)
        assert tried.status == 401, tried
        return self.belief(send(self.client, "GET", self.discovery, headers).text)

    def _make(self) -> None:
        slug, self._tries = f"headers-{uuid.uuid4().hex[:8]}", 0
        self._key = f"kauth_{slug}_{uuid.uuid4().hex}"
        digest = hashlib.sha256(self._key.encode()).hexdigest()
        self._sql(
            f"INSERT INTO kotauth.tenants (slug, display_name) VALUES ('{slug}', 'Headers');"
            "INSERT INTO kotauth.api_keys (tenant_id, name, key_prefix, key_hash, scopes)"
            f" SELECT id, 'headers', 'kauth_', '{digest}', 'audit_logs:read' FROM kotauth.tenants"
            f" WHERE slug = '{slug}'"
        )
        self._slugs.append(slug)


def send(client: Client, method: str, path: str, headers: Headers, body: str = "") -> Answer:
    """Send a request whose headers may repeat a name."""
    connection = client.connection()
    try:
        connection.putrequest(method, path, skip_host=any(name == "Host" for name, _ in headers))
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read().decode())
    finally:
        connection.close()
