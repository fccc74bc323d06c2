"""Certificates from a real ACME server: issued, kept over a restart, renewed; and what a refusal tells the user."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import pytest
from cryptography import x509

from components.config.frontends import FRONTENDS
from components.frontends import acme_problem
from components.frontends.frontend import ACME, HTTP, HTTPS, Acme, EdgeSite
from components.kotauth.base_url import parse_base_url
from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.ec2_host.containers import Network
from simulators.images import choose
from simulators.waiting import eventually
from tests.e2e.acme_limits import DETAIL, acme_limits
from tests.e2e.pebble import Pebble, run_edge

pytestmark = pytest.mark.docker

PROXIES = [name for name, frontend in FRONTENDS.items() if ACME in frontend.certificates]
_DAYS_90 = 90 * 24 * 3600
_SHORT_SECONDS = 15
"""Caddy renews after two thirds of it, Traefik in its last 30 days."""
_SOON_SECONDS = 300
_STARTS = 3
_SETTLED_SECONDS = 2
"""A proxy that starts orders within a second what it lacks."""
_LIMITS = "limits"
_TRIES = ("will retry", "Unable to obtain ACME certificate")
"""What Caddy and Traefik write once for each try that failed."""
_TRY_SECONDS = (0, 60, 180, 300, 600, 1200, 1800)
"""When Caddy tries again, counted from its first try. Traefik tries at most twice."""


@dataclass(frozen=True)
class Edge:
    """A proxy that asks an ACME server for the certificate of one name."""

    host: str
    container: str
    address: str
    pebble: Pebble

    def served(self) -> x509.Certificate:
        """Return what it serves, whether clients trust it or not."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return self._certificate(context)

    def left(self) -> float:
        """Return for how many seconds what it serves is still valid."""
        return self.served().not_valid_after_utc.timestamp() - time.time()

    def is_trusted(self, *, instead_of: int = 0) -> bool:
        """Tell whether what it serves has another serial number. Raises unless clients of the ACME server trust it."""
        context = ssl.create_default_context(cadata=self.pebble.roots())
        return self._certificate(context).serial_number != instead_of

    def _certificate(self, context: ssl.SSLContext) -> x509.Certificate:
        plain = socket.create_connection((self.address, HTTPS), 60)
        with plain, context.wrap_socket(plain, server_hostname=self.host) as connection:
            return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")

    def age(self) -> float:
        """Return for how many seconds it has run."""
        started = docker("inspect", "--format={{.State.StartedAt}}", self.container)
        return time.time() - datetime.fromisoformat(f"{started[:19]}+00:00").timestamp()

    def log(self) -> str:
        """Return all that it printed."""
        done = subprocess.run(["docker", "logs", self.container], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr


class Lab:
    """ACME servers, and for each proxy the edges that the tests look at, which all start at the same time."""

    def __init__(self, network: Network, threads: ThreadPoolExecutor, limits: str, authority: Authority) -> None:
        self._network, self._threads, self._authority = network, threads, authority
        self.long, self.short = self._pebble("long", _DAYS_90), self._pebble("short", _SHORT_SECONDS)
        # Nothing listens at the ports of the proxies there.
        self.strict = self._pebble("strict", _DAYS_90, *(f"closed-{proxy}.test" for proxy in PROXIES))
        self.edges: dict[tuple[str, str], Future[Edge]] = {}
        for proxy, other in zip(PROXIES, reversed(PROXIES), strict=True):
            kept, renewed = f"kept-{proxy}.test", f"renewed-{proxy}.test"
            self._start(proxy, "kept", self.long, self.long.directory, kept, kept, f"elsewhere-{other}.test")
            self._start(proxy, "renewed", self.short, self.short.directory, renewed, renewed)
        for proxy in PROXIES:
            self._start(proxy, "closed", self.strict, self.strict.directory, f"closed-{proxy}.test")
            self._start(proxy, "limited", self.strict, limits, f"limited-{proxy}.test")

    def start_elsewhere(self) -> None:
        """Start the edges whose names lead to the other proxy, which must be there before."""
        for proxy in PROXIES:
            self.edges[proxy, "kept"].result()
        for proxy in PROXIES:
            self._start(proxy, "elsewhere", self.strict, self.strict.directory, f"elsewhere-{proxy}.test")

    def edge(self, proxy: str, kind: str) -> Edge:
        """Return an edge once it runs."""
        return self.edges[proxy, kind].result()

    def _pebble(self, name: str, valid_seconds: int, *names: str) -> Pebble:
        return Pebble.start(
            self._network, name, self._authority, *names, http=HTTP, https=HTTPS, valid_seconds=valid_seconds
        )

    def _start(self, proxy: str, kind: str, pebble: Pebble, directory: str, host: str, *names: str) -> None:
        site = EdgeSite(
            base_url=parse_base_url(f"https://{host}"),
            upstream="kotauth",
            image=choose(proxy)["frontendImage"],
            http_port=80,
            https_port=443,
            certificate=Acme("ops@example.com", directory),
        )

        def run() -> Edge:
            spec, known = FRONTENDS[proxy].edge(site), {_LIMITS: self._network.gateway}
            return Edge(host, *run_edge(self._network, spec, self._authority.pem, known, *names), pebble)

        self.edges[proxy, kind] = self._threads.submit(run)


@pytest.fixture(scope="module")
def lab(daemon: object) -> Iterator[Lab]:
    """Yield the lab, in which most of the edges still start."""
    network, authority = Network.create(f"kotauth-acme-{os.getpid()}", None, None), Authority("API of ACME servers")
    try:
        with acme_limits(network.gateway, _LIMITS, authority) as limits, ThreadPoolExecutor(4) as threads:
            lab = Lab(network, threads, limits, authority)
            lab.start_elsewhere()
            yield lab
    finally:
        network.close()


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_certificate_is_kept_over_a_restart(lab: Lab, proxy: str) -> None:
    # The other proxy orders from the same ACME server.
    for each in (lab.edge(name, "kept") for name in PROXIES):
        eventually("a certificate", each.is_trusted, _SOON_SECONDS, each.log)
    edge = lab.edge(proxy, "kept")
    certificate, orders = edge.served(), lab.long.orders()
    docker("restart", edge.container)
    eventually("the certificate", edge.is_trusted, _SOON_SECONDS, edge.log)
    time.sleep(_SETTLED_SECONDS)
    assert (edge.served(), lab.long.orders()) == (certificate, orders)


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_certificate_that_soon_expires_is_renewed(lab: Lab, proxy: str) -> None:
    edge = lab.edge(proxy, "renewed")
    # Until Traefik has a certificate, it serves one of its own, which is valid for a year.
    eventually("a certificate", lambda: edge.left() <= _SHORT_SECONDS, _SOON_SECONDS, edge.log)
    first = edge.served()
    time.sleep(max(0, edge.left() - _SHORT_SECONDS / 4))
    # Traefik may try before it answers challenges, and then tries again at its next start or after a day.
    for _ in range(_STARTS - 1):
        docker("restart", edge.container)
        with contextlib.suppress(TimeoutError):
            eventually(
                "another certificate", lambda: edge.is_trusted(instead_of=first.serial_number), _SETTLED_SECONDS * 5
            )
            return
    docker("restart", edge.container)
    eventually("another certificate", lambda: edge.is_trusted(instead_of=first.serial_number), _SOON_SECONDS, edge.log)


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize(
    ("kind", "said", "advice"),
    [
        ("closed", "refused", "The ACME server can't connect to {host}. "),
        ("elsewhere", "unauthorized: ", "Another server answers for {host}. "),
        ("limited", f"rateLimited: {DETAIL}", "The ACME server gives no more certificates for now, "),
    ],
)
def test_a_refusal_tells_what_to_do_and_the_next_try_waits(
    lab: Lab, proxy: str, kind: str, said: str, advice: str
) -> None:
    edge = lab.edge(proxy, kind)
    eventually("a refusal", lambda: acme_problem.find(edge.log(), edge.host, "frontend"), _SOON_SECONDS, edge.log)
    time.sleep(_SETTLED_SECONDS)
    problem = acme_problem.find(edge.log(), edge.host, "frontend")
    assert problem
    assert said in problem.said
    assert problem.advice.startswith(advice.format(host=edge.host))
    tries = sum(edge.log().count(text) for text in _TRIES)
    assert tries <= max(2, sum(edge.age() >= due for due in _TRY_SECONDS))
