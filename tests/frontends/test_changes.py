"""New files for the frontends, and a new upstream behind them, under load."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from simulators.waiting import eventually
from tests.e2e.load import Load
from tests.frontends.edges import CHECKING, NAMES, OURS, Edge, Edges

pytestmark = [pytest.mark.docker, pytest.mark.engine]

_PER_SECOND = 10
_WORKERS = 8
_BAD_LUCK = 3
"""Requests of one reload that may meet a closed connection; none in most runs, one in some."""
_ENDED = re.compile("RemoteDisconnected|ConnectionResetError|BrokenPipeError|SSLEOFError")
_FORM = "grant_type=client_credentials"
_ELSEWHERE = ["203.0.113.0/24"]
_BACK_SECONDS = 300
# What a proxy and Kotauth may understand differently: Kotauth decodes a path.
_ADMIN = ["/admin", "/admin/", "/admin/login?x=1", "/%61dmin", "/%61dmin/login", "/admin%2Flogin"]


@dataclass
class Reloaded:
    """What a frontend did while its files changed."""

    container: str
    before: bytes
    """Certificate that it had."""
    load: Load
    under_way: http.client.HTTPSConnection
    """Has sent the half of a request."""
    admin: list[int]
    """Statuses of the admin console, open to all."""
    echo: str = ""


def loads(edges: Edges, names: Sequence[str], stack: ExitStack) -> dict[str, Load]:
    """Start a load on each of the frontends."""
    return {
        name: stack.enter_context(
            Load(edges[name].client, workers=_WORKERS, per_second=_PER_SECOND, expected=[200]),
        )
        for name in names
    }


def certificate(edge: Edge) -> bytes:
    """Return the certificate that a new connection gets."""
    connection = edge.client.connection()
    connection.connect()
    served = connection.sock.getpeercert(binary_form=True)
    connection.close()
    assert isinstance(served, bytes)
    return served


def first_certificate(pem: str) -> bytes:
    """Return the first certificate of a file, as a connection gets it."""
    end = "-----END CERTIFICATE-----\n"
    return ssl.PEM_cert_to_DER_cert(pem[: pem.index(end) + len(end)])


def wait_for_another(edge: Edge, before: bytes) -> None:
    """Wait until a new connection gets another certificate: some frontends reload a moment after an `up`'s signal."""
    eventually(f"another certificate of {edge.name}", lambda: certificate(edge) != before)


def admin(edge: Edge) -> list[int]:
    """Return the status of each way to the admin console."""
    return [edge.client.get(path).status for path in _ADMIN]


def begun(edge: Edge) -> http.client.HTTPSConnection:
    """Send the half of a request."""
    connection = edge.client.connection()
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(len(_FORM)))
    connection.endheaders(_FORM[:10].encode())
    return connection


@pytest.fixture(scope="module")
def reloaded(edges: Edges) -> dict[str, Reloaded]:
    """Give each frontend a new certificate and close the admin console, both at once and under load."""
    with ExitStack() as stack:
        load = loads(edges, OURS, stack)
        runs = {
            name: Reloaded(edge.container, certificate(edge), load[name], begun(edge), admin(edge))
            for name, edge in ((name, edges[name]) for name in OURS)
        }
        edges.up(certificate=edges.certificate(), admin_cidrs=_ELSEWHERE)
        for name, run in runs.items():
            wait_for_another(edges[name], run.before)
            run.under_way.send(_FORM[10:].encode())
            run.echo = run.under_way.getresponse().read().decode()
            run.under_way.close()
    return runs


def test_new_connections_get_the_new_certificate(ours: Edge, edges: Edges, reloaded: dict[str, Reloaded]) -> None:
    assert certificate(ours) == first_certificate(edges.given["certificate"]) != reloaded[ours.name].before
    assert ours.container == reloaded[ours.name].container


def test_a_request_that_was_under_way_ends_well(ours: Edge, reloaded: dict[str, Reloaded]) -> None:
    assert json.loads(reloaded[ours.name].echo)["bytes"] == len(_FORM)


