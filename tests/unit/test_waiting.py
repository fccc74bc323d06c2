"""A wait goes on over what passes, hides nothing of it, and ends at once for what no time mends."""

from __future__ import annotations

import http.client
import ssl
import subprocess
from collections.abc import Callable, Iterable

import pytest

from simulators import docker_command, waiting
from simulators.docker_command import DockerError
from simulators.waiting import eventually
from tests.clock import Clock

PASSING = (
    ConnectionRefusedError(111, "Connection refused"),
    TimeoutError("timed out"),
    FileNotFoundError(2, "No such file or directory"),
    ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    http.client.RemoteDisconnected("Remote end closed connection without response"),
    http.client.IncompleteRead(b"half"),
    subprocess.CalledProcessError(1, "docker"),
    subprocess.TimeoutExpired("docker", 600),
    DockerError("docker exec ended with 1: the container is restarting"),
)
FAULTS = (
    AssertionError("500"),
    KeyError("id"),
    IndexError(0),
    TypeError("None"),
    ValueError("no JSON"),
    RuntimeError(),
)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


def check(answers: Iterable[object]) -> Callable[[], object]:
    """Return a check that gives or raises one after the other."""
    left = iter(answers)

    def answer() -> object:
        given = next(left)
        if isinstance(given, Exception):
            raise given
        return given

    return answer


def test_it_passes_after_errors_that_pass(clock: Clock) -> None:
    began = clock.now
    assert eventually("an answer", check([False, *PASSING, "", "yes"])) == clock.now - began > 0


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_it_names_the_last_error_when_time_is_up(clock: Clock, error: Exception) -> None:
    answers = check([OSError("an earlier one"), error, *[False] * 100])
    with pytest.raises(TimeoutError) as raised:
        eventually("an answer", answers, 5, lambda: "its log")
    assert str(raised.value) == f"an answer: not within 5 s; the last error, after 0 s: {error!r}\nits log"
    assert raised.value.__cause__ is error
    assert 1005 < clock.now < 1007


def test_without_an_error_it_names_none() -> None:
    with pytest.raises(TimeoutError, match=r"^an answer: not within 0\.5 s\n$"):
        eventually("an answer", check([False] * 100), 0.5)


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_any_other_error_ends_it_at_once(clock: Clock, fault: Exception) -> None:
    with pytest.raises(type(fault)) as raised:
        eventually("an answer", check([fault, True]))
    assert raised.value is fault
    assert clock.now == 1000


def test_a_docker_command_that_fails_says_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess(["docker"], 1, "", "No such container: x")
    monkeypatch.setattr(docker_command.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(DockerError, match=r"^docker inspect x ended with 1: No such container: x$"):
        docker_command.docker("inspect", "x")
    assert docker_command.docker("inspect", "x", check=False) == ""
