"""Another frontend in front of a stack that runs, and what other ports of it cost."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from components.config.frontends import DEFAULT, FRONTENDS
from simulators.images import choose
from simulators.kotauth.client import Client
from simulators.waiting import eventually
from tests.certificates import issued, root
from tests.e2e.stack import Stack
from tests.ports import free_port

pytestmark = [pytest.mark.docker, pytest.mark.engine]

_GAP_BOUND_SECONDS = 120
"""On a busy machine; docs/benchmark.md tells what is usual."""


@pytest.fixture(scope="module")
def switched(changing: Stack, images: dict[str, str]) -> Iterator[Stack]:
    """Yield a stack whose frontend tests may choose; afterwards it has its own again."""
    (changing.project.path / "tls").mkdir()
    yield changing
    _choose(changing, DEFAULT.name, images["frontendImage"], certificates="", certificateChain="", certificateKey="")
    eventually("an answer", changing.client.finds_it_ready)


def _choose(stack: Stack, frontend: str, image: str, **settings: str) -> None:
    """Bring the stack up with another frontend, as docs/docker.md says."""
    for resource in stack.project.state()["deployment"]["resources"]:
        if "Volume::kotauth-frontend-" in resource["urn"] and resource.get("protect"):
            stack.project.pulumi("state", "unprotect", "--yes", resource["urn"])
    stack.project.configure(frontend=frontend, frontendImage=image, **settings)
    stack.project.up()


def _serves(client: Client, certificate: bytes) -> bool:
    """Tell whether a new connection gets a certificate; a reload may end one in the middle of its handshake."""
    connection = client.connection()
    try:
        connection.connect()
        return connection.sock.getpeercert(binary_form=True) == certificate
    except OSError:
        return False
    finally:
        connection.close()


@pytest.mark.parametrize("name", FRONTENDS)
def test_a_frontend_takes_over_with_a_certificate_of_the_user_and_loads_the_next(switched: Stack, name: str) -> None:
    url = urlsplit(switched.outputs["url"])
    client = Client(str(url.hostname), url.port or 443, root().pem)
    tls = switched.project.path / "tls"

    def put(days: int) -> bytes:
        certificate = issued(client.host, end=days)
        (tls / "chain.pem").write_text(certificate.chain)
        (tls / "key.pem").write_text(certificate.key)
        return ssl.PEM_cert_to_DER_cert(certificate.certificate)

    first = put(30)
    files = {"certificates": "files", "certificateChain": "tls/chain.pem", "certificateKey": "tls/key.pem"}
    _choose(switched, name, choose(name)["frontendImage"], **files)
    assert client.login(switched.outputs["adminPassword"]).status == 302
    assert _serves(client, first)
    frontend = switched.container("frontend")
    second = put(60)
    switched.project.up()
    # A proxy that reloads by a signal does so after the `up` has sent it.
    eventually("the next certificate", lambda: _serves(client, second))
    assert switched.container("frontend") == frontend


def test_other_ports_cost_a_short_gap(changing: Stack, record_property: Callable[[str, object], None]) -> None:
    client, frontend = changing.client, changing.container("frontend")
    port = free_port()
    changing.project.configure(httpPort=str(port))
    with _Gap(client) as gap:
        changing.project.up()
    record_property("gap of https while the http port changed", f"{gap.seconds:.1f} s")
    assert changing.container("frontend") != frontend
    plain = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    # The stack may have any of the frontends. Traefik redirects a GET by 301.
    plain.request("POST", "/", headers={"Host": "kotauth.localhost"})
    assert plain.getresponse().status == 308
    assert 0 < gap.seconds < _GAP_BOUND_SECONDS


class _Gap:
    """Asks twenty times a second on a new connection; the gap is the longest time without an answer."""

    def __init__(self, client: Client) -> None:
        # A question to the old frontend may never be answered, and must not hold up the next ones.
        self._client = replace(client, timeout=15)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.seconds = 0.0

    def __enter__(self) -> _Gap:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _ask(self) -> None:
        last = time.monotonic()
        while not self._end.wait(0.05):
            if self._client.finds_it_ready():
                self.seconds = max(self.seconds, time.monotonic() - last)
                last = time.monotonic()
        self.seconds = max(self.seconds, time.monotonic() - last)
