"""The commands for backups by their command line: what they need, and that they don't disturb each other."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import pulumi_command
from cli.backups import __main__ as command
from cli.backups.job import Runner
from cli.backups.kit import KeyKit, Kit, RepositoryKit, write
from cli.backups.site import SiteError
from cli.backups.turn import turn

ROOT = pulumi_command.ROOT


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout without any stack."""
    monkeypatch.setattr(pulumi_command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "_leave", None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return tmp_path


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a Docker host answer with an empty repository."""

    @contextlib.contextmanager
    def connect() -> Iterator[object]:
        yield SimpleNamespace(post=lambda *_, **__: {"Id": "network"}, delete=lambda *_, **__: None)

    monkeypatch.setattr(command, "connect", connect)
    monkeypatch.setattr(Runner, "run", lambda *_, **__: "[]")


@pytest.mark.usefixtures("host")
def test_the_backups_of_a_kit_are_listed_without_a_stack(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project))
    address, images = "s3:s3.example.com/backups", {"server": "a", "database": "b", "backup": "c"}
    repository = RepositoryKit(
        stack="prod", repository=address, files={}, known_hosts="", base_url="https://auth.example.com", images=images
    )
    write(project, Kit(repository, KeyKit(stack="prod", secret_key="k" * 64)))
    assert command.main(["backups", "--stack", "gone", "--kit", "~/kotauth-prod-repository.json"]) == 0
    assert capsys.readouterr().out.startswith("Backups of prod in s3:s3.example.com/backups")


@pytest.mark.parametrize(
    ("target", "variable"),
    [("restore", "KIT"), ("restore", "FROM"), ("backups", "KIT"), ("upgrade", "VOLUME"), ("backup-kit", "OUT")]
    + [(command, "STACK") for command in ("backup", "restore", "restore-drill")],
)
def test_an_empty_variable_is_refused(target: str, variable: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable of a script that has no value: the command would do something else, such as restore another backup."""
    made = subprocess.run(
        ["make", "-n", target, f"{variable}="], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    (line,) = [line for line in made.splitlines() if "cli.backups" in line]
    assert command.main(shlex.split(line.partition("cli.backups")[2])) == 1
    assert capsys.readouterr().err == f"error: {variable} is empty: give it a value, or leave it out\n"


def test_two_restores_of_a_stack_at_once(project: Path) -> None:
    with turn("restore-dev", "a restore"):
        with turn("restore-prod", "a restore"), turn("drill-dev", "a drill"):
            pass
        with pytest.raises(SiteError, match="a restore of stack dev is under way in another terminal"):
            turn("restore-dev", "a restore of stack dev").__enter__()
    with turn("restore-dev", "a restore"):
        pass
    assert oct((project / ".pulumi-local").stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize("name", ["restore", "upgrade", "restore-drill"])
def test_a_command_that_removes_what_was_left_waits_for_its_turn(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "open_site", contextlib.nullcontext)
    lock = "drill-dev" if name == "restore-drill" else "restore-dev"
    with turn(lock, "it"):
        assert command.main([name]) == 1
    assert "of stack dev is under way in another terminal" in capsys.readouterr().err
