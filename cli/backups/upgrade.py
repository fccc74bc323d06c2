"""`make upgrade`: back up, then bring a stack to its settings, also to another major version of PostgreSQL.

A newer Kotauth rolls as with `make up`. Another major version of PostgreSQL gets a new volume and the data.
The old volume stays on the host until the user removes it, and is the way back.
"""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

from components.config.stack import STACK_LABEL
from components.inputs.image import Image
from components.postgres.server import CLUSTER, DATA_PATH, parse_image

from .. import lifecycle, pulumi_command
from . import backup
from .host import HostError, is_gone
from .job import Job, Mount
from .restore import restore_from, start, start_again, step
from .site import Container, Site, SiteError
from .source import of_stack

BEFORE_UPGRADE = "before-upgrade"
_DATA = "::kotauth-postgres-data"
_BACK_TO_IMAGE = """\
The way back, should the new version not do; what was written since is lost then:
  set kotauth:image to {image}, then
  make up STACK={stack} && make restore STACK={stack} FROM={backup}"""
_BACK_TO_VOLUME = """\
PostgreSQL {before} left its data in volume {volume}.
The way back, should the new version not do; what was written since is lost then:
  set kotauth:databaseVersion to {before}, then
  make upgrade STACK={stack} VOLUME={volume}
Once you don't need the old data any more: docker volume rm {volume}"""
_GO_ON = """\
Stack {stack} has not gone back to volume {volume} completely, and its containers may be stopped. To go on:
  make upgrade STACK={stack} VOLUME={volume}"""
_LOST = """\
Stack {stack} goes back to the data in volume {volume}. What was written since that volume was left is lost."""


def upgrade(site: Site) -> None:
    """Back up, and bring the stack to its settings.

    Raises ``SiteError`` or ``JobError`` with the step that failed.
    """
    database, server = _parts(site)
    before, after = _version(database), site.settings.server.database_version
    if before > after:
        raise SiteError(
            f"databaseVersion is {after}, and the data are of PostgreSQL {before}: an older version can't read them. "
            f"Set databaseVersion to {before}, or go back to an old volume with VOLUME="
        )
    if before == after:
        made = _back_up(site)
        try:
            lifecycle.deploy(site.stack, "--yes")
        finally:
            # Needed most where the new server has migrated the schema, and then fails.
            if server.image != site.settings.server.image.reference:
                print(_BACK_TO_IMAGE.format(image=server.image, stack=site.stack.name, backup=made.id))
        return
    backup.containers(site)
    # Nothing may be written between the backup and the end of the old database.
    step("Stopping the server")
    try:
        _stop(site, server)
        made = _back_up(site)
    except BaseException:
        start_again(site, server)
        raise
    old = database.mount(DATA_PATH).volume
    try:
        step(f"Giving PostgreSQL {after} a new volume")
        _stop(site, database)
        _switch(site, _new_volume(site, old))
        _deploy(site)
        restore_from(site, of_stack(site), made.id)
    finally:
        print(_BACK_TO_VOLUME.format(before=before, volume=old, stack=site.stack.name))


def go_back(site: Site, volume: str) -> None:
    """Put an old volume in place of the one in use, which stays on the host."""
    database, server = _parts(site)
    wanted, found = site.settings.server.database_version, _volume_version(site, database, volume)
    if found != wanted:
        raise SiteError(
            f"volume {volume} has data of PostgreSQL {found}, and databaseVersion is {wanted}: set it to {found}. "
            "Nothing was changed."
        )
    print(_LOST.format(stack=site.stack.name, volume=volume))
    lifecycle.confirm(site.stack)
    try:
        step("Stopping the server and PostgreSQL")
        _stop(site, server)
        _stop(site, database)
        _switch(site, volume)
        _deploy(site)
        start(site, "database")
        start(site)
    except BaseException:
        print(_GO_ON.format(stack=site.stack.name, volume=volume), file=sys.stderr)
        raise


def _volume_version(site: Site, database: Container, volume: str) -> int:
    """Return the major version of PostgreSQL that wrote a volume; raise ``SiteError`` where there is none."""
    host = site.runner.host
    try:
        labels: dict[str, str] = host.get(f"/volumes/{volume}")["Labels"] or {}
    except HostError as error:
        if not is_gone(error):
            raise
        raise SiteError(f"there is no volume {volume} on the Docker host: docker volume ls lists them") from error
    if labels.get(STACK_LABEL) != site.label:
        # Two servers on one volume would destroy its data.
        of = labels.get(STACK_LABEL, "none")
        raise SiteError(f"volume {volume} is not of stack {site.stack.name} but of {of}. Nothing was changed.")
    mount = Mount(volume=volume, path=DATA_PATH)
    reader = site.runner.create(Job(image=database.image, command=["true"], user=database.user, mounts=[mount]))
    try:
        return int(host.read_file(reader, f"{CLUSTER}/PG_VERSION"))
    except HostError as error:
        if not is_gone(error):
            raise
        raise SiteError(f"volume {volume} has no data of PostgreSQL") from error
    finally:
        site.runner.remove(reader)


def _parts(site: Site) -> tuple[Container, Container]:
    remedy = f"run {site.make_up} first"
    return site.container("database", remedy), site.container("server", remedy)


def _version(database: Container) -> int:
    image: Image = parse_image(database.image)
    return image.version[0]


def _back_up(site: Site) -> backup.Made:
    step("Backing up")
    made = backup.make(site, BEFORE_UPGRADE)
    print(f"  it is backup {made.id}")
    return made


def _stop(site: Site, container: Container) -> None:
    site.runner.host.stop(container.id, seconds=60)


def _new_volume(site: Site, old: str) -> str:
    """Make a volume like the old one, and return its name."""
    like: dict[str, Any] = site.runner.host.get(f"/volumes/{old}")
    name = f"{old.rpartition('-')[0]}-{site.settings.server.database_version}-{secrets.token_hex(4)}"
    return site.runner.host.post("/volumes/create", {"Name": name, "Labels": like["Labels"]})["Name"]


def _switch(site: Site, volume: str) -> None:
    """Have the state of the stack call the volume of the database by another name, if it doesn't yet.

    The volume that had it before stays as it is: to the state it was never there.
    """
    stack = ["--stack", site.stack.name]
    exported = json.loads(pulumi_command.run_or_exit("stack", "export", *stack, capture=True))
    resources: list[dict[str, Any]] = exported["deployment"]["resources"]
    # One that is replaced is there twice until it is deleted.
    found = [
        n for n, resource in enumerate(resources) if resource["urn"].endswith(_DATA) and not resource.get("delete")
    ]
    if len(found) != 1:
        raise SiteError(f"the state of stack {site.stack.name} has no volume of the database: run {site.make_up} first")
    data = resources[found[0]]
    if data["id"] == volume:
        return
    resources[found[0]] = json.loads(json.dumps(data).replace(data["id"], volume))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(exported), encoding="utf-8")
        pulumi_command.run_or_exit("stack", "import", "--file", str(file), *stack)


def _deploy(site: Site) -> None:
    """Run `pulumi up`; the server stays stopped."""
    done = pulumi_command.run("up", *site.stack.options, *site.stack.policy_options, "--yes")
    if done.returncode:
        sys.exit(done.returncode)
