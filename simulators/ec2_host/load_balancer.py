"""A second proxy that does what an Application Load Balancer does between a client and the host.

It ends the client's TLS, appends to X-Forwarded-For, sets X-Forwarded-Proto and -Port, leaves Host and everything else
as it is, and speaks TLS to the target without verifying. It probes the target by its address and sends traffic only
while the probes pass. Amazon doesn't document whether it sends a server name to targets: probes do both, traffic takes
turns.
"""

from __future__ import annotations

import http.client
import itertools
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulators.ec2_host.authority import Authority
from simulators.kotauth.client import Client

_HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "host"}
_FORWARDED = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"}
_TARGET_SECONDS = 60
_CLIENT_SECONDS = 3600
"""Amazon's `client_keep_alive.seconds`. A short time would end a kept connection just when a request is sent on it."""


@dataclass(frozen=True)
class HealthCheck:
    """The target group's health check."""

    path: str = "/health/ready"
    interval: float = 1.0
    timeout: float = 5.0
    healthy: int = 2
    unhealthy: int = 2


@dataclass(frozen=True)
class Probe:
    """One answer, or none, of a target to a probe."""

    at: float
    address: str
    server_name: str | None
    status: int | None
    error: str = ""


@dataclass
class Target:
    """A registered host."""

    address: str
    server_name: str
    """What the probe with a server name sends: the host's own name, not the site's."""
    healthy: bool = False
    row: int = 0
    """Probes in a row that say the opposite of `healthy`."""


@dataclass
class LoadBalancer:
    """Listens on a port of this machine for the site's name."""

    host: str
    authority: Authority
    check: HealthCheck = field(default_factory=HealthCheck)
    response_headers: dict[str, str] = field(default_factory=dict[str, str])
    """What the listener's attributes put in place of the target's headers."""
    targets: dict[str, Target] = field(default_factory=dict[str, Target])
    probes: deque[Probe] = field(default_factory=lambda: deque[Probe](maxlen=10_000))
    fails_open: bool = False
    """Whether requests go to all targets while none is healthy, as Amazon's do. Without, health alone decides."""
    _requests: itertools.count[int] = field(default_factory=itertools.count)
    _closed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        balancer = self

        class Handler(_Handler):
            owner = balancer

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

            def finish_request(self, request: Any, client_address: Any) -> None:
                request.settimeout(_CLIENT_SECONDS)
                with context.wrap_socket(request, server_side=True) as connection:
                    super().finish_request(connection, client_address)

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is its own affair."""

        context = self.authority.context(self.host)
        self._server = Server(("127.0.0.1", 0), Handler)
        for work in (self._server.serve_forever, self._probe_for_ever):
            threading.Thread(target=work, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_address[1]

    @property
    def client(self) -> Client:
        """A browser that goes through it, and waits as long as it does."""
        return Client(self.host, self.port, self.authority.pem, timeout=_TARGET_SECONDS)

    def close(self) -> None:
        """Serve no more."""
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    def register(self, address: str, server_name: str) -> None:
        """Probe a host from now on."""
        self.targets[address] = Target(address, server_name)

    def deregister(self, address: str) -> None:
        """Forget a host; requests that it has still finish."""
        self.targets.pop(address, None)

    def healthy(self, address: str) -> bool:
        """Tell whether a host gets traffic."""
        target = self.targets.get(address)
        return bool(target and target.healthy)

    def last_probes(self, address: str) -> list[Probe]:
        """Return what the last probes of a host saw: without and with a server name."""
        # Not simply the last two: a round may be half done. Of a copy: probes go on meanwhile.
        last = {bool(probe.server_name): probe for probe in list(self.probes) if probe.address == address}
        return [last[named] for named in (False, True) if named in last]

    def choose(self) -> tuple[Target, str | None] | None:
        """Return the target whose turn it is, and the server name to send it: every second time the site's."""
        targets = list(self.targets.values())
        chosen = [target for target in targets if target.healthy] or (targets if self.fails_open else [])
        if not chosen:
            return None
        turn, index = divmod(next(self._requests), len(chosen))
        return chosen[index], self.host if turn % 2 else None

    def connect(self, target: Target, server_name: str | None, timeout: float) -> http.client.HTTPSConnection:
        """Open TLS to a target without verifying anything."""
        return _Connection(target.address, server_name, timeout)

    def _probe_for_ever(self) -> None:
        while not self._closed.wait(self.check.interval):
            for target in list(self.targets.values()):
                passed = [self._probe(target, name) for name in (None, target.server_name)]
                self._judge(target, all(passed))

    def _probe(self, target: Target, server_name: str | None) -> bool:
        status, error = None, ""
        connection = self.connect(target, server_name, self.check.timeout)
        try:
            connection.request("GET", self.check.path, headers={"User-Agent": "ELB-HealthChecker/2.0"})
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as failure:
            error = repr(failure)
        finally:
            connection.close()
        self.probes.append(Probe(time.monotonic(), target.address, server_name, status, error))
        return status == 200

    def _judge(self, target: Target, passed: bool) -> None:
        target.row = target.row + 1 if passed != target.healthy else 0
        if target.row >= (self.check.healthy if passed else self.check.unhealthy):
            target.healthy, target.row = passed, 0


class _Connection(http.client.HTTPSConnection):
    """With any server name or none, and no verification; Host is the address unless a header says otherwise."""

    def __init__(self, address: str, server_name: str | None, timeout: float) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        super().__init__(address, 443, timeout=timeout, context=context)
        self._server_name = server_name

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self._server_name)  # pyright: ignore


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: LoadBalancer

    def serve(self) -> None:
        """Forward one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding"):
            return self._answer(501, [], b"this one takes no chunked requests")
        chosen = self.owner.choose()
        if chosen is None:
            return self._answer(503, [("Content-Type", "text/plain")], b"503 Service Temporarily Unavailable")
        connection = self.owner.connect(*chosen, _TARGET_SECONDS)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._headers():
                connection.putheader(name, value)
            if body or self.command in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            self._answer(response.status, self._response_headers(response), response.read())
        except TimeoutError:
            self._answer(504, [], b"504 Gateway Time-out")
        except (OSError, http.client.HTTPException):
            self._answer(502, [], b"502 Bad Gateway")
        finally:
            connection.close()

    def _headers(self) -> list[tuple[str, str]]:
        before = [value for name, value in self.headers.items() if name.lower() == "x-forwarded-for"]
        kept = [(name, value) for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP | _FORWARDED]
        return [
            ("Host", self.headers.get("Host", "")),
            ("X-Forwarded-For", ", ".join([*before, self.client_address[0]])),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Port", "443"),
            *kept,
        ]

    def _response_headers(self, response: http.client.HTTPResponse) -> list[tuple[str, str]]:
        replaced = self.owner.response_headers
        left = _HOP_BY_HOP | {name.lower() for name in replaced}
        return [*((n, v) for n, v in response.getheaders() if n.lower() not in left), *replaced.items()]

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The target's access log is what tests read."""


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
    setattr(_Handler, f"do_{_method}", _Handler.serve)
