"""The watchdog: what counts as dead, and what it does about it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from components.aws.host.scripts import watchdog
from tests.unit.hosts import Played
from tests.unit.test_host_boot import Commands

PLAN: dict[str, Any] = {
    "group": True,
    "parts": {"server": {}, "frontend": {}},
    "watch": {"part": "server", "port": 0, "path": "/health", "failures": 3, "grace_seconds": 60},
}


class Group:
    """Hears when the host is given up."""

    def __init__(self) -> None:
        self.given_up = 0

    def give_up_host(self) -> None:
        self.given_up += 1


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    commands = Commands(tmp_path)
    commands.set("systemctl")
    monkeypatch.setenv("PATH", f"{commands.folder}:{os.environ['PATH']}")
    return commands


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Group:
    group = Group()
    monkeypatch.setattr(watchdog, "STATE", str(tmp_path / "state"))
    monkeypatch.setattr(watchdog, "Services", lambda: group)
    real = watchdog.write
    monkeypatch.setattr(watchdog, "write", lambda path, content: real(path, content, owner=(os.getuid(), os.getgid())))
    return group


def container(commands: Commands, *, age: float = 3600, running: str = "true") -> None:
    started = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime(time.time() - age))
    commands.set("docker", f"echo {running} {started} 127.0.0.1")


def look(server: Played | None, monkeypatch: pytest.MonkeyPatch, times: int = 1, **plan: Any) -> None:
    port = int(server.url.split(":")[2].rstrip("/")) if server else 1
    of = {**PLAN, **plan, "watch": {**PLAN["watch"], "port": port}}
    monkeypatch.setattr(watchdog, "load_plan", lambda: of)
    for _ in range(times):
        watchdog.main()


def restarts(commands: Commands) -> list[str]:
    return [call.split()[-1] for call in commands.calls if call.startswith("systemctl restart")]


def state() -> int:
    return json.loads(Path(watchdog.STATE).read_text())


def test_a_server_that_answers(commands: Commands, group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    container(commands)
    with Played(lambda *_: (200, b"{}")) as server:
        look(server, monkeypatch, times=10)
    assert {path for _, path, *_ in server.requests} == {"/health"}
    assert (restarts(commands), group.given_up, state()) == ([], 0, 0)


@pytest.mark.parametrize("answer", [None, 503], ids=["nobody listens", "503"])
def test_a_server_that_hangs_is_restarted_and_then_the_host_given_up(
    commands: Commands, group: Group, monkeypatch: pytest.MonkeyPatch, answer: int | None
) -> None:
    container(commands)
    with Played(lambda *_: (answer or 200, b"")) as server:
        asked = server if answer else None
        look(asked, monkeypatch, times=2)
        assert restarts(commands) == []
        look(asked, monkeypatch)
        assert restarts(commands) == ["kotauth-server.service", "kotauth-frontend.service"]
        look(asked, monkeypatch, times=2)
        assert group.given_up == 0
        look(asked, monkeypatch)
    assert group.given_up == 1
    assert len(restarts(commands)) == 2


def test_a_single_instance_is_only_restarted(commands: Commands, group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    container(commands)
    look(None, monkeypatch, times=9, group=False)
    assert group.given_up == 0
    assert len(restarts(commands)) == 3 * 2


@pytest.mark.parametrize(
    "facts",
    [
        {"age": 30},
        {"running": "false"},
    ],
    ids=["it starts", "it has ended"],
)
def test_a_server_that_starts_counts_neither_way(
    commands: Commands, group: Group, monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any]
) -> None:
    container(commands)
    look(None, monkeypatch, times=2)
    container(commands, **facts)
    look(None, monkeypatch, times=10)
    assert (restarts(commands), group.given_up, state()) == ([], 0, 2)


def test_a_server_that_can_t_start_is_never_the_host_s_fault(
    commands: Commands, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.set("docker", "echo 'Error: No such object: server' >&2; exit 1")
    look(None, monkeypatch, times=20)
    assert (restarts(commands), group.given_up) == ([], 0)


def test_a_docker_that_does_not_answer_is_restarted(
    commands: Commands, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.set("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    look(None, monkeypatch, times=3)
    assert restarts(commands)[0] == "docker.service"
    look(None, monkeypatch, times=3)
    assert group.given_up == 1


def test_one_answer_forgets_the_failures(commands: Commands, group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    container(commands)
    with Played(lambda *_: (200, b"")) as server:
        for _ in range(5):
            look(None, monkeypatch, times=2)
            look(server, monkeypatch)
    assert (restarts(commands), group.given_up) == ([], 0)


def test_a_group_that_can_t_be_asked_is_asked_again(
    commands: Commands, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    container(commands)
    look(None, monkeypatch, times=5)

    def refuse() -> None:
        raise OSError("no route")

    monkeypatch.setattr(group, "give_up_host", refuse)
    with pytest.raises(OSError, match="no route"):
        look(None, monkeypatch)
    monkeypatch.undo()
    assert json.loads((commands.folder.parent / "state").read_text()) == 6
