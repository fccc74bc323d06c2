"""When the database is dumped, what a dump consists of, and what becomes of one that fails."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.unit.backup_loops import DAY, FOLDER, Loop, moment
from tests.unit.shell import Shell

MIDNIGHT = moment("2026-01-01 00:00")
HALF_PAST_THREE = MIDNIGHT + 3 * 3600 + 1800
DUMP = "psql -d keepalives"


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    """Return a container that has made its first dump at midnight."""
    loop = Loop(Shell(tmp_path), "dump.sh")
    state = loop.shell.file("/spool/state/dumped")
    state.write_text(f"{MIDNIGHT}\n")
    return loop


def dumps(loop: Loop) -> list[int]:
    """Return when the database was dumped."""
    return [when for when, what in loop.calls(DUMP) if "dump.sql" in what]


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.sh")), ids=lambda script: script.name)
def test_syntax(script: Path) -> None:
    interpreter = "bash" if script.name == "dump.sh" else "sh"
    done = subprocess.run([interpreter, "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_dump_is_made_at_once(tmp_path: Path) -> None:
    loop = Loop(Shell(tmp_path), "dump.sh")
    loop.run(MIDNIGHT, MIDNIGHT + 3600)
    assert dumps(loop) == [MIDNIGHT]


def test_a_dump_is_made_once_at_each_scheduled_time(loop: Loop) -> None:
    loop.schedule = "03:30 15:30"
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 2 * DAY - 3600, step=6 * 3600)
    assert dumps(loop) == [HALF_PAST_THREE + hours * 3600 for hours in (0, 12, 24, 36)]


def test_hours_and_minutes_with_a_leading_zero_are_decimal(loop: Loop) -> None:
    loop.schedule = "08:09"
    due = MIDNIGHT + 8 * 3600 + 9 * 60
    loop.run(due - 120, due + 120, step=60)
    assert dumps(loop) == [due]


def test_a_missed_time_is_made_up_for_once(loop: Loop) -> None:
    start = MIDNIGHT + 5 * DAY + 12 * 3600
    loop.run(start, start + DAY // 2, step=3 * 3600)
    assert dumps(loop) == [start]


@pytest.mark.parametrize("days", [3, -3], ids=["forward", "back"])
def test_a_clock_that_jumps_costs_no_dump_and_makes_no_series(loop: Loop, days: int) -> None:
    start = HALF_PAST_THREE + 6 * 3600
    (loop.root / "spool/state/dumped").write_text(f"{HALF_PAST_THREE}\n")
    after = start + days * DAY
    loop.at(start + 3 * 3600, f'now={after}; echo "$now" >"$CLOCK"')
    # A clock that jumped back comes to the end only after a while.
    loop.run(start, max(start, after) + DAY, step=3 * 3600)
    made = dumps(loop)
    days_after = len({when // DAY for when in made})
    assert made[0] == after
    assert len(made) == days_after == (2 if days > 0 else 5)


def test_a_dump_is_complete_with_its_manifest_and_for_its_owner_only(loop: Loop) -> None:
    lines = loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 3600)
    (ready,) = (loop.root / "spool").glob("ready-*")
    content = (ready / "kotauth.dump").read_bytes()
    manifest = json.loads((ready / "manifest.json").read_text())
    assert manifest == {
        "format": 1,
        "stack": "prod",
        "tag": "scheduled",
        "request": "",
        "image": "ghcr.io/inumansoul/kotauth:1.22.0",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "seconds": 0,
        "database": {"time": HALF_PAST_THREE, "rows": {"users": 1}},
    }
    assert {file.name: oct(file.stat().st_mode) for file in ready.iterdir()} == {
        "kotauth.dump": "0o100600",
        "manifest.json": "0o100600",
    }
    assert not (loop.root / "spool/new").exists()
    assert [line["level"] for line in lines] == ["INFO"]


def test_names_that_json_can_not_hold_as_they_are(loop: Loop) -> None:
    names = {"STACK": 'the "prod" \\ stack', "SERVER_IMAGE": 'kotauth"1.22.0'}
    loop.environment = names
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 3600)
    (manifest,) = (loop.root / "spool").glob("ready-*/manifest.json")
    told = json.loads(manifest.read_text())
    assert (told["stack"], told["image"]) == (names["STACK"], names["SERVER_IMAGE"])


def test_the_password_file_is_in_libpq_s_form(loop: Loop) -> None:
    (loop.root / "run/secrets/backup_password").write_text("a:b\\c")
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 3600)
    assert (loop.root / "tmp/pgpass").read_text() == "*:*:*:*:a\\:b\\\\c\n"


@pytest.mark.parametrize("number", ["", "x", "1000000"], ids=["empty", "no number", "smaller"])
def test_the_newest_dump_is_the_last_one_whatever_a_power_loss_left(loop: Loop, number: str) -> None:
    loop.shell.file("/spool/state/number").write_text(number)
    loop.shell.file("/spool/ready-1000007/manifest.json").write_text("{}")
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 3600)
    *_, newest = sorted((loop.root / "spool").glob("ready-*"))
    assert json.loads((newest / "manifest.json").read_text())["database"]["time"] == HALF_PAST_THREE


def test_a_dump_whose_time_can_not_be_noted_is_no_reason_for_a_series(loop: Loop) -> None:
    (loop.root / "spool/state/dumped.incoming").mkdir()
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 240, step=20)
    assert [when - HALF_PAST_THREE for when in dumps(loop)] == [0, 60, 180]


def test_a_request_outlives_a_container_that_ends_in_the_middle_of_it(loop: Loop) -> None:
    loop.shell.file("/spool/state/request").write_text("before-restore 1234\n")
    loop.shell.command("pg_restore", 'kill -KILL "$PPID"')
    loop.run(MIDNIGHT, MIDNIGHT + 60, step=60, code=-signal.SIGKILL)
    loop.shell.command("pg_restore", "")
    loop.run(MIDNIGHT + 60, MIDNIGHT + 120, step=60)
    (manifest,) = (loop.root / "spool").glob("ready-*/manifest.json")
    assert json.loads(manifest.read_text())["request"] == "1234"
    assert {path.name for path in (loop.root / "spool/state").iterdir()} == {"dumped"}


def test_a_request_is_dumped_at_once_under_its_tag(loop: Loop) -> None:
    loop.at(MIDNIGHT + 3600, "echo 'before-restore 1234' >/spool/state/request")
    loop.run(MIDNIGHT, MIDNIGHT + 7200)
    (ready,) = (loop.root / "spool").glob("ready-*")
    manifest = json.loads((ready / "manifest.json").read_text())
    assert (manifest["tag"], manifest["request"]) == ("before-restore", "1234")
    assert not (loop.root / "spool/state/request").exists()


def test_the_newest_dump_waits_for_a_store_that_does_not_run(loop: Loop) -> None:
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 4 * DAY - 3600, step=DAY)
    waiting = sorted((loop.root / "spool").glob("ready-*"))
    assert len(waiting) == 2, "the newest, and the one that a store may just be taking"
    assert json.loads((waiting[-1] / "manifest.json").read_text())["database"]["time"] == dumps(loop)[-1]


FAILURES = {
    "the database refuses": "psql: error: connection to server failed: FATAL: password authentication failed",
    "the disk is full": "pg_dump: error: could not write to output file: No space left on device",
    "a lock": "pg_dump: error: ERROR:  canceling statement due to lock timeout\npg_dump: detail: Query was: LOCK",
}


@pytest.mark.parametrize("message", FAILURES.values(), ids=FAILURES)
def test_a_failure_is_said_leaves_nothing_and_is_tried_again(loop: Loop, message: str) -> None:
    (loop.root / "broken").write_text(message)
    loop.at(HALF_PAST_THREE + 600, f'rm "{loop.root}/broken"')
    lines = loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 960, step=60)
    tries = [when - HALF_PAST_THREE for when in dumps(loop)]
    assert tries == [0, 60, 180, 420, 900]
    errors = [line for line in lines if line["level"] == "ERROR"]
    assert len(errors) == len(tries) - 1
    assert message.splitlines()[0] in errors[0]["message"]
    assert "the dump failed, the next try is in 60 s" in errors[0]["message"]
    assert loop.state("dump-failed") is None
    assert {path.name[:6] for path in (loop.root / "spool").iterdir()} == {"state", "ready-"}


def test_a_dump_that_can_not_be_read_counts_as_failed(loop: Loop) -> None:
    (loop.root / "unreadable").write_text("1")
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 60, step=60)
    assert loop.state("dump-failed")["time"] == HALF_PAST_THREE
    assert not [*(loop.root / "spool").glob("ready-*")]


def test_a_database_without_tables_is_not_dumped(loop: Loop) -> None:
    (loop.root / "tables").write_text("0")
    loop.at(HALF_PAST_THREE + 600, f'echo 3 >"{loop.root}/tables"')
    assert [line["level"] for line in loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 900, step=300)] == ["INFO"]
    assert dumps(loop) == [HALF_PAST_THREE + 600]


def test_a_request_for_a_database_without_tables_fails(loop: Loop) -> None:
    (loop.root / "tables").write_text("0")
    loop.shell.file("/spool/state/request").write_text("manual 77\n")
    loop.run(MIDNIGHT, MIDNIGHT + 60, step=60)
    assert loop.state("dump-failed")["request"] == "77"


def test_the_probe_sees_a_failure_until_the_next_success(loop: Loop) -> None:
    (loop.root / "broken").write_text("FATAL: no")
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 30, step=30)
    assert not loop.is_healthy(HALF_PAST_THREE + 60)
    (loop.root / "broken").unlink()
    loop.run(HALF_PAST_THREE + 600, HALF_PAST_THREE + 700, step=30)
    assert loop.is_healthy(HALF_PAST_THREE + 700)


def test_an_up_does_not_fail_because_of_a_dump_that_fails_at_once(loop: Loop) -> None:
    (loop.root / "broken").write_text("FATAL: no")
    loop.run(HALF_PAST_THREE, HALF_PAST_THREE + 30, step=30)
    assert loop.is_healthy(HALF_PAST_THREE + 10), "pulumi up waits for the first success of the probe"
    assert not loop.is_healthy(HALF_PAST_THREE + 20)


def test_the_probe_sees_an_overdue_dump_two_hours_late_and_two_hours_after_a_start(loop: Loop) -> None:
    (loop.root / "tmp/started").write_text(f"{MIDNIGHT}\n")
    assert loop.is_healthy(HALF_PAST_THREE + 7100)
    assert not loop.is_healthy(HALF_PAST_THREE + 7300)
    (loop.root / "tmp/started").write_text(f"{HALF_PAST_THREE + 7000}\n")
    assert loop.is_healthy(HALF_PAST_THREE + 7300)
