"""All of `*.amazonaws.com`: TLS with the lab's authority in front of moto, which keeps the state.

It adds what moto leaves out: only signed requests of an instance's role get through, calls are recorded, and a test can
make one fail.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from simulators.ec2_host.authority import Authority
from simulators.ec2_host.signature import RefusedError, Request, check

SUFFIX = "amazonaws.com"
_HOST = re.compile(
    # S3's names may have the bucket in front.
    rf"(?:[a-z0-9.-]+\.(?=s3\.))?(?P<service>[a-z0-9-]+)(?:\.(?P<region>[a-z]+-[a-z-]+-\d))?\.{SUFFIX}"
)
_JSON_SERVICES = {"kms", "logs", "secretsmanager", "ssm"}
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_MOTO_SECONDS = 30


@dataclass
class Fault:
    """A failure that the next matching calls meet."""

    service: str
    action: str | None = None
    """None for any."""
    owner: str | None = None
    """The address of the instance that calls; None for any."""
    code: str = "ThrottlingException"
    status: int = 400
    times: float = float("inf")
    delay: float = 0.0
    """Seconds before the answer; with status 200 the call is only slow."""


@dataclass(frozen=True)
class Call:
    """One call that was answered."""

    service: str
    action: str
    owner: str
    """The address of the instance; empty when the signature was refused."""
    status: int
    error: str = ""


@dataclass
class Endpoints:
    """The endpoints, served by a thread of this process."""

    moto: str
    address: str
    authority: Authority
    key: str
    faults: list[Fault] = field(default_factory=list[Fault])
    calls: list[Call] = field(default_factory=list[Call])
    _server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        endpoints = self

        class Handler(_Handler):
            owner = endpoints

        class Server(ThreadingHTTPServer):
            request_queue_size = 64

            def finish_request(self, request: Any, client_address: Any) -> None:
                # In the connection's own thread: a client that is slow to shake hands holds up no other client.
                request.settimeout(_MOTO_SECONDS)
                with context.wrap_socket(request, server_side=True) as connection:
                    super().finish_request(connection, client_address)

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away or refuses the certificate is its own affair."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def choose(connection: ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = self.authority.context(name or SUFFIX)

        context.sni_callback = choose  # pyright: ignore[reportAttributeAccessIssue]
        self._server = Server((self.address, 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """The port at `address`."""
        return self._server.server_address[1]

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()

    def called(self, service: str, action: str, owner: str | None = None) -> list[Call]:
        """Return the calls of an action, those of one instance where its address is given."""
        asked = (service, action)
        return [call for call in self.calls if (call.service, call.action) == asked and owner in (None, call.owner)]

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        """Check one request and let moto answer it."""
        host = _HOST.fullmatch(request.headers.get("host", ""))
        service, region = (host["service"], host["region"]) if host else ("", None)
        owner, error = "", ""
        action = _action(request)
        try:
            if not host:
                raise RefusedError("UnknownEndpoint", f"no endpoint is called {request.headers.get('host')!r}")
            signed = check(request, self.key)
            owner = signed.owner
            if (signed.service, signed.region) != (service, region or signed.region):
                raise RefusedError("SignatureDoesNotMatch", f"signed for {signed.service} in {signed.region}")
            if fault := self._fault(service, action, owner):
                time.sleep(fault.delay)
                if fault.status != 200:
                    error = fault.code
                    answer = _error(service, fault.status, fault.code, "a fault of the test")
                else:
                    answer = self._moto(request)
            else:
                answer = self._moto(request)
        except RefusedError as refused:
            error = str(refused)
            answer = _error(service, 403, refused.code, refused.message)
        self.calls.append(Call(service, action, owner, answer[0], error))
        return answer

    def _fault(self, service: str, action: str, owner: str) -> Fault | None:
        for fault in self.faults:
            matches = fault.service == service and fault.action in (None, action) and fault.owner in (None, owner)
            if matches and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _moto(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(self.moto)
        connection = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=_MOTO_SECONDS)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            response = connection.getresponse()
            headers = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP}
            return response.status, headers, response.read()
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Endpoints

    def serve(self) -> None:
        """Answer any request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answered, content = self.owner.answer(Request(self.command, self.path, headers, body))
        self.send_response(status)
        for name, value in answered.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """The calls are recorded instead."""


for _method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
    setattr(_Handler, f"do_{_method}", _Handler.serve)


def _action(request: Request) -> str:
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if request.method == "POST" and "urlencoded" in request.headers.get("content-type", ""):
        return parse_qs(request.body.decode(errors="replace")).get("Action", [""])[0]
    return request.method


def _error(service: str, status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    if service in _JSON_SERVICES:
        body = json.dumps({"__type": code, "message": message})
        return status, {"Content-Type": "application/x-amz-json-1.1"}, body.encode()
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    body = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    return status, {"Content-Type": "text/xml"}, body.encode()
