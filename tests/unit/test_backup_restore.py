"""What a restore runs in its containers, and what it asks a repository for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cli.backups.database import Look
from cli.backups.job import Runner
from cli.backups.restore import contents
from cli.backups.site import SiteError
from cli.backups.source import Source
from components.backups.dump import FOLDER
from components.kotauth.secret_key import chain_key_id, key_fingerprint
from tests.unit.shell import Shell

KEY, DUMP = "0123456789abcdef" * 4, b"a dump"
VERIFY = ("verify", str(len(DUMP)), hashlib.sha256(DUMP).hexdigest())
RESTORE, READ = ((FOLDER / name).read_text() for name in ("restore.sh", "read.sh"))
PGPASS = "/tmp/pgpass"  # noqa: S108 - moved
MOVED = ("/run/secrets", "/run/config", PGPASS, "/tmp/errors", "/restored")  # noqa: S108 - moved
PSQL = r"""
[ -z "${PSQL_FAILS:-}" ] || { printf 'psql: error: no route\nHINT:  plug it in\n' >&2; exit 2; }
echo '{"postgres": 14}'
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.command("psql", PSQL)
    shell.command("pg_restore", 'printf "pg_restore: error: it exists\\nCommand was: CREATE\\n" >&2; exit 1')
    shell.file("/run/secrets/database_password").write_text("a:b\\c\n")
    shell.file("/run/secrets/secret_key").write_text(f"{KEY}\n")
    shell.file("/restored/backup/kotauth.dump").write_bytes(DUMP)
    return shell


def run(shell: Shell, *steps: str, **environment: str) -> tuple[int, list[str]]:
    done = shell.run(RESTORE, *steps, moved=MOVED, environment={"SCHEMA": "kotauth", **environment})
    return done.returncode, done.stdout.splitlines()


def test_steps_print_one_line_each(shell: Shell) -> None:
    code, printed = run(shell, *VERIFY, "look", "key")
    assert (code, printed) == (0, ['{"postgres": 14}', f"{key_fingerprint(KEY)} {chain_key_id(KEY)}"])
    assert shell.file(PGPASS).read_text() == "*:*:*:*:a\\:b\\\\c\n"


@pytest.mark.parametrize(
    ("steps", "told"),
    {
        ("verify", "7", VERIFY[2]): "the backup is damaged: the dump has 6 bytes, and its manifest says 7",
        ("verify", "6", "0" * 64): "the backup is damaged: the dump does not have the checksum of its manifest",
        (*VERIFY, "look", "key"): "the database can't be read: psql: error: no route",
        ("empty",): "the schema can't be emptied: psql: error: no route",
        ("restore", "look"): "the restore failed, and the schema is empty: pg_restore: error: it exists",
    }.items(),
)
def test_a_step_that_fails_is_the_last_and_says_why(shell: Shell, steps: tuple[str, ...], told: str) -> None:
    code, printed = run(shell, *steps, PSQL_FAILS="yes")
    assert code == 1
    assert len(printed) == 1
    assert printed[0].startswith(told)


def test_a_failure_that_a_full_disk_left_without_words_is_listed(shell: Shell) -> None:
    for name in ("common.sh", "repository.sh"):
        shell.file(f"/run/config/{name}").write_text((FOLDER / name).read_text().replace("/spool", str(shell.root)))
    shell.file("/state/store-failed").touch()
    shell.command("restic", "echo null")
    done = shell.run(READ, "list", moved=("/run/config",), environment={"STACK": "prod"}, interpreter="sh")
    lines = done.stdout.splitlines()
    assert json.loads(lines[0]) is None
    assert lines[1:] == ["checked 0", "store-failed "]


LISTS = "make backups STACK=prod"


@pytest.mark.parametrize("is_stored_meanwhile", [False, True])
def test_a_backup_that_is_stored_while_the_others_are_listed_is_not_missed(
    shell: Shell, is_stored_meanwhile: bool
) -> None:
    for name in ("common.sh", "repository.sh"):
        shell.file(f"/run/config/{name}").write_text((FOLDER / name).read_text().replace("/spool", str(shell.root)))
    last = shell.file("/state/last")
    last.write_text('{"id":"0"}\n')
    shell.command("restic", f"echo null; {f'echo new >{last}' if is_stored_meanwhile else 'true'}")
    done = shell.run(READ, "list", moved=("/run/config",), environment={"STACK": "prod"}, interpreter="sh")
    assert ('last {"id":"0"}' in done.stdout.splitlines()) == (not is_stored_meanwhile)
    assert "new" not in done.stdout


