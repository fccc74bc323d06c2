"""What the containers of the backups do with a real PostgreSQL, real restic and real repositories, and with faults."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from cli.backups.drill import Plan, drill
from cli.backups.job import JOB_LABEL, Job, JobError, Mount
from cli.backups.kit import Kit, RepositoryKit
from cli.backups.manifest import ManifestError
from cli.backups.restore import compare
from cli.backups.site import SiteError
from cli.backups.source import CONFIG, SECRETS, WORK, Source, of_kit
from components.backups import dump, store
from components.backups.known_hosts import has_key, parse_known_hosts
from components.backups.repository import FOLDER
from components.kotauth.secret_key import chain_key_id, key_fingerprint
from simulators import images as built
from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.e2e.backup_lab import CANARY, COUNTS, KEY, LOGIN, STACK, Containers, Lab, Site, backup_lab
from tests.e2e.ssh_server import SshServer, ssh_server

pytestmark = pytest.mark.docker

KINDS = ("volume", "s3", "sftp")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, images: dict[str, str]) -> Iterator[Lab]:
    chosen = built.choose(backups=True)
    with backup_lab(tmp_path_factory.mktemp("backups"), images["databaseImage"], chosen["backupImage"]) as lab:
        yield lab


@pytest.fixture(scope="module")
def s3(lab: Lab) -> Iterator[ThreadedMotoServer]:
    server = ThreadedMotoServer(lab.gateway, 0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def sftp(lab: Lab) -> Iterator[SshServer]:
    with ssh_server(lab.folder, lab.gateway) as server:
        yield server


@pytest.fixture(scope="module")
def sites(lab: Lab, s3: ThreadedMotoServer, sftp: SshServer) -> dict[str, tuple[Site, Containers]]:
    """Return a repository of each kind, with the containers that back up to it; all start at the same time."""
    made = {
        "volume": lab.on_volume(),
        "s3": lab.on_s3(s3),
        "sftp": lab.on_sftp(sftp, lab.folder / "repository"),
    }
    return {kind: (site, lab.back_up(site)) for kind, site in made.items()}


@pytest.fixture(scope="module")
def retained(lab: Lab) -> str:
    """Start 60 days of backups in a container, one after the other; return it."""
    site, days = lab.on_volume(), ROUNDS
    script = f"""
        set -- none
        . {CONFIG}/store.sh
        mkdir -p "$state" "$spool/cache" "$spool/tmp" "$spool/taking"
        for day in $(seq 0 {days - 1}); do
          echo "$day" >"$spool/taking/kotauth.dump"
          take scheduled $(({int(FIRST.timestamp())} + day * 86400)) && forget scheduled || exit
        done
        # A clock that is far ahead, and one that was set back too far.
        echo '{{"format":8}}' >"$spool/taking/manifest.json"
        take manual {int(AHEAD.timestamp())} && forget manual || exit
        echo '{{"format":9}}' >"$spool/taking/manifest.json"
        take scheduled {int(BACK.timestamp())} && forget scheduled
    """
    spec = store.store(
        stack=STACK,
        image=lab.restic,
        repository=site.repository,
        known_hosts="",
        schedule=["03:30"],
        retention=store.Retention(7, 5, 12),
    )
    files = {name: content.encode() for name, content in spec["config_files"].items()}  # pyright: ignore
    job = Job(
        image=lab.restic,
        command=["sh", "-c", script],
        user=dump.USER,
        environment={name: str(value) for name, value in spec["environment"].items()},  # pyright: ignore
        cpus=2,
        mounts=[
            Mount(volume=lab.volume(), path=dump.SPOOL, read_only=False),
            Mount(volume=site.volume, path=FOLDER, read_only=False),
        ],
        files={CONFIG: files, SECRETS: {store.PASSWORD_FILE: lab.repository_password.encode()}},  # pyright: ignore
    )
    container = lab.runner.create(job)
    lab.runner.host.post(f"/containers/{container}/start")
    RETAINED[container] = site
    return container


ROUNDS = 60
FIRST = datetime(2026, 1, 1, 3, 30, tzinfo=UTC)
AHEAD, BACK = datetime(2126, 1, 1, tzinfo=UTC), FIRST + timedelta(days=10, minutes=1)
RETAINED: dict[str, Site] = {}


@pytest.fixture
def source(lab: Lab, sites: dict[str, tuple[Site, Containers]]) -> Iterator[Callable[[Site], Source]]:
    """Return how a repository is read by its kit alone."""
    with ExitStack() as opened:
        yield lambda site: opened.enter_context(of_kit(lab.runner, Kit(lab.kit(site), None, "KIT=kit.json")))


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_is_read_by_its_kit_and_is_whole(
    lab: Lab, sites: dict[str, tuple[Site, Containers]], source: Callable[[Site], Source], retained: str, kind: str
) -> None:
    site, containers = sites[kind]
    made = containers.stored()
    repository = source(site)
    # Other tests ask for backups of their own, before or after this one.
    (backup,) = (each for each in repository.list(lab.runner).backups if each.id == made["id"])
    assert (backup.tags, backup.time.timestamp()) == (["manual" if made["request"] else "scheduled"], made["time"])
    work = lab.volume()
    manifest = repository.fetch(lab.runner, backup.id, work)
    # Another test adds a table for a while.
    assert {**manifest.rows, **COUNTS} == manifest.rows
    assert (manifest.stack, manifest.postgres, manifest.schema_version) == (STACK, 14, 59)
    assert (manifest.key_fingerprint, manifest.chain_key_id) == (key_fingerprint(KEY), chain_key_id(KEY))
    lab.database(work).verify(manifest)


def test_the_spool_is_empty_afterwards_and_the_repository_holds_nothing_in_clear(
    lab: Lab, sites: dict[str, tuple[Site, Containers]]
) -> None:
    site, containers = sites["volume"]
    containers.stored()
    eventually("the dump is gone", lambda: containers.run("ls /spool").split() == ["cache", "state", "tmp"])
    looking = ["sh", "-c", f"grep -rl '{CANARY}' /repository; ls /repository"]
    mount = Mount(volume=site.volume, path=FOLDER)
    found = lab.runner.run(Job(image=lab.restic, command=looking, user=dump.USER, mounts=[mount]), seconds=300)
    assert found.split() == ["config", "data", "index", "keys", "locks", "snapshots"]
    assert [containers.probe(each) for each in (containers.dump, containers.store)] == [0, 0]


def failure(containers: Containers, name: str) -> str:
    """Wait for a failure, and return its message."""
    eventually(f"{name} is noted", lambda: containers.state(name) is not None)
    return containers.state(name)["message"]


def test_a_repository_with_another_password(lab: Lab, sites: dict[str, tuple[Site, Containers]]) -> None:
    site, first = sites["volume"]
    first.stored()
    other = lab.back_up(site, password="another")
    assert "has another password than this stack's" in failure(other, "store-failed")
    assert other.probe(other.store) != 0
    assert [path for path in other.run("ls /spool/taking").split() if path == "kotauth.dump"], "the dump waits"


def test_a_repository_that_is_unreachable_gets_the_next_backup(
    lab: Lab, sites: dict[str, tuple[Site, Containers]], source: Callable[[Site], Source], s3: ThreadedMotoServer
) -> None:
    site, containers = sites["s3"]
    containers.stored()
    docker("network", "disconnect", lab.outside, containers.store)
    containers.ask("1")
    assert "the backup is not stored, the next try is in 60 s" in failure(containers, "store-failed")
    docker("network", "connect", lab.outside, containers.store)
    containers.ask("2")
    eventually("the next one is stored", lambda: containers.state("last")["request"] == "2")
    eventually("the failure is over", lambda: containers.state("store-failed") is None)
    assert {tag for backup in source(site).list(lab.runner).backups for tag in backup.tags} == {"scheduled", "manual"}


def test_a_lock_of_a_dead_process_is_named(lab: Lab, sites: dict[str, tuple[Site, Containers]]) -> None:
    site, containers = sites["sftp"]
    containers.stored()
    # On another host, killed in the middle of a check, which locks the repository for itself.
    checking = lab.runner.create(lab.reading(site, "restic check --read-data --limit-download 1"))
    lab.runner.host.post(f"/containers/{checking}/start")
    # Not the file by which a lock is uploaded.
    locks = lab.folder / "repository/locks"
    eventually("the repository is locked", lambda: any(len(lock.name) == 64 for lock in locks.iterdir()))
    docker("kill", checking)
    containers.ask("1")
    message = failure(containers, "store-failed")
    assert "another process has locked the repository. If that process is dead" in message
    # As restic does once the lock is half an hour old.
    for lock in locks.iterdir():
        lock.unlink(missing_ok=True)
    containers.ask("2")
    eventually("the next one is stored", lambda: containers.state("last")["request"] == "2")


def test_a_full_disk_fails_the_dump_and_leaves_nothing(lab: Lab) -> None:
    small = lab.volume("--opt=type=tmpfs", "--opt=device=tmpfs", "--opt=o=size=1m,uid=65534,mode=0700")
    containers = lab.back_up(lab.on_volume(), spool=small)
    assert "No space left on device" in failure(containers, "dump-failed")
    assert containers.probe(containers.dump) != 0
    assert "new" not in containers.run("ls /spool").split()
    # Files of others leave no room for what is noted, either.
    containers.run("cat /dev/zero >/spool/foreign; rm /spool/state/dump-failed; : >/spool/state/request")
    eventually("the failure is seen", lambda: containers.probe(containers.dump) != 0)


def test_ssh_knows_a_host_by_the_lines_that_a_preview_accepts(lab: Lab, sftp: SshServer, tmp_path: Path) -> None:
    user, _, place = sftp.url.removeprefix("ssh://").partition("@")
    host, _, port = place.partition(":")
    names = ("host_key.pub", "authority.pub", "user_key.pub")
    key, authority, another = ((lab.folder / name).read_text().strip() for name in names)
    own = f"[{host}]:{port}"
    hashed = tmp_path / "hashed"
    hashed.write_text(f"{own} {key}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", hashed], check=True, capture_output=True)
    tried = {
        f"{own} {key}": True,
        f"{host} {key}": True,
        f"other.example.com,{host[:-1]}? {key}": True,
        f"*,!{host} {key}": True,
        f"*,!{host},!{own} {key}": False,
        f"[{host}]:22 {key}": False,
        f"other.example.com {key}": False,
        hashed.read_text().strip(): True,
        hashed.read_text().strip().replace("|1|", "|1|AAAA"): False,
        f"@cert-authority {own} {authority}": True,
        f"@cert-authority {host} {authority}": True,
        f"@revoked {own} {key}": False,
        f"{own} {key}\n@revoked {own} {key}": False,
        f"{own} {key}\n@revoked {own} {another}": True,
    }
    for lines, known in tried.items():
        file = tmp_path / "known_hosts"
        file.write_text(parse_known_hosts(lines))
        options = [*sftp.options[:4], "-o", f"UserKnownHostsFile={file}", "-o", "StrictHostKeyChecking=yes"]
        command = ["ssh", *options, "-o", "BatchMode=yes", "-p", port, f"{user}@{host}", "true"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert (done.returncode == 0, has_key(lines, host, int(port))) == (known, known), f"{lines}\n{done.stderr}"


def test_two_requests_at_once(lab: Lab, sites: dict[str, tuple[Site, Containers]]) -> None:
    _, containers = sites["volume"]
    asking = ["docker", "exec", containers.dump, "sh", "-c", (dump.FOLDER / "ask.sh").read_text(), "ask", "manual"]
    both = [subprocess.Popen([*asking, number], stdout=subprocess.PIPE, text=True) for number in ("0123", "4567")]
    ended = sorted((process.wait(300), process.communicate()[0]) for process in both)
    refused = [text for code, text in ended if code]
    assert [json.loads(text.splitlines()[-1])["id"] for code, text in ended if not code]
    assert all("another backup was requested a moment ago" in text for text in refused)


def test_a_backup_that_does_not_exist(
    lab: Lab, sites: dict[str, tuple[Site, Containers]], source: Callable[[Site], Source]
) -> None:
    site, containers = sites["volume"]
    containers.stored()
    message = r"there is no backup 01234567 of stack prod: make backups KIT=kit\.json lists them"
    with pytest.raises(JobError, match=message):
        source(site).fetch(lab.runner, "01234567", lab.volume())


DAMAGES = {
    "truncate -s -1000 kotauth.dump": "it is truncated or changed",
    "printf x | dd of=kotauth.dump bs=1 seek=100000 conv=notrunc": "does not have the checksum of its manifest",
}


def test_a_damaged_dump_is_refused(
    lab: Lab, source: Callable[[Site], Source], sites: dict[str, tuple[Site, Containers]]
) -> None:
    site, containers = sites["volume"]
    containers.stored()
    for damage, expected in DAMAGES.items():
        work = lab.volume()
        manifest = source(site).fetch(lab.runner, "latest", work)
        script = f"cd {WORK}/backup && chmod u+w kotauth.dump && {damage}"
        mount = Mount(volume=work, path=WORK, read_only=False)
        lab.runner.run(Job(image=lab.image, command=["sh", "-c", script], user=dump.USER, mounts=[mount]), seconds=300)
        with pytest.raises(JobError, match=expected):
            lab.database(work).verify(manifest)


FAULTY = {
    "truncated": (
        "head -c 100000 kotauth.dump >short && mv -f short kotauth.dump",
        "the backup is damaged: the dump has 100000 bytes",
    ),
    "of a newer Kotauth": (
        """sed -i 's/"image":"[^"]*"/"image":"kotauth:9.0.0"/' manifest.json""",
        "the backup is of kotauth:9.0.0, and this stack runs the older kotauth:1.22.0",
    ),
    "of a newer PostgreSQL": (
        """sed -i 's/"postgres" *: *14/"postgres":18/' manifest.json""",
        "the backup is of PostgreSQL 18, and this database is 14: set databaseVersion to 18",
    ),
    "without a row": (
        """sed -i 's/"tenants" *: *2/"tenants":3/' manifest.json""",
        "other numbers of rows than the backup: tenants 2 instead of 3",
    ),
}
"""What changes a backup, and what a drill with it says."""


@pytest.fixture(scope="module")
def faulty(lab: Lab, sites: dict[str, tuple[Site, Containers]]) -> tuple[RepositoryKit, dict[str, str]]:
    """Return the kit of a stack whose backups are all faulty, and their ids."""
    site, containers = sites["volume"]
    containers.stored()
    work, kit = lab.volume(), lab.kit(site)
    with of_kit(lab.runner, Kit(kit, None)) as source:
        source.fetch(lab.runner, "latest", work)
    steps = [
        f"rm -rf /tmp/it; cp -r {WORK}/backup /tmp/it && cd /tmp/it && {change} && "
        # The containers may still remove old backups or check the repository, and lock it meanwhile.
        "restic backup --retry-lock=5m --json --host faulty . && "
        'sed -n \'s/.*"snapshot_id":"\\([0-9a-f]*\\).*/\\1/p\' $said || exit'
        for change, _ in FAULTY.values()
    ]
    mounts = [Mount(volume=site.volume, path=FOLDER, read_only=False), Mount(volume=work, path=WORK)]
    made = lab.runner.run(replace(lab.reading(site, "\n".join(steps)), mounts=mounts), seconds=300).split()
    return replace(kit, stack="faulty"), dict(zip(FAULTY, made, strict=True))


def drill_fails(lab: Lab, kit: RepositoryKit, wanted: str = "latest", key: str = KEY) -> str:
    """Run a drill that fails, look that it left nothing, and return what it said."""
    plan = partial(
        Plan,
        wanted=wanted,
        server_image=kit.images["server"],
        database_image=kit.images["database"],
        base_url=kit.base_url,
        secret_key=key,
    )
    with pytest.raises((JobError, SiteError)) as failed, of_kit(lab.runner, Kit(kit, None)) as source:
        drill(lab.runner, plan(source=source))
    of_drill = f"--filter=label={JOB_LABEL}={lab.runner.stack_label}/drill"
    listed = [docker(*words, "--quiet", of_drill) for words in (("ps", "--all"), ("volume", "ls"), ("network", "ls"))]
    assert listed == ["", "", ""]
    return str(failed.value)


@pytest.mark.parametrize("fault", FAULTY)
def test_a_drill_names_what_is_wrong_with_a_backup(
    lab: Lab, faulty: tuple[RepositoryKit, dict[str, str]], fault: str
) -> None:
    kit, made = faulty
    assert FAULTY[fault][1] in drill_fails(lab, kit, made[fault])


def test_a_drill_names_what_is_wrong_with_its_kit(
    lab: Lab, sites: dict[str, tuple[Site, Containers]], sftp: SshServer
) -> None:
    site, containers = sites["volume"]
    containers.stored()
    kit = lab.kit(site)
    assert "there is no backup 01234567 of stack prod" in drill_fails(lab, kit, "01234567")
    assert "the secret key does not belong to the backup" in drill_fails(lab, kit, key="another" * 6)
    gone = replace(kit, repository="volume:kotauth-gone")
    assert "the volume kotauth-gone of the kit's repository is not on this Docker host" in drill_fails(lab, gone)
    files = {**kit.files, store.PASSWORD_FILE: "another"}
    assert "has another password than this stack's" in drill_fails(lab, replace(kit, files=files))
    elsewhere = lab.kit(sites["sftp"][0])
    silent = re.sub(r":\d+/", ":1/", elsewhere.repository)
    assert "can't be read: " in drill_fails(lab, replace(elsewhere, repository=silent))


def test_a_restore_that_is_killed_leaves_an_empty_schema_and_can_be_run_again(
    lab: Lab, source: Callable[[Site], Source], sites: dict[str, tuple[Site, Containers]]
) -> None:
    site, containers = sites["volume"]
    containers.stored()
    work = lab.volume()
    manifest = source(site).fetch(lab.runner, "latest", work)
    database = lab.database(work)
    assert database.look().beyond_seed == 1 + COUNTS["users"] - 1 + 2
    with pytest.raises(JobError, match=r"the restore failed, .*: pg_restore: error: .*already exists"):
        database.restore()
    database.empty()
    assert database.look().tables == 0
    # It waits at this table, in the middle, until it is killed.
    sql = "BEGIN; CREATE TABLE kotauth.users (id int); SELECT pg_sleep(600);"
    waiting = threading.Thread(target=lambda: lab.cluster.log_in(sql, LOGIN, lab.login_password))
    waiting.start()
    others = "FROM pg_stat_activity WHERE query ~ 'pg_sleep.600' AND pid <> pg_backend_pid()"
    asleep = f"SELECT count(*) {others} AND wait_event = 'PgSleep'"
    eventually("the table is taken", lambda: lab.cluster.as_superuser(asleep) == "1")
    job = Job(
        image=lab.image,
        command=["bash", f"{CONFIG}/restore.sh", "restore"],
        user=database.user,
        environment={**database.environment, "SCHEMA": "kotauth"},
        mounts=[database.secrets, Mount(volume=work, path=WORK)],
        files={CONFIG: {"restore.sh": (dump.FOLDER / "restore.sh").read_bytes()}},
        networks=[database.network],
    )
    restoring = lab.runner.create(job)
    lab.runner.host.post(f"/containers/{restoring}/start")
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_restore' AND wait_event_type = 'Lock'"
    eventually("the restore is in the middle", lambda: lab.cluster.as_superuser(blocked) == "1")
    docker("kill", restoring)
    lab.cluster.as_superuser(f"SELECT pg_terminate_backend(pid) {others}")
    waiting.join()
    assert database.look().tables == 0
    compare(manifest, database.restore())
    owners = lab.cluster.as_superuser("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'kotauth'")
    assert owners == "kotauth"
    # What was restored can be backed up again: the login of the backups reads the new tables, too.
    assert lab.cluster.dump_as("kotauth_backup", lab.backup_password).code == 0


LEAST = int(os.environ.get("BACKUP_ROWS", "20000"))
"""Rows that are written while a backup runs. They are more where it takes longer."""
BULK = int(os.environ.get("BACKUP_BULK", "0"))
"""Rows that are there before, for a measurement."""
_WRITE = f"""
BEGIN;
CREATE TABLE load (id bigserial PRIMARY KEY, at timestamptz NOT NULL);
INSERT INTO load (at) SELECT clock_timestamp() FROM generate_series(1, {BULK});
COMMIT;
DO $$ BEGIN
  FOR n IN 1..10000000 LOOP
    INSERT INTO load (at) VALUES (clock_timestamp());
    COMMIT;
    EXIT WHEN n >= {LEAST} AND n % 100 = 0 AND to_regclass('kotauth.enough') IS NOT NULL;
  END LOOP;
