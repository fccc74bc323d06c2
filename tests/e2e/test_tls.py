"""What the frontend answers before the server is asked: names, TLS versions, the way from http."""

from __future__ import annotations

import http.client
import ssl

import pytest

from simulators.kotauth.client import Client
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]

FOREIGN = ["evil.example", "kotauth.localhost.evil.example", "127.0.0.1", "localhost", ""]


@pytest.fixture(scope="module")
def client(stack: Stack) -> Client:
    """Return a client of the public address."""
    return stack.client


@pytest.fixture(scope="module")
def http_port(stack: Stack) -> int:
    """Return the port that redirects."""
    return int(stack.project.pulumi("config", "get", "httpPort").output)


def handshake(client: Client, name: str | None, **settings: ssl.TLSVersion) -> str | None:
    """Return the TLS version that was agreed on; raises ``ssl.SSLError`` with the alert that the frontend sent."""
    context = ssl.create_default_context(cadata=client.ca_certificate)
    context.check_hostname = name is not None
    for key, value in settings.items():
        setattr(context, key, value)
    # OpenSSL itself would not offer the old versions otherwise, and the frontend would not be asked.
    context.set_ciphers("ALL:@SECLEVEL=0")
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    connection.connect()
    with context.wrap_socket(connection.sock, server_hostname=name) as wrapped:
        return wrapped.version()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(client: Client, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        handshake(client, client.host, minimum_version=version, maximum_version=version)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_tls_works(client: Client, version: ssl.TLSVersion) -> None:
    agreed = handshake(client, client.host, minimum_version=version, maximum_version=version)
    assert agreed == version.name.replace("_", ".")


@pytest.mark.parametrize("name", ["evil.example", "localhost", "sub.kotauth.localhost", None])
def test_a_foreign_server_name_gets_no_certificate(client: Client, name: str | None) -> None:
    with pytest.raises(ssl.SSLError, match="ALERT"):
        handshake(client, name)


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused_on_https(client: Client, host: str) -> None:
    answer = client.get("/t/master/.well-known/openid-configuration", {"Host": host})
    assert answer.status == (421 if host else 400)
    assert "issuer" not in answer.text


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused_on_http(http_port: int, host: str) -> None:
    status, location = plain(http_port, "GET", "/admin", host)
    assert (status, location) == (421 if host else 400, None)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/", "/t/master/reset-password?token=a%2Fb%20c&x=1", "/a%2Fb//c?", "/?next=http://evil.example"]
)
def test_http_redirects_to_the_same_path(stack: Stack, http_port: int, method: str, path: str) -> None:
    assert plain(http_port, method, path, "kotauth.localhost") == (308, stack.outputs["url"] + path)


def plain(port: int, method: str, path: str, host: str) -> tuple[int, str | None]:
    """Return status and location of an answer over http."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers={"Host": host})
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Location")


@pytest.mark.parametrize("path", ["/health/ready", "/t/master/.well-known/openid-configuration", "/admin", "/missing"])
def test_hsts_is_sent_once(client: Client, path: str) -> None:
    # The server sends the header, too.
    assert client.get(path).headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
