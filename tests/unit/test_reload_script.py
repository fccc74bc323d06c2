"""The script that hands new configuration files to a running container, with a reload command of the test's own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.docker import container
from tests.unit.shell import Shell

SCRIPT = (Path(container.__file__).parent / "reload.sh").read_text()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path)
    made.file("/run/config/next/Caddyfile").write_text("new")
    made.file("/run/config/Caddyfile").write_text("old")
    return made


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        yield path


def run(shell: Shell, control: Path) -> tuple[int, str, str]:
    done = shell.run(SCRIPT, str(control), "reload", "now", moved=("/run/config", "/run/secrets"))
    return done.returncode, done.stdout, shell.file("/run/config/Caddyfile").read_text()


def test_secret_files_are_put_in_place_too(shell: Shell) -> None:
    shell.file("/run/secrets/next/certificate.key").write_text("new key")
    assert shell.run(SCRIPT, "-", moved=("/run/config", "/run/secrets")).returncode == 0
    assert shell.file("/run/secrets/certificate.key").read_text() == "new key"
    assert shell.file("/run/config/Caddyfile").read_text() == "new"


def test_without_a_socket_the_files_are_put_in_place(shell: Shell, tmp_path: Path) -> None:
    shell.command("reload", "exit 1")
    assert run(shell, tmp_path / "none.sock") == (0, "", "new")


def test_files_that_a_check_refuses_are_not_put_in_place(shell: Shell) -> None:
    shell.command("check", f'echo "bad: $(cat {shell.file("/run/config/next/Caddyfile")})" >&2; exit 1')
    done = shell.run(SCRIPT, "-", "check", moved=("/run/config", "/run/secrets"))
    assert (done.returncode, done.stdout) == (1, "bad: new\n")
    assert shell.file("/run/config/Caddyfile").read_text() == "old"


def test_a_running_container_is_told_first(shell: Shell, control: Path) -> None:
    shell.command("reload", f'[ "$1" = now ] && [ "$(cat {shell.file("/run/config/Caddyfile")})" = old ]')
    assert run(shell, control) == (0, "", "new")


def test_refused_files_are_not_put_in_place(shell: Shell, control: Path) -> None:
    shell.command("reload", "echo 'unrecognized directive: colour' >&2; exit 1")
    assert run(shell, control) == (1, "unrecognized directive: colour\n", "old")


def test_a_socket_without_a_listener_is_a_stopped_container(shell: Shell, control: Path) -> None:
    shell.command("reload", "echo 'dial unix: connect: connection refused'; exit 1")
    assert run(shell, control) == (0, "", "new")
