"""How `make backup` asks for a backup, and what it says where it gets none."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.backups import backup
from cli.backups.job import JobError, Outcome, Runner
from cli.backups.site import Site
from cli.stack import Stack
from tests.unit.backup_loops import FOLDER
from tests.unit.shell import Shell

LAST = {"id": "01234567", "request": "77", "time": 1, "bytes": 6, "seconds": 2}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Return a spool whose dump sees a request after the first look, when the script `answer` runs."""
    shell = Shell(tmp_path)
    shell.file("/spool/state/x").parent.mkdir(exist_ok=True)
    shell.command("sleep", f'cd "{tmp_path}/spool/state" && . "{tmp_path}/answer"')
    (tmp_path / "answer").write_text(f"rm request && echo '{json.dumps(LAST, separators=(',', ':'))}' >last")
    return shell


def ask(shell: Shell) -> subprocess.CompletedProcess[str]:
    return shell.run((FOLDER / "ask.sh").read_text(), "manual", "77", moved=("/spool/state",), interpreter="sh")


def test_a_request_waits_for_its_backup_and_leaves_nothing(shell: Shell) -> None:
    done = ask(shell)
    assert (done.returncode, json.loads(done.stdout)) == (0, LAST)
    assert {path.name for path in (shell.root / "spool/state").iterdir()} == {"last"}


@pytest.mark.parametrize(("time", "is_taken"), [(999, False), (1000, False), (1001, True)])
def test_a_newer_backup_is_as_good_and_one_of_the_same_second_may_be_older(
    shell: Shell, time: int, is_taken: bool
) -> None:
    shell.command("date", "echo 1000")
    other = json.dumps({**LAST, "request": "", "time": time}, separators=(",", ":"))
    own = json.dumps({**LAST, "time": 1002}, separators=(",", ":"))
    (shell.root / "answer").write_text(
        f"if [ -e request ]; then rm request; echo '{other}'; else echo '{own}'; fi >last"
    )
    assert json.loads(ask(shell).stdout)["time"] == (time if is_taken else 1002)


def test_a_request_that_is_not_seen_yet_stays(shell: Shell) -> None:
    (shell.root / "spool/state/request").write_text("manual 66\n")
    done = ask(shell)
    assert (done.returncode, done.stdout) == (
        1,
        "another backup was requested a moment ago: wait for it, then try again\n",
    )
    assert (shell.root / "spool/state/request").read_text() == "manual 66\n"


def test_an_older_backup_whose_time_is_in_the_future_is_not_the_answer(shell: Shell) -> None:
    """Else a restore would go on without the backup of what it replaces."""
    older = json.dumps({**LAST, "id": "89abcdef", "request": "", "time": 9_999_999_999}, separators=(",", ":"))
    (shell.root / "spool/state/last").write_text(older)
    answer = (shell.root / "answer").read_text()
    (shell.root / "answer").write_text(f"[ -e looked ] && {answer} || touch looked")
    assert json.loads(ask(shell).stdout) == LAST


def test_a_newer_dump_that_took_the_place_is_the_answer(shell: Shell) -> None:
    newer = json.dumps({**LAST, "request": "88", "time": int(time.time()) + 1}, separators=(",", ":"))
    (shell.root / "answer").write_text(f"rm request && echo '{newer}' >last")
    assert json.loads(ask(shell).stdout)["request"] == "88"


def test_a_failure_is_the_answer(shell: Shell) -> None:
    failure = '{"time":1,"request":"77","message":"no route"}'
    (shell.root / "answer").write_text(f"rm request && echo '{failure}' >store-failed")
    done = ask(shell)
    assert (done.returncode, json.loads(done.stdout)["message"]) == (2, "no route")


def test_why_it_waits_is_said_once(shell: Shell) -> None:
    removal = "the store removes old backups since 03:30, and then stores the backup"
    last = json.dumps(LAST, separators=(",", ":"))
    (shell.root / "answer").write_text(
        f"""
        echo x >>looks
        case $(wc -l <looks) in
          9) rm request; echo '{removal}' >busy ;;
          20) rm busy; echo '{last}' >last ;;
        esac
        """
    )
    assert ask(shell).stdout.splitlines() == [
        "waiting: another backup is being dumped, and this one follows it",
        f"waiting: {removal}",
        last,
    ]


@pytest.mark.parametrize("failed", ["dump-failed", "store-failed"])
def test_a_disk_that_was_full_before_is_no_answer(shell: Shell, failed: str) -> None:
    """The user has freed space, and tries again as the message says."""
    (shell.root / "spool/state" / failed).touch()
    assert json.loads(ask(shell).stdout) == LAST


@pytest.mark.parametrize("answer", ["", "rm request && : >dump-failed"], ids=["before the request", "after it"])
def test_a_full_disk_is_named(shell: Shell, answer: str) -> None:
    if not answer:
        for name in ("request", "request.77"):
            (shell.root / "spool/state" / name).symlink_to("/dev/full")
    (shell.root / "answer").write_text(answer)
    done = ask(shell)
    assert (done.returncode, done.stdout) == (1, "the disk of the Docker host is full: free space, then try again\n")


class Host:
    """A Docker host on which a request prints one line after the other."""

    def __init__(self) -> None:
        self.lines = [f"waiting: {what}" for what in ("a dump", "a check")] + [json.dumps(LAST)]
        self.seen = 0

    def get(self, path: str, **query: str) -> Any:
        if path == "/containers/json":
            return [{"Id": "it"}]
        spool = {"Type": "volume", "Destination": "/spool", "Name": "spool"}
        config = {"Image": "it", "User": "1:1"}
        runs = path != "/containers/job/json" or self.seen < len(self.lines)
        state = {"Running": runs, "Status": "running" if runs else "exited", "ExitCode": 0}
        return {"Id": "it", "Name": "/it", "State": state, "Config": config, "Mounts": [spool]}

    def post(self, path: str, *_: object, **__: object) -> Any:
        return {"Id": "job"} if path == "/containers/create" else None

    def delete(self, *_: object, **__: object) -> None:
        pass

    def log(self, _: str) -> str:
        self.seen += 1
        return "\n".join(self.lines[: self.seen])


@pytest.fixture
def site() -> Site:
    runner = Runner(Host(), "kotauth/prod")  # pyright: ignore[reportArgumentType]
    return Site(Stack("prod"), SimpleNamespace(backups=True), runner, "kotauth", {})  # pyright: ignore


def test_a_command_says_why_it_waits_as_soon_as_it_is_known(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert backup.make(site).id == LAST["id"]
    assert capsys.readouterr().out == "  waiting: a dump\n  waiting: a check\n"


def test_an_interrupted_command_says_that_its_backup_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        backup.make(site)
    assert "requested goes on: make backups STACK=prod lists it" in capsys.readouterr().err


def test_a_job_that_was_killed_is_no_traceback(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Runner, "outcome", lambda *_, **__: Outcome(137, "terminated"))
    with pytest.raises(JobError, match="terminated"):
        backup.make(site)
