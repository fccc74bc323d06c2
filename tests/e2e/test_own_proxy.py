"""The nginx and the Caddy of docs/own-proxy.md before something that echoes.

Traefik's part is in `tests/frontends`.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from components.frontends.external import server_name
from components.kotauth.base_url import parse_base_url
from components.kotauth.server import PORT
from simulators import images
from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.kotauth.client import Client
from simulators.waiting import eventually
from tests.e2e.docker_page import documented
from tests.e2e.forwarded import SPOOFED, Headers, send, spellings
from toolchain.machine.docker import Daemon

pytestmark = [pytest.mark.docker]

HOST = "auth.example.com"
SERVER = server_name(parse_base_url(f"https://{HOST}"))
LABEL = f"--label=kotauth.test=own-proxy-{os.getpid()}"
_ECHO = 'printf %s "$1" >/tmp/Caddyfile; exec caddy run --config /tmp/Caddyfile --adapter caddyfile'
_FILES = {"nginx": "/etc/nginx/conf.d/kotauth.conf", "caddy": "/etc/caddy/Caddyfile"}
_LANGUAGES = {"nginx": "nginx", "caddy": "caddyfile"}
"""Of the blocks on the page."""


@dataclass
class Proxy:
    """A proxy of the user's, and the server behind it."""

    name: str
    container: str
    client: Client
    http_port: int
    start_server: Callable[[], str]
    """Starts another server under the same name, and returns its container."""
    server: str
    """Container of the server that runs."""

    def seen(self, headers: Headers, path: str = "/") -> dict[str, str]:
        """Return what the server was sent."""
        answer = send(self.client, "GET", path, headers)
        assert answer.status == 200, answer
        return json.loads(answer.text)

    def answers(self) -> bool:
        """Whether the server can be reached now. Raises where the proxy can't."""
        return self.client.get("/").status == 200


@pytest.fixture(scope="module", params=_FILES)
def proxy(request: pytest.FixtureRequest, daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Yield the proxy with its documented configuration and a certificate of the test's own authority."""
    name: str = request.param
    chosen = {each: images.choose(each)["frontendImage"] for each in ("caddy", name)}
    folder, authority = tmp_path_factory.mktemp(name), Authority("Own proxy")
    configuration = documented(f"{SERVER}:{PORT}", _LANGUAGES[name])
    if name == "caddy":
        # Caddy would ask a public authority for a certificate.
        certificate = f"tls /certificates/{HOST}.pem /certificates/{HOST}.key"
        configuration = configuration.replace("{\n", f"{{\n\t{certificate}\n", 1)
    certificates = folder / "certificates"
    certificates.mkdir()
    for ending, pem in zip(("pem", "key"), authority.issue(HOST), strict=True):
        (certificates / f"{HOST}.{ending}").write_text(pem)
    (folder / "configuration").write_text(configuration)
    network = docker("network", "create", LABEL, f"kotauth-own-proxy-{os.getpid()}")
    try:

        def start_server() -> str:
            arguments = ("--entrypoint=sh", chosen["caddy"], "-c", _ECHO, "sh", _upstream())
            return docker("run", "--detach", LABEL, f"--network={network}", f"--network-alias={SERVER}", *arguments)

        server = start_server()
        published = ("--publish=127.0.0.1::80", "--publish=127.0.0.1::443")
        container = docker("create", LABEL, f"--network={network}", *published, chosen[name])
        docker("cp", str(folder / "configuration"), f"{container}:{_FILES[name]}")
        docker("cp", str(certificates), f"{container}:{'/etc/nginx' if name == 'nginx' else ''}/certificates")
        docker("start", container)
        client = Client(HOST, _port(container, 443), authority.pem)
        proxy = Proxy(name, container, client, _port(container, 80), start_server, server)
        eventually("an answer", proxy.answers)
        yield proxy
    finally:
        docker("rm", "--force", "--volumes", *docker("ps", "--all", "--quiet", f"--filter={LABEL[2:]}").split())
        docker("network", "rm", network)


def _upstream() -> str:
    names = [*SPOOFED]
    # Caddy puts the values in as they are: none of the tests' has a character that JSON would escape.
    fields = [f'{json.dumps(name)}: "{{http.request.header.{name}}}"' for name in names]
    fields += ['"uri": "{http.request.uri}"', '"Host": "{http.request.hostport}"', '"server": "{system.hostname}"']
    return f"{{\n admin off\n auto_https off\n}}\nhttp://:{PORT} {{\n respond `{{{', '.join(fields)}}}`\n}}\n"


def _listens(address: str) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex((address, PORT)) == 0


def _port(container: str, port: int) -> int:
    return int(docker("port", container, f"{port}/tcp").splitlines()[0].rpartition(":")[2])


@pytest.mark.parametrize("spelling", spellings("", ""))
def test_no_forwarded_header_of_a_client_reaches_the_server(proxy: Proxy, spelling: str) -> None:
    seen = proxy.seen([line for name, value in SPOOFED.items() for line in spellings(name, value)[spelling]])
    peer = proxy.seen([])["X-Forwarded-For"]
    assert peer.count(".") == 3
    expected = {"X-Forwarded-For": peer, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"}
    assert {name: seen[name] for name in SPOOFED} == dict.fromkeys(SPOOFED, "") | expected


def test_the_server_gets_the_public_host_and_the_path_as_it_was_sent(proxy: Proxy) -> None:
    path = "/t/acme/a%2Fb?token=a%2Fb%20c"
    seen = proxy.seen([("Host", HOST)], path)
    assert (seen["Host"], seen["uri"]) == (HOST, path)


def test_another_host_never_reaches_the_server(proxy: Proxy) -> None:
    assert "evil.example" not in send(proxy.client, "GET", "/", [("Host", "evil.example")]).text


def test_http_redirects_to_the_same_path_and_query(proxy: Proxy) -> None:
    path = "/t/acme/reset-password?token=a%2Fb%20c&x=1"
    connection = http.client.HTTPConnection("127.0.0.1", proxy.http_port, timeout=60)
    connection.request("GET", path, headers={"Host": HOST})
    answer = connection.getresponse()
    assert answer.status in (301, 308)
    assert answer.getheader("Location") == f"https://{HOST}{path}"


def test_a_header_beyond_the_server_s_limit_reaches_the_server(proxy: Proxy) -> None:
    assert proxy.seen([("X-Long", "x" * 8100)])


def test_a_roll_of_the_server_loses_no_request(proxy: Proxy) -> None:
    old, proxy.server = proxy.server, proxy.start_server()
    # In a roll, the old server is stopped only when the new one is healthy.
    address = docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", proxy.server)
    eventually("the new server listens", lambda: _listens(address))
    # A probe runs every five seconds, so a new server is up for longer: nginx looks its name up each second. On a busy
    # machine it does so late.
    eventually("the proxy knows the new server", lambda: proxy.server.startswith(proxy.seen([])["server"]))
    answers = [proxy.client.request(method, "/").status for method in ("GET", "POST") * 5]
    docker("stop", "--time=2", old)
    answers += [proxy.client.request(method, "/").status for method in ("GET", "POST") * 20]
    docker("rm", old)
    assert answers == [200] * 50
    assert proxy.answers()
