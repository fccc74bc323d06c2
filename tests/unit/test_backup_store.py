"""How dumps get from the spool into the repository, and what becomes of one that can't."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from tests.unit.backup_loops import DAY, Loop, moment
from tests.unit.shell import Shell

NOON = moment("2026-01-01 12:00")
KEEP = {"KEEP_DAILY": "7", "KEEP_WEEKLY": "5", "KEEP_MONTHLY": "12", "RESTIC_REPOSITORY": "s3:s3.example.com/backups"}


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    """Return a container whose repository was checked an hour ago, with a dump in the spool."""
    loop = Loop(Shell(tmp_path), "store.sh", KEEP)
    (loop.root / "initialised").touch()
    loop.shell.file("/spool/state/checked").write_text(f"{NOON - 3600}\n")
    arrive(loop, NOON - 60)
    return loop


def arrive(loop: Loop, when: int, number: int = 1, tag: str = "scheduled", request: str = "") -> None:
    """Put a dump into the spool."""
    (loop.root / "spool/ready").parent.mkdir(parents=True, exist_ok=True)
    making = loop.root / "spool/new"
    making.mkdir()
    (making / "kotauth.dump").write_text(f"dump {number}")
    manifest = {"tag": tag, "request": request, "bytes": 6, "seconds": 2, "database": {"time": when}}
    text = json.dumps(manifest, separators=(",", ":")).replace('{"time":', '{"time" : ')
    (making / "manifest.json").write_text(text)
    making.rename(loop.root / f"spool/ready-{1000000 + number}")


def fail(loop: Loop, command: str, message: str, code: int = 1) -> None:
    """Have a command of restic fail until `repair`."""
    (loop.root / f"fails.{command}").write_text(f"echo '{message}' >&2; exit {code}")


def stored(loop: Loop) -> list[str]:
    """Return the dumps that are in the repository."""
    file = loop.root / "stored"
    return file.read_text().splitlines() if file.exists() else []


def test_a_dump_is_stored_under_the_stack_its_tag_and_its_own_time_and_leaves_the_spool(loop: Loop) -> None:
    lines = loop.run(NOON, NOON + 30, step=30)
    ((_, backup),) = loop.calls("restic backup")
    assert backup == ("restic backup --json --host prod --tag scheduled --tag number=1 --time 2026-01-01 11:59:00 .")
    assert stored(loop) == ["dump 1"]
    assert {path.name for path in (loop.root / "spool").iterdir()} == {"state", "cache", "tmp"}
    assert [line["message"] for line in lines] == ["stored backup 01234567: 700 bytes in 2 s"]
    # The size is restic's, as in the list of backups.
    assert loop.state("last") == {"id": "01234567", "request": "", "time": NOON - 60, "bytes": 700, "seconds": 2}


def test_old_backups_are_forgotten_by_stack_and_tag_after_each_backup(loop: Loop) -> None:
    loop.run(NOON, NOON + 30, step=30)
    ((_, forget),) = loop.calls("restic forget")
    wanted = "--host prod --group-by host --prune --keep-tag number=1 --tag scheduled"
    assert forget == f"restic forget {wanted} --keep-daily 7 --keep-weekly 5 --keep-monthly 12"


@pytest.mark.parametrize("tag", ["manual", "before-restore"])
def test_each_backup_on_request_is_kept_for_a_while(loop: Loop, tag: str) -> None:
    arrive(loop, NOON, 2, tag=tag)
    loop.run(NOON, NOON + 30, step=30)
    ((_, forget),) = loop.calls("restic forget")
    assert forget == (
        f"restic forget --host prod --group-by host --prune --keep-tag number=1 --tag {tag} --keep-within 90d"
    )


def test_a_clock_that_is_far_ahead_removes_no_backup_on_request(loop: Loop) -> None:
    """By its time, each other one is too old, so those of the last 90 scheduled times are kept by number."""
    (loop.root / "fails.snapshots").write_text('echo \'[{"tags":["number=200"]}]\'')
    arrive(loop, NOON + 4000 * DAY, 2, tag="manual")
    loop.run(NOON, NOON + 30, step=30)
    ((_, forget),) = loop.calls("restic forget")
    assert re.findall(r"--keep-tag number=(\d+)", forget) == [str(number) for number in (201, *range(111, 201))]


def test_what_a_request_waits_for_is_noted_meanwhile(loop: Loop) -> None:
    (loop.root / "fails.forget").write_text(f'cp "{loop.root}/spool/state/busy" "{loop.root}/noted"')
    loop.run(NOON, NOON + 60, step=30)
    noted = (loop.root / "noted").read_text()
    assert noted == "the store removes old backups since 2026-01-01T12:00:00Z, and then stores the backup\n"
    assert not (loop.root / "spool/state/busy").exists()


def test_a_backup_is_noted_though_its_dump_has_filled_the_disk(loop: Loop) -> None:
    full = loop.root / "spool/state/last.incoming"
    full.symlink_to("/dev/full")
    freed = f'[ ! -e "$ROOT/spool/state/stored" ] || /bin/rm -f "{full}"'
    loop.shell.command("rm", f'case "$*" in *spool/taking*) {freed} ;; esac; exec /bin/rm "$@"')
    loop.run(NOON, NOON + 30, step=30)
    assert loop.state("last")["id"] == "01234567", "or else who asked for it would wait without end"


def test_a_repository_is_made_once(loop: Loop) -> None:
    (loop.root / "initialised").unlink()
    loop.run(NOON, NOON + 30, step=30)
    assert stored(loop) == ["dump 1"]
    assert len(loop.calls("restic init")) == 1


def test_a_repository_that_is_gone_is_not_made_again(loop: Loop) -> None:
    loop.run(NOON, NOON + 30, step=30)
    (loop.root / "initialised").unlink()
    arrive(loop, NOON + 60, 2)
    (line,) = loop.run(NOON + 60, NOON + 90, step=30)
    assert "the repository at s3:s3.example.com/backups is gone" in line["message"]
    assert not loop.calls("restic init")
    loop.environment = {**KEEP, "RESTIC_REPOSITORY": "s3:s3.example.com/others"}
    loop.run(NOON + 120, NOON + 150, step=30)
    assert loop.calls("restic init")


MESSAGES = {
    "another password": (12, "Fatal: wrong password or no key found", "has another password than this stack's"),
    "unreachable": (1, "Fatal: unable to open repository: dial tcp: connection refused", "connection refused"),
    "no space": (1, "write /repository/data: no space left on device", "no space left on device"),
    "locked": (11, "repository is already locked by PID 7 on store", "another process has locked the repository"),
}


@pytest.mark.parametrize(("code", "said", "expected"), MESSAGES.values(), ids=MESSAGES)
def test_a_dump_that_can_not_be_stored_stays_and_is_tried_again(
    loop: Loop, code: int, said: str, expected: str
) -> None:
    fail(loop, "backup", said, code)
    loop.at(NOON + 600, f'rm "{loop.root}/fails.backup"')
    lines = loop.run(NOON, NOON + 960, step=60)
    errors = [line["message"] for line in lines if line["level"] == "ERROR"]
    assert expected in errors[0]
    assert errors[0].startswith("the backup is not stored, the next try is in 60 s")
    assert len(errors) == 4
    assert stored(loop) == ["dump 1"]
    assert loop.state("store-failed") is None


def test_a_lock_is_removed_only_where_restic_calls_it_stale(loop: Loop) -> None:
    fail(loop, "backup", "locked", 11)
    # The first `unlock` finds a process that may be alive, the second one a lock that is old enough.
    (loop.root / "fails.unlock").write_text(
        f'if [ -e "{loop.root}/old" ]; then rm -f "{loop.root}/fails.backup"; else touch "{loop.root}/old"; fi'
    )
    loop.run(NOON, NOON + 120, step=60)
    assert {what for _, what in loop.calls("restic unlock")} == {"restic unlock"}
    assert stored(loop) == ["dump 1"]


def test_a_lock_of_a_dead_process_does_not_keep_old_backups(loop: Loop) -> None:
    # A backup that was killed leaves a lock that stops no other backup, but each removal.
    fail(loop, "forget", "locked", 11)
    (loop.root / "fails.unlock").write_text(f'rm -f "{loop.root}/fails.forget"')
    loop.run(NOON, NOON + 30, step=30)
    assert loop.state("store-failed") is None
    assert len(loop.calls("restic forget")) == 2


def test_a_removal_that_fails_is_tried_again(loop: Loop) -> None:
    fail(loop, "forget", "Fatal: no route to host")
    loop.at(NOON + 120, f'rm "{loop.root}/fails.forget"')
    loop.run(NOON, NOON + 600, step=60)
    assert [when - NOON for when, _ in loop.calls("restic forget")] == [0, 60, 180]
    assert loop.state("store-failed") is None
    assert len(stored(loop)) == 1


def test_a_backup_is_noted_before_it_leaves_the_spool(loop: Loop) -> None:
    rm = 'case "$*" in *spool/taking*) kill -KILL "$PPID" ;; *) exec /bin/rm "$@" ;; esac'
    loop.shell.command("rm", f'[ -e "$ROOT/spool/state/repository" ] || exec /bin/rm "$@"\n{rm}')
    loop.run(NOON, NOON + 30, step=30, code=-signal.SIGKILL)
    assert loop.state("last")["id"] == "01234567", "or else who asked for it would wait without end"


def test_the_cause_is_said_where_restic_was_killed(loop: Loop) -> None:
    (loop.root / "fails.backup").write_text("kill -KILL $$")
    (line,) = loop.run(NOON, NOON + 30, step=30)
    assert "restic was killed" in line["message"]


def test_an_up_does_not_fail_because_of_the_repository(loop: Loop) -> None:
    fail(loop, "backup", "no route to host")
    loop.run(NOON, NOON + 30, step=30)
    assert loop.is_healthy(NOON + 10), "pulumi up waits for the first success of the probe"
    assert not loop.is_healthy(NOON + 20)


def test_a_failure_is_seen_though_the_disk_is_full(loop: Loop) -> None:
    fail(loop, "backup", "no space left on device")
    (loop.root / "spool/state/store-failed.incoming").symlink_to("/dev/full")
    loop.run(NOON, NOON + 30, step=30)
    assert not loop.is_healthy(NOON + 60)


def test_the_newest_of_several_dumps_is_stored(loop: Loop) -> None:
    arrive(loop, NOON - 30, 2)
    loop.run(NOON, NOON + 60, step=30)
    assert stored(loop) == ["dump 2"]


def test_a_newer_dump_takes_the_place_of_one_that_fails_and_is_tried_at_once(loop: Loop) -> None:
    fail(loop, "backup", "no route to host")
    loop.run(NOON, NOON + 60, step=60)
    (loop.root / "fails.backup").unlink()
    arrive(loop, NOON + 60, 2, tag="manual", request="77")
    loop.run(NOON + 61, NOON + 62, step=1)
    assert stored(loop) == ["dump 2"]
    assert loop.state("last")["request"] == "77"


def test_a_failed_request_is_known_by_its_number(loop: Loop) -> None:
    arrive(loop, NOON, 2, tag="manual", request="77")
    fail(loop, "backup", "no route to host")
    loop.run(NOON, NOON + 30, step=30)
    assert loop.state("store-failed")["request"] == "77"


def test_old_backups_that_can_not_be_removed_are_a_failure_though_the_backup_is_stored(loop: Loop) -> None:
    fail(loop, "forget", "Fatal: permission denied")
    lines = loop.run(NOON, NOON + 30, step=30)
    assert stored(loop) == ["dump 1"]
    expected = "the backup is stored, but old ones could not be removed, the next try is in 60 s: Fatal: permission"
    assert expected in lines[-1]["message"]
    assert not loop.is_healthy(NOON + 60)


def test_the_repository_is_checked_weekly_another_eighth_each_time(loop: Loop) -> None:
    loop.run(NOON, NOON + 15 * DAY, step=DAY // 2)
    checks = loop.calls("restic check")
    assert [(when - NOON) // DAY for when, _ in checks] == [7, 14]
    assert len({what for _, what in checks}) == 2
    assert all(what.startswith("restic check --read-data-subset ") and what.endswith("/8") for _, what in checks)


def test_a_new_repository_is_checked_after_its_first_backup(loop: Loop) -> None:
    (loop.root / "spool/state/checked").unlink()
    loop.run(NOON, NOON + 60, step=30)
    assert len(loop.calls("restic check")) == 1


def test_a_check_that_fails_is_said_until_one_succeeds_and_read_again_ever_more_seldom(loop: Loop) -> None:
    (loop.root / "spool/state/checked").unlink()
    fail(loop, "check", "Fatal: repository contains errors")
    lines = [line for line in loop.run(NOON, NOON + 60 * 3600, step=7200) if line["level"] == "ERROR"]
    tries = [(when - NOON) // 3600 for when, _ in loop.calls("restic check")]
    assert tries == [2, 4, 6, 12, 36], "each try reads an eighth of the data"
    expected = "the check of the repository failed, the next try is at 2026-01-01T14:15:00Z: Fatal: repository contains"
    assert lines[0]["message"].startswith(expected)
    assert not loop.is_healthy(NOON + 3 * DAY)
    (loop.root / "fails.check").unlink()
    loop.run(NOON + 4 * DAY, NOON + 4 * DAY + 30, step=30)
    assert loop.is_healthy(NOON + 4 * DAY + 30)


@pytest.mark.parametrize("request_", ["77", ""], ids=["requested", "scheduled"])
def test_a_check_ends_for_a_backup_that_was_requested(loop: Loop, request_: str) -> None:
    """A check takes hours, in which the server would be stopped for an upgrade."""
    (loop.root / "spool/state/checked").unlink()
    spool = loop.root / "spool"
    arrive(loop, NOON, 2, request=request_)
    (spool / "ready-1000002").rename(spool / "meanwhile")
    arrives = f'mv "{spool}/meanwhile" "{spool}/ready-1000002" 2>/dev/null'
    # restic ends with 130 when it is told to end.
    lasts = "trap 'exit 130' TERM; for _ in 1 2 3 4 5 6 7 8 9 10; do /bin/sleep 0.1; done"
    (loop.root / "fails.check").write_text(f"{arrives} && {{ {lasts}; }}; true")
    lines = loop.run(NOON, NOON + 120, step=30)
    messages = [line["message"] for line in lines]
    again = "the check of the repository begins again once the backup is stored that was requested"
    assert (again in messages) == bool(request_)
    assert len(loop.calls("restic check")) == (2 if request_ else 1)
    assert loop.state("check-failed") is None
    assert len(stored(loop)) == 2
    assert messages.count("the repository is intact") == 1


def test_a_check_that_failed_is_repeated_after_a_restart_and_not_forgotten(loop: Loop) -> None:
    (loop.root / "spool/state/checked").unlink()
    fail(loop, "check", "Fatal: repository contains errors")
    loop.run(NOON, NOON + 12 * 3600, step=7200)
    # Not even by a backup, whose mark is another one.
    arrive(loop, NOON + DAY, 2)
    loop.run(NOON + DAY, NOON + DAY + 30, step=30)
    assert not loop.is_healthy(NOON + DAY + 30)
    before = len(loop.calls("restic check"))
    loop.run(NOON + DAY + 60, NOON + 2 * DAY, step=7200)
    again = [when - NOON - DAY - 60 for when, _ in loop.calls("restic check")[before:]]
    assert again == [0], "the restart tries at once and goes on with the longest pause"
    assert not loop.is_healthy(NOON + 2 * DAY)


def test_the_damaged_part_is_read_until_it_is_intact(loop: Loop) -> None:
    """In another week, the check of another part would succeed and hide the damage."""
    fail(loop, "check", "Fatal: repository contains errors")
    loop.run(NOON, NOON + 9 * DAY, step=DAY // 4)
    (loop.root / "fails.check").unlink()
    loop.run(NOON + 15 * DAY, NOON + 15 * DAY + 30, step=30)
    assert len({what for _, what in loop.calls("restic check")}) == 1
    assert loop.is_healthy(NOON + 15 * DAY + 30)


def test_a_new_repository_has_no_damage_of_the_old_one(loop: Loop) -> None:
    (loop.root / "spool/state/checked").unlink()
    fail(loop, "check", "Fatal: repository contains errors")
    loop.run(NOON, NOON + 60, step=30)
    loop.environment = {**KEEP, "RESTIC_REPOSITORY": "s3:s3.example.com/others"}
    loop.run(NOON + 120, NOON + 150, step=30)
    assert loop.state("check-failed") is None


@pytest.mark.parametrize("known", [[], [7, 12, 9]], ids=["first", "later"])
def test_backups_are_numbered_in_the_order_in_which_they_are_made(loop: Loop, known: list[int]) -> None:
    """Whatever the clock says, and whatever became of the spool: the repository is asked, once."""
    numbers = ",".join(f'{{"hostname":"prod","tags":["manual","number={number}"]}}' for number in known)
    (loop.root / "fails.snapshots").write_text(f"echo '[{numbers}]'")
    arrive_later = "mkdir /spool/ready-1000002 && cp -r /spool/manifest /spool/ready-1000002/manifest.json"
    loop.shell.file("/spool/manifest").write_text((loop.root / "spool/ready-1000001/manifest.json").read_text())
    loop.at(NOON + 60, f"{arrive_later} && touch /spool/ready-1000002/kotauth.dump")
    loop.run(NOON, NOON + 120, step=30)
    first = max(known, default=0) + 1
    made = [re.search(r"--tag number=(\d+)", what) for _, what in loop.calls("restic backup")]
    assert [int(match[1]) for match in made if match] == [first, first + 1]
    assert len(loop.calls("restic snapshots")) == 1


def test_a_number_that_may_have_been_used_is_asked_for_again(loop: Loop) -> None:
    fail(loop, "backup", "Warning: at least one source file could not be read", 3)
    loop.run(NOON, NOON + 120, step=60)
    assert len(loop.calls("restic snapshots")) == len(loop.calls("restic backup")) == 2


@pytest.mark.parametrize("name", ["stored", "checked"])
def test_a_time_in_the_future_hides_nothing(loop: Loop, name: str) -> None:
    due = moment("2026-01-01 03:30")
    for each in ("stored", "checked"):
        (loop.root / f"spool/state/{each}").write_text(f"{due + 60}\n")
    (loop.root / "spool/state" / name).write_text(f"{due + 400 * DAY}\n")
    (loop.root / "tmp/started").write_text(f"{due + 300 * DAY}\n")
    if name == "stored":
        assert not loop.is_healthy(due + 7300)
    else:
        (loop.root / "spool/ready-1000001/manifest.json").unlink()
        loop.run(due + 7300, due + 7330, step=30)
        assert len(loop.calls("restic check")) == 1


def test_the_probe_sees_an_overdue_backup(loop: Loop) -> None:
    (loop.root / "tmp/started").write_text(f"{NOON - DAY}\n")
    (loop.root / "spool/state/stored").write_text(f"{NOON - DAY}\n")
    due = moment("2026-01-01 03:30")
    assert loop.is_healthy(due + 7100)
    assert not loop.is_healthy(due + 7300)


def test_a_clock_that_jumps_back_does_not_put_the_next_try_off(loop: Loop) -> None:
    fail(loop, "backup", "no route to host")
    back = NOON - 3 * DAY
    end = f'echo \'kill -TERM "$PPID"\' >"$EVENTS/{back + 60}"'
    loop.at(NOON + 30, f'now={back}; echo "$now" >"$CLOCK"; rm "{loop.root}/fails.backup"; {end}')
    loop.run(NOON, NOON + DAY, step=30)
    assert stored(loop) == ["dump 1"]


@pytest.mark.parametrize("secret", ["s3_credentials", "sftp_key", ""])
def test_restic_gets_secrets_as_files_only(tmp_path: Path, secret: str) -> None:
    loop = Loop(Shell(tmp_path), "store.sh", KEEP)
    loop.shell.command("restic", 'printf "%s\\n" "$@" >>"$CALLS"; env >>"$CALLS"; exit 1')
    if secret:
        (loop.root / "run/secrets" / secret).write_text("canary")
    arrive(loop, NOON)
    loop.run(NOON, NOON + 30, step=30)
    called = (loop.root / "calls").read_text()
    assert "canary" not in called
    assert f"RESTIC_PASSWORD_FILE={loop.root}/run/secrets/repository_password" in called
    assert ("AWS_SHARED_CREDENTIALS_FILE=" in called) == (secret == "s3_credentials")
    assert (f"UserKnownHostsFile={loop.root}/run/config/known_hosts" in called) == (secret == "sftp_key")
