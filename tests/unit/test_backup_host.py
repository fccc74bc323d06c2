"""Requests of a command to a Docker daemon that takes its time."""

from __future__ import annotations

import pytest

from cli.backups import host
from components.docker.daemon import connection
from tests.unit.docker_api import Daemon


@pytest.fixture(autouse=True)
def busy(docker_daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """Return a daemon whose answers take longer than it takes to reach it."""
    monkeypatch.setattr(connection, "_TIMEOUT_SECONDS", 0.1)
    docker_daemon.busy_seconds = 0.4
    return docker_daemon


def test_a_busy_daemon_may_take_longer_to_answer_than_to_be_reached(busy: Daemon) -> None:
    with host.connect() as asked:
        assert asked.get("/version") == {"ApiVersion": "1.41"}
        # The kept connection, too.
        assert asked.get("/networks") == []


def test_a_container_that_is_stopped_has_its_time_to_end(busy: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_ANSWER_SECONDS", 0.1)
    with host.connect() as asked:
        asked.stop("server", seconds=20)
    assert busy.asked == ["/containers/server/stop?t=20"]


def test_a_daemon_without_an_answer_is_an_error(busy: Daemon) -> None:
    busy.busy_seconds = 30
    with host.connect() as asked, pytest.raises(host.HostError, match=r"no answer within 0 s\. Start Docker there, or"):
        asked._ask("GET", "/version", {}, seconds=0.2)  # pyright: ignore[reportPrivateUsage]


def test_after_an_interruption_everything_can_still_be_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with host.connect() as asked:
        with monkeypatch.context() as patched:
            patched.setattr("http.client.HTTPConnection.getresponse", interrupt)
            with pytest.raises(KeyboardInterrupt):
                asked.get("/networks")
        assert asked.get("/version") == {"ApiVersion": "1.41"}, "the answer to this request"
