"""What the server believes about who asks, under which name; and how a client may lie about it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from tests.e2e.client import FORM, Answer, Client

Headers = list[tuple[str, str]]

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
    issuer: str


class Workspace:
    """A workspace without an issuer: its discovery is made out of the request, and its logins are nobody else's."""

    def __init__(self, client: Client, sql: Callable[[str], object]) -> None:
        self.client, self._sql = client, sql
        self.slug = f"headers-{uuid.uuid4().hex[:8]}"
        self._key = f"kauth_{self.slug}_{uuid.uuid4().hex}"
        digest = hashlib.sha256(self._key.encode()).hexdigest()
        sql(
            f"INSERT INTO kotauth.tenants (slug, display_name) VALUES ('{self.slug}', 'Headers');"
            "INSERT INTO kotauth.api_keys (tenant_id, name, key_prefix, key_hash, scopes)"
            f" SELECT id, 'headers', 'kauth_', '{digest}', 'audit_logs:read' FROM kotauth.tenants"
            f" WHERE slug = '{self.slug}'"
        )

    def remove(self) -> None:
        """Leave no trace of it."""
        mine = f"(SELECT id FROM kotauth.tenants WHERE slug = '{self.slug}')"
        tables = ("audit_log", "api_keys")
        statements = [f"DELETE FROM kotauth.{table} WHERE tenant_id IN {mine}" for table in tables]
        self._sql("; ".join([*statements, f"DELETE FROM kotauth.tenants WHERE slug = '{self.slug}'"]))

    @property
    def discovery(self) -> str:
        """Path of the discovery document."""
        return f"/t/{self.slug}/.well-known/openid-configuration"

    @property
    def login(self) -> str:
        """Path of the login."""
        return f"/t/{self.slug}/authorize"

    def client_address(self, user: str) -> str:
        """Return what the audit log says about a login that was tried with this name."""
        authorization = {"Authorization": f"Bearer {self._key}"}
        answer = self.client.get(f"/t/{self.slug}/api/v1/audit-logs?limit=5", authorization)
        (address,) = [row["ipAddress"] for row in json.loads(answer.text)["data"] if row["details"]["username"] == user]
        return address

    def through_the_frontend(self, headers: Headers) -> Belief:
        """Ask as everybody has to."""
        user = uuid.uuid4().hex
        form = urlencode({"username": user, "password": "wrong"})
        tried = send(self.client, "POST", self.login, [*headers, *FORM.items()], form)
        assert tried.status in (401, 429), tried
        discovered = send(self.client, "GET", self.discovery, headers)
        return Belief(self.client_address(user), json.loads(discovered.text)["issuer"])


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