END $$;
"""
_COUNTED = """
SELECT count(*), count(DISTINCT id), max(id), count(*) FILTER (WHERE extract(epoch FROM at) < {time}) FROM kotauth.load
"""
_OVER = "SELECT min(at) < date_trunc('second', clock_timestamp()) FROM kotauth.load"
_PLAIN = """
set -euo pipefail
createdb -U kotauth_admin plain
psql -U kotauth_admin -qXd plain -c 'CREATE SCHEMA kotauth'
pg_dump -U kotauth_admin -Fc -n kotauth kotauth | pg_restore -U kotauth_admin -n kotauth --no-owner -d plain
psql -U kotauth_admin -qXAtd plain -c 'SELECT count(*) FROM kotauth.load'
"""


def test_every_row_that_was_committed_before_the_snapshot_is_there_once(
    lab: Lab,
    source: Callable[[Site], Source],
    sites: dict[str, tuple[Site, Containers]],
    record_property: Callable[[str, object], None],
) -> None:
    site, containers = sites["sftp"]
    containers.stored()
    writing = threading.Thread(target=lambda: lab.cluster.log_in(_WRITE, LOGIN, lab.login_password))
    writing.start()
    eventually("there is a table", lambda: lab.cluster.as_superuser("SELECT to_regclass('kotauth.load')") != "")
    eventually("rows are written in a second that is over", lambda: lab.cluster.as_superuser(_OVER) == "t")
    began = time.monotonic()
    containers.ask("load")
    eventually("it is stored", lambda: (containers.state("last") or {}).get("request") == "load")
    backed_up = time.monotonic() - began
    made = containers.state("last")
    lab.cluster.log_in("CREATE TABLE enough ()", LOGIN, lab.login_password)
    writing.join()
    counted = _COUNTED.format(time=made["time"])
    written, _, _, before = map(int, lab.cluster.as_superuser(counted).split("|"))

    began = time.monotonic()
    work = lab.volume()
    manifest = source(site).fetch(lab.runner, made["id"], work)
    database = lab.database(work)
    database.examine(manifest)
    database.empty()
    compare(manifest, database.restore())
    restored = time.monotonic() - began
    rows, distinct, newest, before_in_backup = map(int, lab.cluster.as_superuser(counted).split("|"))
    assert rows == distinct == newest, "a row is missing or there twice"
    # The moment of the snapshot has no fractions: of the rows of that second, each may be in it or not. One row may be
    # begun before that second, and committed after the snapshot.
    assert before - 1 <= before_in_backup <= before
    assert 0 < before_in_backup <= rows < written

    began = time.monotonic()
    plain = docker("exec", "--user=999", lab.cluster.container, "bash", "-c", _PLAIN)
    piped = time.monotonic() - began
    assert plain == str(rows)
    record_property(
        f"{written} rows written, {rows} of them in the snapshot",
        f"backed up in {backed_up:.1f} s, restored in {restored:.1f} s, plain pg_dump | pg_restore {piped:.1f} s",
    )


def test_sixty_days_leave_what_the_settings_say(lab: Lab, retained: str, source: Callable[[Site], Source]) -> None:
    eventually("sixty days are over", lambda: not lab.runner.state(retained)["Running"], seconds=900)
    assert lab.runner.state(retained)["ExitCode"] == 0, lab.runner.host.log(retained)
    days = [FIRST + timedelta(days=day) for day in range(ROUNDS)]
    newest_first = days[::-1]
    weeks = list({day.isocalendar()[:2]: day for day in days}.values())
    months = list({(day.year, day.month): day for day in days}.values())
    # As long as there are fewer months than are kept, the first backup stays.
    expected = {*newest_first[:7], *weeks[-5:], *months[-12:], days[0]}
    repository = source(RETAINED[retained])
    left = repository.list(lab.runner).backups
    assert [backup.time for backup in left] == [*sorted(expected), AHEAD, BACK], "in the order of their making"
    with pytest.raises(ManifestError, match="format 9"):
        repository.fetch(lab.runner, "latest", lab.volume())
