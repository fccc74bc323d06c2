"""What of a request reaches the upstream, and of its answer the client."""

from __future__ import annotations

import contextlib
import hashlib
import json
from http.client import HTTPResponse
from typing import Any

import pytest

from tests.e2e.forwarded import SPOOFED, Headers, send, spoofed
from tests.frontends.edges import HOST, Edge
from tests.frontends.http2 import Http2
from tests.frontends.wire import BANNER, HSTS, long_target

pytestmark = [pytest.mark.docker, pytest.mark.engine]

MIB = 1024**2
# The server's own limits are 4,096 and 8,192; a frontend adds some headers.
REQUEST_LINE, HEADERS = 4000, 8000
TOO_LONG = [4200, 30_000]
TOO_LARGE = [9000, 30_000]
SERVER_SAYS = {"not an HTTP/1 request", "headers are too long"}


def forwarded(echo: dict[str, Any]) -> Headers:
    """Return what the upstream believes, of the headers that it was sent."""
    believed = {name.lower() for name in SPOOFED}
    return sorted((name, value) for name, value in echo["headers"] if name in believed)


@spoofed
def test_the_upstream_believes_the_same_of_a_client_that_lies(edge: Edge, headers: Headers) -> None:
    honest = forwarded(edge.echo("GET", "/"))
    assert [name for name, _ in honest] == ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"]
    address, port, proto = (value for _, value in honest)
    assert address.count(".") == 3
    assert (port, proto) == (str(edge.client.port), "https")
    assert forwarded(edge.echo("GET", "/", headers)) == honest


def test_a_lie_over_http2(edge: Edge, http2: Http2) -> None:
    lies = [*SPOOFED.items(), *((name.lower(), value) for name, value in SPOOFED.items())]
    assert forwarded(json.loads(http2.get(edge, "/", lies).text)) == forwarded(edge.echo("GET", "/"))


def test_no_header_of_the_three_can_be_dropped(edge: Edge) -> None:
    names = ", ".join(SPOOFED)
    assert forwarded(edge.echo("GET", "/", [("Connection", f"close, {names}")])) == forwarded(edge.echo("GET", "/"))


def test_the_public_name_arrives(edge: Edge) -> None:
    assert ["host", edge.url.removeprefix("https://")] in edge.echo("GET", "/")["headers"]


@pytest.mark.parametrize(
    "target", ["/t/master/authorize?state=a%2Fb%20c&x=1&x=%C3%A9", "/t/a%20b/authorize?", "/?c=%zz&d"]
)
def test_a_target_arrives_unchanged(edge: Edge, target: str) -> None:
    assert edge.echo("GET", target)["target"] == target


def test_a_semicolon_separates_no_parameters(ours: Edge) -> None:
    assert ours.echo("GET", "/?a=1;b=2")["target"].replace("%3B", ";") == "/?a=1;b=2"


def large_headers(edge: Edge, size: int, lines: int) -> Headers:
    """Return headers that have this size together with those that `send` adds."""
    added = f"\r\nHost: {HOST}:{edge.client.port}\r\nAccept-Encoding: identity\r\nContent-Length: 0"
    names = [f"X-Filled-{number}" for number in range(lines)]
    left = size - len(added) - sum(len(f"\r\n{name}: ") for name in names)
    each, rest = divmod(left, lines)
    return [(name, "b" * (each + (rest if not number else 0))) for number, name in enumerate(names)]


@pytest.mark.parametrize("lines", [1, 40])
def test_a_long_request_arrives_unchanged(edge: Edge, http2: Http2, lines: int) -> None:
    target, headers = long_target(REQUEST_LINE), large_headers(edge, HEADERS, lines)
    filled = [[name.lower(), value] for name, value in headers]
    for echo in (edge.echo("GET", target, headers), json.loads(http2.get(edge, target, headers).text)):
        assert echo["target"] == target
        assert sorted(header for header in echo["headers"] if header in filled) == sorted(filled)


@pytest.mark.parametrize("length", TOO_LONG)
def test_too_long_a_request_line_gets_the_server_s_answer(edge: Edge, length: int) -> None:
    answer = send(edge.client, "GET", long_target(length), [])
    assert answer.status == 400
    assert answer.text in SERVER_SAYS


@pytest.mark.parametrize("size", TOO_LARGE)
def test_too_large_headers_get_the_server_s_answer(edge: Edge, size: int) -> None:
    answer = send(edge.client, "GET", "/", large_headers(edge, size, 4))
    assert answer.status == 400
    assert answer.text in SERVER_SAYS


def test_an_upload_of_100_mib_arrives(edge: Edge) -> None:
    body = bytes(range(256)) * (100 * MIB // 256)
    connection = edge.client.connection()
    connection.request("POST", "/t/master/import", body)
    echo = json.loads(connection.getresponse().read())
    connection.close()
    assert (echo["bytes"], echo["digest"]) == (100 * MIB, hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_hsts_is_sent_once(edge: Edge, method: str) -> None:
    # The server sends the header, too.
    assert edge.client.request(method, "/").headers["strict-transport-security"] == HSTS


def test_no_answer_names_a_version(edge: Edge) -> None:
    requests = {
        "an ordinary one": f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n",
        "a foreign host": "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "no host": "GET / HTTP/1.1\r\n\r\n",
        "no method": "<> HTTP/1.1\r\n\r\n",
        "much too large": f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Filled: {'a' * 2 * MIB}\r\n\r\n",
    }
    said = {what: _raw(edge, request) for what, request in requests.items()}
    assert {what: answer for what, answer in said.items() if not answer} == {}
    assert {what: answer for what, answer in said.items() if BANNER.search(answer)} == {}


def _raw(edge: Edge, request: str) -> str:
    """Send bytes over TLS and return the head and the body of what comes back."""
    connection = edge.client.connection()
    connection.connect()
    with contextlib.suppress(OSError):  # It may answer before the end.
        connection.sock.sendall(request.encode())
    answer = HTTPResponse(connection.sock)
    answer.begin()
    text = f"{answer.status} {answer.reason}\n{answer.headers}{answer.read().decode(errors='replace')}"
    connection.close()
    return text
