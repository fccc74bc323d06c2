"""Where backups come from: the repository of a stack that runs, or the one that a kit names."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from components.backups import dump, store
from components.backups.repository import FOLDER, VOLUME, secret_file_names
from components.kotauth.secret_files import SECRET_FILES

from . import manifest
from .host import HostError, is_gone
from .job import Job, Mount, Runner
from .kit import KeyKit, Kit, RepositoryKit
from .manifest import Manifest
from .site import Container, Site, SiteError, list_command

SECRETS, CONFIG, WORK = "/run/secrets", "/run/config", "/restored"
LATEST = "latest"
_NUMBER = "number="
_NO_ID = f'FROM = "{{backup}}": must be {LATEST} or the id of a backup, such as 0123abcd: {{command}} lists them'
_READ_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class Backup:
    """A backup in the repository."""

    id: str
    time: datetime
    bytes: int | None
    tags: list[str]
    number: int = 0
    """Tells the order in which backups were made: by their times, it is wrong after a jump of the host's clock."""


@dataclass(frozen=True)
class Listing:
    """The backups, the one that was made last at the end, and what the store noted: moments and failures by name."""

    backups: list[Backup]
    state: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Source:
    """How to read a repository."""

    stack: str
    """Name of the stack whose backups these are."""
    shown: str
    """Address of the repository for messages."""
    command: str
    """The `make` command that lists its backups."""
    image: str
    environment: dict[str, str]
    mounts: list[Mount]
    secrets: dict[str, bytes] = field(default_factory=dict[str, bytes], repr=False)
    known_hosts: str = ""
    networks: list[str] = field(default_factory=list[str])

    def list(self, runner: Runner) -> Listing:
        """Return the backups; raise ``JobError`` where the repository can't be read."""
        lines = runner.run(self._job("list"), seconds=_READ_SECONDS).splitlines()
        snapshots: list[dict[str, Any]] = (json.loads(lines[0]) if lines else None) or []
        backups = sorted(map(_backup, snapshots), key=lambda backup: (backup.number, backup.time))
        return Listing(backups, dict(line.split(" ", 1) for line in lines[1:] if " " in line))

    def fetch(self, runner: Runner, backup: str, work: str) -> Manifest:
        """Put a backup into the volume ``work`` and return its manifest.

        Raises ``SiteError`` or ``JobError`` where there is no such backup, or it can't be read.
        """
        # restic knows more forms, which name a part of a backup.
        if not re.fullmatch(rf"{LATEST}|[0-9a-f]{{8,64}}", backup):
            raise SiteError(_NO_ID.format(backup=backup, command=self.command))
        job = self._job("fetch", backup, self.command)
        mounts = [*job.mounts, Mount(volume=work, path=WORK, read_only=False)]
        job = replace(job, mounts=mounts, files={**job.files, WORK: {"backup": None}})
        found, _, text = runner.run(job, seconds=_READ_SECONDS).partition("\n")
        return replace(manifest.parse(text), id=found)

    def _job(self, *arguments: str) -> Job:
        scripts = {name: (dump.FOLDER / name).read_bytes() for name in ("common.sh", "repository.sh", "read.sh")}
        if self.known_hosts:
            scripts["known_hosts"] = self.known_hosts.encode()
        files: dict[str, dict[str, bytes | None]] = {CONFIG: {**scripts}}
        if self.secrets:
            files[SECRETS] = {**self.secrets}
        return Job(
            image=self.image,
            command=["sh", f"{CONFIG}/read.sh", *arguments],
            user=dump.USER,
            environment={**self.environment, "STACK": self.stack, "GOMAXPROCS": "2"},
            mounts=self.mounts,
            files=files,
            networks=self.networks,
        )


def _backup(snapshot: dict[str, Any]) -> Backup:
    tags: list[str] = snapshot.get("tags") or []
    return Backup(
        snapshot["short_id"],
        datetime.fromisoformat(snapshot["time"]).astimezone(UTC),
        snapshot.get("summary", {}).get("total_bytes_processed"),
        [tag for tag in tags if not tag.startswith(_NUMBER)],
        next((int(tag.removeprefix(_NUMBER)) for tag in tags if tag.startswith(_NUMBER)), 0),
    )


def of_stack(site: Site) -> Source:
    """Return the repository of a stack that makes backups."""
    container = site.container(store.PART, f"{site.backups_remedy}, or name a backup kit with KIT=")
    address = container.environment["RESTIC_REPOSITORY"]
    mounts = [container.mount(SECRETS), container.mount(dump.SPOOL)]
    shown = address
    if address == FOLDER:
        repository = container.mount(FOLDER)
        mounts.append(repository)
        shown = f"{VOLUME}:{repository.volume}"
    return Source(
        stack=site.stack.name,
        shown=shown,
        command=list_command(site.stack),
        image=container.image,
        environment={"RESTIC_REPOSITORY": address},
        mounts=mounts,
        known_hosts=site.settings.backup_known_hosts or "",
        networks=container.networks,
    )


def kit_of(site: Site) -> Kit:
    """Return what a restore needs when this stack's host and state are gone."""
    source = of_stack(site)
    container = site.container(store.PART, "")
    server = site.container("server", f"run {site.make_up} first")
    settings = site.settings
    names = [store.PASSWORD_FILE, *secret_file_names(settings.backup_repository)]
    files = secret_contents(site, container, names)
    repository = RepositoryKit(
        stack=site.stack.name,
        repository=source.shown,
        files=files,
        known_hosts=source.known_hosts,
        base_url=settings.server.base_url.text,
        images={
            "server": settings.server.image.reference,
            "database": settings.database_image.reference,
            "backup": container.image,
        },
    )
    (key,) = secret_contents(site, server, [SECRET_FILES[0]]).values()
    return Kit(repository, KeyKit(stack=site.stack.name, secret_key=key))


def secret_contents(site: Site, container: Container, names: list[str]) -> dict[str, str]:
    """Return secret files of a container by name."""
    job = Job(
        image=site.settings.database_image.reference,
        command=["true"],
        user=container.user,
        mounts=[container.mount(SECRETS)],
    )
    made = site.runner.create(job)
    try:
        return {name: site.runner.host.read_file(made, f"{SECRETS}/{name}").decode() for name in names}
    finally:
        site.runner.remove(made)


@contextmanager
def of_kit(runner: Runner, given: Kit) -> Generator[Source]:
    """Yield the repository of a kit; a repository elsewhere is reached by a network of its own."""
    kit = given.repository
    kind, _, volume = kit.repository.partition(":")
    mounts: list[Mount] = []
    if kind == VOLUME:
        try:
            runner.host.get(f"/volumes/{volume}")
        except HostError as error:
            if not is_gone(error):
                raise
            raise SiteError(f"the volume {volume} of the kit's repository is not on this Docker host") from error
        mounts.append(Mount(volume=volume, path=FOLDER))
    network = "" if kind == VOLUME else runner.make_network("kotauth-backup-read")
    try:
        yield Source(
            stack=kit.stack,
            shown=kit.repository,
            command=f"make backups {given.option}",
            image=kit.images["backup"],
            environment={"RESTIC_REPOSITORY": FOLDER if kind == VOLUME else kit.repository},
            mounts=mounts,
            secrets={name: content.encode() for name, content in kit.files.items()},
            known_hosts=kit.known_hosts,
            networks=[network] if network else [],
        )
    finally:
        if network:
            runner.host.delete(f"/networks/{network}")
