"""HTTP/1.1 on a socket: requests in, responses out."""

from __future__ import annotations

import gzip
import http
import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

REQUEST_LINE = re.compile(r"[A-Z]+ \S+ HTTP/1\.[01]")
MAX_REQUEST_LINE = 4096
MAX_HEADERS = 8192
COMPRESS_ABOVE = 1024


class BadRequestError(Exception):
    """What came is no HTTP request that this server takes; the connection is closed after a 400."""


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case, in the order in which the lines came."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    peer: str
    keep_alive: bool

    def header(self, name: str, default: str = "") -> str:
        """The first line of this name."""
        return next((value for key, value in self.headers if key == name), default)

    @property
    def path(self) -> str:
        """The path alone, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, the first of each name."""
        return _first_values(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a posted form."""
        return _first_values(self.body.decode(errors="replace"))

    @property
    def cookies(self) -> dict[str, str]:
        """All cookies that were sent."""
        pairs = (part.strip().partition("=") for part in self.header("cookie").split(";"))
        return {name: value for name, _, value in pairs if name}


@dataclass
class Response:
    """One response; `headers` may hold a name more than once."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=UTF-8"
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """The status in words."""
        return http.HTTPStatus(self.status).phrase

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key == name), None)


def json_response(content: object, status: int = 200, content_type: str = "application/json") -> Response:
    """A response with a JSON body."""
    return Response(status, json.dumps(content, separators=(",", ":")).encode(), content_type)


def oauth_error(error: str, description: str, status: int = 400) -> Response:
    """An error in OAuth's form."""
    return json_response({"error": error, "error_description": description}, status)


def html_response(content: str, status: int = 200) -> Response:
    """A response with a page."""
    return Response(status, content.encode(), "text/html; charset=UTF-8")


def redirect(location: str, headers: list[tuple[str, str]] | None = None) -> Response:
    """A 302."""
    return Response(302, headers=[("Location", location), *(headers or [])])


class Wire:
    """Reads requests from one connection and keeps what came too early."""

    def __init__(self, connection: socket.socket, peer: str) -> None:
        self._connection = connection
        self._peer = peer
        self._buffer = b""

    @property
    def has_buffered(self) -> bool:
        """Whether (a part of) the next request is here already."""
        return bool(self._buffer)

    def read_request(self) -> Request | None:
        """The next request, or None at the end of the connection. Raises BadRequestError and OSError."""
        head = self._read_head()
        if head is None:
            return None
        request_line, *lines = head.decode("latin-1").split("\r\n")
        if len(request_line) > MAX_REQUEST_LINE or not REQUEST_LINE.fullmatch(request_line):
            raise BadRequestError("not an HTTP/1 request")
        method, target, protocol = request_line.split(" ")
        headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        values: Mapping[str, str] = dict(reversed(headers))
        if values.get("expect", "").lower() == "100-continue":
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in values.get("transfer-encoding", "").lower():
            body = self._read_chunks()
        else:
            body = self._read_exactly(_length(values.get("content-length", "0"), 10))
        connection = values.get("connection", "").lower()
        keep_alive = connection == "keep-alive" if protocol == "HTTP/1.0" else connection != "close"
        return Request(method, target, headers, body, self._peer, keep_alive)

    def send(self, response: Response, *, keep_alive: bool, compress: bool = False) -> None:
        """Write a response. Raises OSError when the client is gone."""
        body = response.body
        headers = [*response.headers, ("Content-Type", response.content_type)] if body else list(response.headers)
        if compress and len(body) > COMPRESS_ABOVE:
            body = gzip.compress(body, compresslevel=1)
            headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        headers += [("Content-Length", str(len(body))), ("Connection", "keep-alive" if keep_alive else "close")]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self._connection.sendall(f"HTTP/1.1 {response.status} {response.reason}\r\n{head}\r\n".encode("latin-1") + body)

    def _read_head(self) -> bytes | None:
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MAX_REQUEST_LINE + MAX_HEADERS:
                raise BadRequestError("headers are too long")
            if not self._receive():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if len(head) - head.find(b"\r\n") > MAX_HEADERS:
            raise BadRequestError("headers are too long")
        return head

    def _read_chunks(self) -> bytes:
        body = b""
        while size := _length(self._read_line().partition(b";")[0].decode("latin-1"), 16):
            body += self._read_exactly(size)
            self._read_line()
        while self._read_line():
            pass
        return body

    def _read_line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            if not self._receive():
                raise BadRequestError("the connection ended inside a request")
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _read_exactly(self, size: int) -> bytes:
        body, self._buffer = bytearray(self._buffer[:size]), self._buffer[size:]
        # In place: joined anew for each piece, a body of 100 MiB would take a minute.
        while len(body) < size:
            data = self._connection.recv(min(size - len(body), 65_536))
            if not data:
                raise BadRequestError("the connection ended inside a request")
            body += data
        return bytes(body)

    def _receive(self) -> bool:
        data = self._connection.recv(65_536)
        self._buffer += data
        return bool(data)


def _length(text: str, base: int) -> int:
    try:
        value = int(text, base)
    except ValueError as error:
        raise BadRequestError(f"not a length: {text[:20]!r}") from error
    if value < 0:
        raise BadRequestError(f"not a length: {value}")
    return value


def _first_values(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded, keep_blank_values=True).items()}
