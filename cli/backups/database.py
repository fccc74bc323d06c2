"""The steps on a database that a restore and a drill share, each a job in the image of PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from components.backups import dump
from components.postgres.role import SCHEMA

from .job import Job, JobError, Mount, Runner
from .manifest import Manifest
from .source import CONFIG, WORK

_SCRIPTS = ("restore.sh", "look.sql", "empty.sql")
_QUICK_SECONDS, _LONG_SECONDS = 60.0, 6 * 3600.0


@dataclass(frozen=True)
class Look:
    """What a database holds."""

    postgres: int
    tables: int
    beyond_seed: int
    """Workspaces, users and lines of the audit log, beyond what the server makes at its first start."""
    schema_version: float | None
    rows: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database and a login of it, as the jobs reach them."""

    runner: Runner
    image: str
    user: str
    """`uid:gid` that may read the secret files."""
    secrets: Mount
    """Volume with `database_password` and `secret_key`."""
    network: str
    """Network with the database, or `container:` and the id of the container whose network it is; empty for none."""
    environment: dict[str, str]
    """PGHOST, PGDATABASE, PGUSER."""
    work: str
    """Volume with the backup."""

    def verify(self, manifest: Manifest) -> None:
        """Read the whole dump; raise ``JobError`` where it is not what the manifest describes."""
        self._run("verify", str(manifest.bytes), manifest.sha256, seconds=_LONG_SECONDS)

    def look(self) -> Look:
        """Return what the database holds."""
        told: dict[str, Any] = json.loads(self._run("look", seconds=_LONG_SECONDS))
        return Look(told["postgres"], told["tables"], told["beyondSeed"], told["schemaVersion"], told["rows"])

    def key(self) -> tuple[str, str]:
        """Return the fingerprint and the audit id of the secret key, which itself stays in its file."""
        fingerprint, chain_id = self._run("key", seconds=_QUICK_SECONDS).split()
        return fingerprint, chain_id

    def empty(self) -> None:
        """Remove everything in Kotauth's schema."""
        self._run("empty", seconds=_QUICK_SECONDS)

    def restore(self) -> None:
        """Restore the dump, all or nothing."""
        self._run("restore", seconds=_LONG_SECONDS)

    def _run(self, *arguments: str, seconds: float) -> str:
        files = {CONFIG: {name: (dump.FOLDER / name).read_bytes() for name in _SCRIPTS}}
        mounts = [self.secrets, Mount(volume=self.work, path=WORK)]
        job = Job(
            image=self.image,
            command=["bash", f"{CONFIG}/restore.sh", *arguments],
            user=self.user,
            environment={**self.environment, "SCHEMA": SCHEMA},
            mounts=mounts,
            files=files,
            networks=[self.network] if self.network else [],
        )
        try:
            return self.runner.run(job, seconds=seconds)
        except JobError as error:
            raise JobError(f"{_STEPS[arguments[0]]}: {error}") from error


_STEPS = {
    "verify": "the backup is damaged",
    "look": "the database can't be read",
    "key": "the secret key can't be read",
    "empty": "the schema can't be emptied",
    "restore": "the restore failed, and the schema is empty",
}
