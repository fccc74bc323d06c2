"""What a restore or an upgrade that ends in the middle leaves, and what it says then."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from cli.backups import __main__ as command
from cli.backups import backup, kit, restore, upgrade
from cli.backups.database import Look
from cli.backups.host import HostError
from cli.backups.job import JobError, Runner
from cli.backups.manifest import Manifest
from cli.backups.site import Site, SiteError
from cli.stack import Stack

ROWS = {"users": 2}
KEY = ("0123456789abcdef", "01234567")
MANIFEST = Manifest("dev", 0, "kotauth:1.22.0", 1, "", 14, None, *KEY, None, ROWS, "0123abcd")


@dataclass
class Stacked:
    """A stack whose database and server note what is done to them. One step can fail."""

    fails: str = ""
    with_: BaseException = field(default_factory=KeyboardInterrupt)
    tables: int = 1
    image: str = "kotauth:1.22.0"
    done: list[str] = field(default_factory=list[str])

    def step(self, name: str) -> None:
        """Do a step, which fails where this is the one."""
        self.done.append(name)
        if self.fails == name:
            self.fails = ""
            raise self.with_

    def look(self) -> Look:
        """Return what the database holds."""
        return Look(14, self.tables, 1, None, ROWS)

    def examine(self, _: Manifest) -> tuple[Look, tuple[str, str]]:
        """Examine a backup that fits."""
        return self.look(), KEY

    def empty(self) -> None:
        """Empty the schema, all or nothing."""
        self.step("empty")
        self.tables = 0

    def restore(self) -> Look:
        """Restore."""
        self.step("restore")
        self.tables = 1
        return self.look()

    def get(self, path: str, **_: str) -> Any:
        """Answer as a Docker host with one container."""
        if path == "/containers/json":
            return [{"Id": "it"}]
        it = {"Id": "it", "Name": "/it", "State": {"Running": True}, "Config": {"Image": self.image}}
        return [] if path == "/networks" else {"Volumes": [], **it}

    def stop(self, _: str, *, seconds: int) -> None:
        """Stop the server."""
        self.step("stop")

    def post(self, path: str, *_: object) -> Any:
        """Note that the server starts."""
        if path.endswith("/start"):
            self.step("start")
        return {"Name": "work"}

    def delete(self, *_: object, **__: object) -> None:
        """Remove nothing."""

    def site(self) -> Site:
        """Return the stack as a command sees it."""
        server = SimpleNamespace(image=SimpleNamespace(reference="kotauth:1.22.0"), database_version=17)
        image = SimpleNamespace(reference="postgres:14")
        settings: Any = SimpleNamespace(server=server, backups=True, database_image=image)
        return Site(Stack("dev"), settings, Runner(self, "kotauth/dev"), "kotauth", {})  # pyright: ignore


@pytest.fixture
def stacked(monkeypatch: pytest.MonkeyPatch) -> Stacked:
    stacked = Stacked()
    monkeypatch.setattr(restore, "_database", lambda *_: stacked)
    monkeypatch.setattr(restore, "_store_fingerprint", lambda *_: stacked.step("fingerprint"))
    monkeypatch.setattr(restore, "start", lambda *_: stacked.step("ready"))
    monkeypatch.setattr("cli.lifecycle.confirm", lambda *_: None)
    monkeypatch.setattr(backup, "make", lambda *_: backup.Made("89abcdef", 1, 1))
    monkeypatch.setattr(restore, "of_stack", lambda _: SimpleNamespace(stack="dev", fetch=lambda *_: MANIFEST))
    return stacked


def fails(stacked: Stacked, step: str, capsys: pytest.CaptureFixture[str], error: BaseException | None = None) -> str:
    """Run a restore of which a step fails, and return what it said."""
    stacked.fails, stacked.with_ = step, error or KeyboardInterrupt()
    with pytest.raises(type(stacked.with_)):
        restore.restore(stacked.site(), "latest", [])
    return "".join(capsys.readouterr())


@pytest.mark.parametrize("error", [KeyboardInterrupt(), JobError("no route")], ids=["interrupted", "failed"])
@pytest.mark.parametrize("step", ["stop", "empty"])
def test_the_server_runs_again_while_nothing_was_changed(
    stacked: Stacked, capsys: pytest.CaptureFixture[str], step: str, error: BaseException
) -> None:
    said = fails(stacked, step, capsys, error)
    assert stacked.done[-3:] == [step, "stop", "start"], "one that still stops would end after the start"
    assert "Nothing was changed. The server starts again." in said


def test_a_schema_that_may_be_empty_is_not_served(stacked: Stacked, capsys: pytest.CaptureFixture[str]) -> None:
    stacked.empty = lambda: (setattr(stacked, "tables", 0), stacked.step("empty"))  # type: ignore[method-assign]
    assert "make restore STACK=dev FROM=0123abcd" in fails(stacked, "empty", capsys)
    assert "start" not in stacked.done


@pytest.mark.parametrize("step", ["fingerprint", "restore", "ready"])
def test_a_restore_that_is_half_done_says_how_it_goes_on(
    stacked: Stacked, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    """By the id of its backup: the latest one is now that of what was there before."""
    said = fails(stacked, step, capsys)
    assert "the restore of stack dev is not complete" in said
    assert "  make restore STACK=dev FROM=0123abcd\n" in said
    assert "What was there before is backup 89abcdef." in said


def test_a_restore_from_a_kit_goes_on_with_the_kit(
    stacked: Stacked, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Opened:
        def __enter__(self) -> object:
            return SimpleNamespace(stack="dev", fetch=lambda *_: MANIFEST)

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(kit, "read", lambda _: SimpleNamespace(option="KIT=a.json,b.json"))
    monkeypatch.setattr(restore, "of_kit", lambda *_: Opened())
    stacked.fails = "restore"
    with pytest.raises(KeyboardInterrupt):
        restore.restore(stacked.site(), "latest", [kit.Path("a.json"), kit.Path("b.json")])
    assert "  make restore STACK=dev FROM=0123abcd KIT=a.json,b.json\n" in capsys.readouterr().err


@pytest.mark.parametrize(("key", "is_refused"), [(None, True), ("0" * 64, False)], ids=["the same", "another"])
def test_a_backup_of_a_newer_version_than_the_server_that_starts_again_is_refused(
    stacked: Stacked, monkeypatch: pytest.MonkeyPatch, key: str | None, is_refused: bool
) -> None:
    """Also where the settings have that version already; the deployment for another key brings it."""
    stacked.image = "kotauth:1.21.0"
    monkeypatch.setattr(restore, "_configured_key", lambda _: key and ("0" * 16, "0" * 8))
    monkeypatch.setattr(Manifest, "key_problem", lambda *_: "")
    monkeypatch.setattr("cli.lifecycle.deploy", lambda *_: None)
    if not is_refused:
        restore.restore(stacked.site(), "latest", [])
        return
    with pytest.raises(SiteError, match="this stack runs the older kotauth"):
        restore.restore(stacked.site(), "latest", [])
    assert stacked.done == []


def test_a_copy_of_the_data_that_may_remain_is_named(
    stacked: Stacked, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweeps = iter([None, HostError("no Docker daemon answers")])

    def sweep(_: Runner) -> None:
        if error := next(sweeps):
            raise error

    monkeypatch.setattr(Runner, "sweep", sweep)
    with pytest.raises(HostError):
        restore.restore(stacked.site(), "latest", [])
    assert "A dump in clear may still be on the Docker host. The same command begins" in capsys.readouterr().err


def test_a_stop_that_is_interrupted_before_an_upgrade_starts_the_server_again(
    stacked: Stacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacked.fails = "stop"
    monkeypatch.setattr(upgrade, "_version", lambda _: 14)
    with pytest.raises(KeyboardInterrupt):
        upgrade.upgrade(stacked.site())
    assert stacked.done == ["stop", "stop", "start"]


def test_a_database_that_does_not_run_is_named_before_anything_else(
    stacked: Stacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(restore, "of_stack", lambda _: None)
    server = {"Id": "it", "Name": "/it", "State": {"Running": False}, "Config": {"Env": ["DB_URL=x"]}}
    monkeypatch.setattr(stacked, "get", lambda path, **_: [{"Id": "it"}] if path == "/containers/json" else server)
    monkeypatch.setattr(Runner, "sweep", lambda _: None)
    with pytest.raises(SiteError, match="container it doesn't run: start it with docker start it"):
        restore.restore(stacked.site(), "latest", [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_whose_terminal_is_closed_removes_what_it_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.setattr(command, "open_site", lambda _: os.kill(os.getpid(), number))
    try:
        assert command.main(["backup"]) == 1
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert capsys.readouterr().err == "error: interrupted\n"