def test_a_reload_loses_no_request(
    ours: Edge, reloaded: dict[str, Reloaded], record_property: Callable[[str, object], None]
) -> None:
    load = reloaded[ours.name].load
    record_property("load", str(load))
    record_property("idle kept connections that the frontend ended", load.dropped)
    # A server may end a connection that waits for a request without a word before (HTTP/2 has one), so a request that
    # is just then sent on one meets its end, now and then on a new one too: a visitor with bad luck has to send it
    # again (RFC 9112, section 9.3.1). Nothing else may go wrong: no error answered, no request cut that had an answer
    # coming.
    met_the_end = [problem for problem in load.problems if _ENDED.search(problem)]
    assert load.problems == met_the_end
    assert len(met_the_end) <= _BAD_LUCK, met_the_end


def test_a_reload_closes_the_admin_console(ours: Edge, reloaded: dict[str, Reloaded]) -> None:
    assert reloaded[ours.name].admin == [200] * len(_ADMIN)
    assert admin(ours) == [403] * len(_ADMIN)


@dataclass(frozen=True)
class Refused:
    """What a frontend did with a key that is another certificate's."""

    output: str
    """Of the engine, for all of them."""
    before: bytes
    after: bytes
    """Certificates, the second one after the refusal."""
    restarts: int
    """How often it has started again after its process was killed then."""
    restarted: bytes
    """Certificate after that."""


@pytest.fixture(scope="module")
def refused(edges: Edges) -> dict[str, Refused]:
    """Give those that check it a certificate with another one's key, kill each, and give the good one back."""
    good, others = edges.given["certificate"], edges.certificate()
    key = "-----BEGIN PRIVATE KEY-----"
    bad = good.partition(key)[0] + key + others.partition(key)[2]
    before = {name: certificate(edges[name]) for name in OURS}
    output = edges.up("--continue-on-error", check=False, refused=dict.fromkeys(CHECKING, bad))

    def meet(name: str) -> Refused:
        after = certificate(edges[name])
        return Refused(output, before[name], after, kill(edges[name]), certificate(edges[name]))

    with ThreadPoolExecutor(len(OURS)) as threads:
        runs = dict(zip(OURS, threads.map(meet, OURS), strict=True))
    edges.up(refused={})
    return runs


def kill(edge: Edge) -> int:
    """Kill a frontend's process; return how often it was started again when it is healthy."""
    state = edge.inspect()
    # The process and not `docker kill`, after which Docker takes the container for one that was stopped on purpose.
    os.kill(state["State"]["Pid"], signal.SIGKILL)
    eventually("another start", lambda: edge.inspect()["RestartCount"] > state["RestartCount"], _BACK_SECONDS)
    eventually("an answer", edge.answers, _BACK_SECONDS)
    eventually("healthy again", lambda: edge.inspect()["State"]["Health"]["Status"] == "healthy", _BACK_SECONDS)
    return edge.inspect()["RestartCount"] - state["RestartCount"]


@pytest.mark.parametrize("name", CHECKING)
def test_a_key_of_another_certificate_is_refused(refused: dict[str, Refused], name: str) -> None:
    run = refused[name]
    assert re.search(rf"Container {name}-reload\b.*\*\*creating failed", run.output), run.output
    assert run.after == run.before


def test_a_killed_process_is_back_with_the_last_good_files(ours: Edge, refused: dict[str, Refused]) -> None:
    run = refused[ours.name]
    assert run.restarts == 1
    assert run.restarted == run.before


@pytest.fixture(scope="module")
def rolled(edges: Edges) -> dict[str, Load]:
    """Replace the upstream by another version of it, under load."""
    with ExitStack() as stack:
        load = loads(edges, NAMES, stack)
        edges.up(version="2")
    return load


def test_a_roll_of_the_upstream_loses_no_request(
    edge: Edge, rolled: dict[str, Load], record_property: Callable[[str, object], None]
) -> None:
    load = rolled[edge.name]
    record_property("load", str(load))
    assert load.problems == []
    assert load.dropped == 0
    assert load.versions == {"1", "2"}
