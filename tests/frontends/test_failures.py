"""The upstream is away, a frontend is killed, and what both leave in the log."""

from __future__ import annotations

import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from simulators.kotauth.client import FORM, Answer
from tests.e2e.forwarded import send
from tests.frontends.edges import HOST, OURS, Edge, Edges
from tests.frontends.wire import BANNER, HSTS, long_target, plain

pytestmark = [pytest.mark.docker, pytest.mark.engine]

SECRET = f"Canary{uuid.uuid4().hex}"
_TARGET = f"/t/master/authorize?code={SECRET}&token={SECRET}"


@dataclass(frozen=True)
class Away:
    """What a frontend did while the upstream was away."""

    answers: list[Answer]
    probe: int
    """Exit code of its probe."""


def ask(edge: Edge) -> list[Answer]:
    """Send requests with secrets wherever clients have them."""
    headers = {"Cookie": f"KOTAUTH_ADMIN={SECRET}", "Authorization": f"Bearer {SECRET}", "Referer": edge.url + _TARGET}
    with ThreadPoolExecutor(2) as threads:
        answers = [
            threads.submit(edge.client.get, _TARGET, headers),
            threads.submit(edge.client.request, "POST", _TARGET, f"password={SECRET}", {**FORM, **headers}),
        ]
        return [answer.result() for answer in answers]


@pytest.fixture(scope="module")
def away(edges: Edges) -> dict[str, Away]:
    """Stop the upstream, ask each frontend, and start it again."""

    def meet(name: str) -> Away:
        edge = edges[name]
        probe = subprocess.run(["docker", "exec", edge.container, *edge.probe], check=False)
        return Away(ask(edge), probe.returncode)

    with edges.without_upstream(), ThreadPoolExecutor(len(OURS)) as threads:
        return dict(zip(OURS, threads.map(meet, OURS), strict=True))


def test_an_upstream_that_is_away_gets_a_plain_page(ours: Edge, away: dict[str, Away]) -> None:
    for answer in away[ours.name].answers:
        assert answer.status in (502, 503)
        assert answer.text
        assert not BANNER.search(f"{answer.headers} {answer.text}")
        assert answer.headers["strict-transport-security"] == HSTS


def test_the_probe_is_of_the_frontend_alone(ours: Edge, away: dict[str, Away]) -> None:
    assert away[ours.name].probe == 0


def test_the_probe_fails_without_the_frontend(ours: Edge) -> None:
    program, *arguments = ours.probe
    alone = ("run", "--rm", "--network=none", "--user=10009:10009", f"--entrypoint={program}", ours.image)
    code = subprocess.run(["docker", *alone, *arguments], check=False, capture_output=True).returncode
    # The other two are Docker's: no such image or program.
    assert code not in (0, 125, 126)


def test_no_code_or_token_is_logged(edge: Edge, away: dict[str, Away]) -> None:
    ask(edge)
    plain(edge, "GET", _TARGET, HOST)
    plain(edge, "GET", _TARGET, "evil.example")
    edge.client.get(_TARGET, {"Host": "evil.example"})
    send(edge.client, "GET", f"{_TARGET}{long_target(9000)}", [])
    send(edge.client, "GET", _TARGET, [("X-Filled", "a" * 200_000)])
    assert SECRET not in edge.log()
