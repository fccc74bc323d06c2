"""`make restore`: put a backup into a stack.

Nothing is written before the backup is known to be whole, to fit the versions of the stack, and to belong to the secret
key that the stack has or gets. From the emptied schema on, a restore that is interrupted can be run again.
"""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from components.docker.database import KEY_FINGERPRINT_FILE
from components.kotauth.secret_key import chain_key_id, key_fingerprint

from .. import lifecycle
from . import backup, kit
from .database import Database, Look
from .host import HostError
from .job import Job, JobError
from .manifest import Manifest
from .site import Container, Site, SiteError
from .source import SECRETS, Source, of_kit, of_stack

_READY_SECONDS, _ROLE_SECONDS = 180.0, 60.0
_OTHER_KEY = """\
the secret key of stack {stack} is not the one that wrote this backup of {source}: {why}. Nothing was changed.
Give the stack the old key, then run the same command again:
  eval "$(make -s env)"
  pulumi config set --secret secretKey --stack {stack}"""
_TABLES = {"tenants": "workspaces", "users": "users", "audit_log": "audit lines"}
_CONFIRM = """\
Stack {stack} has data: {rows}.
The restore replaces all of it. First it is backed up, so that it can be restored, too."""
_UNCHANGED = "Nothing was changed. The server starts again."
_INCOMPLETE = """\
the restore of stack {stack} is not complete, and its server may be stopped. To go on:
  make restore STACK={stack} FROM={backup}{kit}"""
_SAVED = "What was there before is backup {backup}."


def restore(site: Site, wanted: str, files: list[Path]) -> None:
    """Restore the backup ``wanted``, an id or `latest`, from the stack's repository or from a kit's."""
    given = kit.read(files) if files else None
    with of_kit(site.runner, given) if given else nullcontext(of_stack(site)) as source:
        restore_from(site, source, wanted, f" {given.option}" if given else "")


def restore_from(site: Site, source: Source, wanted: str, kit_option: str = "") -> None:
    """Restore a backup of a repository; ``kit_option`` is what names the repository's kit."""
    site = replace(site, runner=replace(site.runner, stack_label=f"{site.runner.stack_label}/restore"))
    # What a restore has left that was killed: a dump in clear.
    site.runner.sweep()
    try:
        _restore(site, source, wanted, kit_option)
    finally:
        site.runner.sweep_up("A dump in clear")


def _restore(site: Site, source: Source, wanted: str, kit_option: str) -> None:
    server, work = site.container("server", f"run {site.make_up} first"), site.runner.make_volume()
    database = _database(site, server, work)
    step("Reading the backup")
    manifest = source.fetch(site.runner, wanted, work)
    print(f"  backup {manifest.id}, made at {_utc(manifest.time)}")
    look, running_key = database.examine(manifest)
    wanted_key = _configured_key(site) or running_key
    # The server that runs now is started again; only another key needs a deployment.
    image = server.image if wanted_key == running_key else site.settings.server.image.reference
    if misfit := manifest.misfit(postgres=look.postgres, schema_version=look.schema_version, image=image):
        raise SiteError(f"{misfit}. Nothing was changed.")
    if why := manifest.key_problem(*wanted_key):
        raise SiteError(_OTHER_KEY.format(stack=site.stack.name, source=source.stack, why=why))
    # With an id: the latest backup may soon be that of what is there now.
    advice = _INCOMPLETE.format(stack=site.stack.name, backup=manifest.id, kit=kit_option)
    if look.beyond_seed:
        print(_CONFIRM.format(stack=site.stack.name, rows=contents(look)))
        lifecycle.confirm(site.stack)
        step("Backing up what is there")
        made = backup.make(site, backup.BEFORE_RESTORE)
        print(f"  it is backup {made.id}")
        advice += "\n" + _SAVED.format(backup=made.id)
    emptied = False
    try:
        step("Stopping the server")
        site.runner.host.stop(server.id, seconds=60)
        step("Emptying the schema")
        database.empty()
        emptied = True
        _store_fingerprint(site, wanted_key[0])
        step("Restoring")
        compare(manifest, database.restore())
        if wanted_key == running_key:
            step("Starting the server")
            start(site)
        else:
            step("Giving the server the key of the backup")
            lifecycle.deploy(site.stack, "--yes")
    except BaseException:
        if not emptied and _has_tables(database, look.tables):
            start_again(site, server)
            advice = _UNCHANGED
        print(advice, file=sys.stderr)
        raise
    print(f"Restored the backup of {source.stack} made at {_utc(manifest.time)}. Its users and passwords apply.")


