"""What a frontend answers before the upstream is asked: server names, hosts, the way from http."""

from __future__ import annotations

import http.client
import ssl

import pytest

from tests.frontends.edges import HOST, Edge
from tests.frontends.http2 import Http2
from tests.frontends.wire import plain

pytestmark = [pytest.mark.docker, pytest.mark.engine]

FOREIGN = ["evil.example", f"{HOST}.evil.example", "127.0.0.1", "localhost", ""]
REFUSALS = (400, 403, 404, 421)
REDIRECTS = (301, 308)


@pytest.mark.parametrize("name", ["evil.example", "localhost", f"sub.{HOST}", None])
def test_a_foreign_server_name_gets_no_certificate(edge: Edge, name: str | None) -> None:
    context = ssl.create_default_context(cadata=edge.client.ca_certificate)
    context.check_hostname = False
    connection = http.client.HTTPConnection("127.0.0.1", edge.client.port, timeout=60)
    connection.connect()
    with pytest.raises(ssl.SSLError, match=r"ALERT|UNRECOGNIZED_NAME"):
        context.wrap_socket(connection.sock, server_hostname=name)
    connection.close()


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused_on_https(edge: Edge, host: str) -> None:
    answer = edge.client.get("/t/master/authorize", {"Host": host})
    assert answer.status in REFUSALS
    assert "target" not in answer.text, "the upstream answered"


def test_a_foreign_host_is_refused_over_http2(edge: Edge, http2: Http2) -> None:
    answer = http2.get(edge, "/t/master/authorize", [("Host", "evil.example")])
    assert answer.status in REFUSALS
    assert "target" not in answer.text, "the upstream answered"


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused_on_http(edge: Edge, host: str) -> None:
    status, location = plain(edge, "GET", "/admin", host)
    assert status in REFUSALS
    assert location is None


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("target", ["/", "/t/master/reset-password?token=a%2Fb%20c&x=1", "/?next=http://evil.example"])
def test_http_redirects_to_the_same_path_and_query(edge: Edge, method: str, target: str) -> None:
    status, location = plain(edge, method, target, HOST)
    assert status in REDIRECTS
    assert location == edge.url + target


def test_http_redirects_an_odd_path_as_it_stands(ours: Edge) -> None:
    assert plain(ours, "GET", "/a%2Fb//c?", HOST)[1] == f"{ours.url}/a%2Fb//c?"
