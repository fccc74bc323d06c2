"""An ACME server that opens accounts and refuses each order, since Pebble has no limits. It verifies no signature."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from simulators.ec2_host.authority import Authority

DETAIL = (
    "too many certificates (5) already issued for this exact set of identifiers, retry after 2026-12-01 00:00:00 UTC"
)
_RETRY_SECONDS = 86400


class _Handler(BaseHTTPRequestHandler):
    """RFC 8555, as far as a client goes that gets no order."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        base = f"https://{self.headers['Host']}"
        resources = ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange")
        self._answer(200, {name: f"{base}/{name}" for name in resources})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/newAccount":
            self._answer(201, {"status": "valid"}, Location=f"https://{self.headers['Host']}/account/1")
        else:
            problem = {"type": "urn:ietf:params:acme:error:rateLimited", "status": 429, "detail": DETAIL}
            self._answer(429, problem, **{"Retry-After": str(_RETRY_SECONDS)})

    def _answer(self, status: int, content: dict[str, object] | dict[str, str], **headers: str) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        kind = "application/problem+json" if status >= 400 else "application/json"
        named = {"Content-Type": kind, "Content-Length": str(len(body)), "Replay-Nonce": "bm9uY2U", **headers}
        for name, value in named.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@contextmanager
def acme_limits(address: str, name: str, authority: Authority) -> Iterator[str]:
    """Serve it on an address of this machine under a name; yield the URL of its directory."""
    with ThreadingHTTPServer((address, 0), _Handler) as server:
        server.socket = authority.context(name).wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"https://{name}:{server.server_port}/dir"
        server.shutdown()