def _has_tables(database: Database, tables: int) -> bool:
    """Return whether all tables are still there: the schema is emptied as a whole."""
    try:
        return database.look().tables == tables
    except (JobError, HostError):
        return False


def step(text: str) -> None:
    """Say what is done next."""
    print(f"{text} ...", flush=True)


def contents(look: Look) -> str:
    """Return for people how much data a database holds."""
    return ", ".join(f"{name} {look.rows.get(table, 0)}" for table, name in _TABLES.items())


def compare(manifest: Manifest, look: Look) -> None:
    """Raise ``JobError`` where a restored table has another number of rows than the manifest says."""
    rows = look.rows
    different = {
        table: (expected, rows.get(table, 0))
        for table, expected in manifest.rows.items()
        if rows.get(table, 0) != expected
    }
    if different:
        counts = ", ".join(f"{table} {found} instead of {expected}" for table, (expected, found) in different.items())
        raise JobError(f"the restored tables have other numbers of rows than the backup: {counts}")


def _database(site: Site, server: Container, work: str) -> Database:
    environment, tools = server.environment, site.settings.database_image.reference
    network = site.running("database", f"run {site.make_up} first").networks[0]
    host, _, name = environment["DB_URL"].removeprefix("jdbc:postgresql://").partition("?")[0].partition("/")
    return Database(
        runner=site.runner,
        image=tools,
        user=server.user,
        secrets=server.mount(SECRETS),
        network=network,
        environment={"PGHOST": host.partition(":")[0], "PGDATABASE": name, "PGUSER": environment["DB_USER"]},
        work=work,
    )


def _configured_key(site: Site) -> tuple[str, str] | None:
    """Return fingerprint and audit id of the key in the stack's configuration; None without one."""
    key = site.config.get("kotauth:secretKey")
    return (key_fingerprint(key), chain_key_id(key)) if key else None


def _store_fingerprint(site: Site, fingerprint: str) -> None:
    """Run the stack's role job with the fingerprint of the key that the data belong to."""
    job = site.job("kotauth-database-role")
    if job is None:
        raise SiteError(f"the job kotauth-database-role of this stack is gone: run {site.make_up}, then restore again")
    site.runner.run(
        Job(
            image=job.image,
            # Without the entrypoint, which waits until Pulumi has seen its success.
            command=job.inspected["Config"]["Cmd"],
            user=job.user,
            environment={name: value for name, value in job.environment.items() if name.startswith("PG")},
            mounts=[job.mount(SECRETS)],
            files={"/run/key": {KEY_FINGERPRINT_FILE: fingerprint.encode()}},
            networks=job.networks,
        ),
        seconds=_ROLE_SECONDS,
    )


def start(site: Site, part: str = "server") -> None:
    """Start a container of the stack and wait until it is ready; raise ``JobError`` with its last line if it isn't."""
    container = site.container(part, f"run {site.make_up}")
    site.runner.host.post(f"/containers/{container.id}/start")
    deadline = time.monotonic() + _READY_SECONDS
    while site.runner.state(container.id).get("Health", {}).get("Status") != "healthy":
        if time.monotonic() > deadline:
            last = next(iter(reversed(site.runner.host.log(container.id).splitlines())), "it printed nothing")
            raise JobError(f"container {container.name} is not ready after {_READY_SECONDS:.0f} s: {last}")
        time.sleep(0.5)


def start_again(site: Site, container: Container) -> None:
    """Start a container whose stop may have been interrupted: it would still end after a start that came too early."""
    site.runner.host.stop(container.id, seconds=60)
    site.runner.host.post(f"/containers/{container.id}/start")


def _utc(moment: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))