@pytest.mark.parametrize(
    ("spool", "said"),
    {
        ("state",): "[]\nchecked 0",
        ("state", "state/repository"): "the backups can't be listed: the repository at s3:x is gone. If it was deleted",
        (): "the backups can't be listed: there is no repository at s3:x: the first backup makes it",
    }.items(),
    ids=["the first backup is to come", "it was there", "of a kit"],
)
def test_a_repository_that_is_gone_is_not_one_without_backups(shell: Shell, spool: tuple[str, ...], said: str) -> None:
    for name in ("common.sh", "repository.sh"):
        script = (FOLDER / name).read_text().replace("/spool", f"{shell.root}/spool")
        shell.file(f"/run/config/{name}").write_text(script)
    for path in spool:
        shell.file(f"/spool/{path}/x")
    shell.command("restic", "exit 10")
    environment = {"STACK": "prod", "RESTIC_REPOSITORY": "s3:x"}
    done = shell.run(READ, "list", moved=("/run/config",), environment=environment, interpreter="sh")
    assert done.stdout.startswith(said)


SNAPSHOTS = (
    '[{"time":"2026-01-01T03:30:00Z","tags":["number=9"],"summary":{"x":1},"id":"111111110","short_id":"11111111"},'
    '{"time":"2025-01-01T03:30:00Z","tags":["manual","number=10"],"id":"222222220","short_id":"22222222"},'
    '{"time":"2027-01-01T03:30:00Z","tags":["number=8"],"id":"333333330","short_id":"33333333"}]'
)
FETCHES = {
    "the one that was made last": ("latest", SNAPSHOTS, "", 0, "22222222\n{}"),
    "without numbers": ("latest", "[]", "", 0, "latest\n{}"),
    "by its id": ("33333333", SNAPSHOTS, "", 0, "33333333\n{}"),
    "no backup yet": ("latest", "[]", "Fatal: no snapshot found", 1, "stack prod has no backup yet"),
    "no such backup": (
        "33333333",
        "[]",
        "Fatal: no matching ID found",
        1,
        "there is no backup 33333333 of stack prod: make backups STACK=prod lists them",
    ),
    "no repository yet": (
        "latest",
        "",
        "",
        10,
        "there is no repository at s3:s3.example.com/backups: the first backup makes it",
    ),
    "unreachable": (
        "latest",
        "",
        "Fatal: no route to host",
        1,
        "the backup latest can't be read: Fatal: no route to host",
    ),
}


@pytest.mark.parametrize("case", FETCHES)
def test_a_backup_is_fetched_by_its_id(shell: Shell, case: str) -> None:
    wanted, snapshots, error, code, told = FETCHES[case]
    for name in ("common.sh", "repository.sh"):
        script = (FOLDER / name).read_text().replace("/tmp", str(shell.root))  # noqa: S108 - moved
        shell.file(f"/run/config/{name}").write_text(script.replace("/spool", str(shell.root)))
    # A stack's own spool is there, too.
    shell.file("/state/check-failed").touch()
    shell.file("/restored/backup/manifest.json").write_text("{}")
    fails = f"echo '{error}' >&2; exit {code}"
    listed = f"echo '{snapshots}'" if snapshots else fails
    shell.command("restic", f'case "$*" in *snapshots*) {listed} ;; *) {fails} ;; esac')
    environment = {"STACK": "prod", "RESTIC_REPOSITORY": "s3:s3.example.com/backups"}
    moved = ("/run/config", "/restored")
    done = shell.run(READ, "fetch", wanted, LISTS, moved=moved, environment=environment, interpreter="sh")
    assert (done.stdout.strip(), done.returncode) == (told, min(code, 1))


@pytest.mark.parametrize("wanted", ["latest:/kotauth.dump", "--help", "", "0123", "LATEST", "0123456g"])
def test_only_an_id_or_latest_is_asked_for(wanted: str) -> None:
    source = Source(stack="prod", shown="", command=LISTS, image="", environment={}, mounts=[])
    no_host: Runner = Runner(None, "")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SiteError, match=f'FROM = "{wanted}": must be latest or .*: {LISTS} lists them'):
        source.fetch(no_host, wanted, "work")


def test_the_question_says_how_much_data_a_restore_replaces() -> None:
    look = Look(14, 3, beyond_seed=3, schema_version=None, rows={"users": 1, "tenants": 1, "audit_log": 3})
    assert contents(look) == "workspaces 1, users 1, audit lines 3"
    assert contents(Look(14, 1, beyond_seed=1, schema_version=None, rows={"users": 2})).startswith("workspaces 0, ")
