"""The steps on a database that a restore and a drill share, each a job in the image of PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from components.backups import dump
from components.postgres.role import SCHEMA

from .job import Job, Mount, Runner
from .manifest import Manifest
from .source import CONFIG, WORK

_SCRIPTS = ("restore.sh", "look.sql", "empty.sql")
_SECONDS = 6 * 3600.0


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
        self._run(*_verify(manifest))

    def look(self) -> Look:
        """Return what the database holds."""
        return _look(self._run("look"))

    def examine(self, manifest: Manifest) -> tuple[Look, tuple[str, str]]:
        """Verify the dump, and return what the database holds, and fingerprint and audit id of the server's key.

        The key itself stays in its file.
        """
        look, key = self._run(*_verify(manifest), "look", "key").splitlines()
        fingerprint, chain_id = key.split()
        return _look(look), (fingerprint, chain_id)

    def empty(self) -> None:
        """Remove everything in Kotauth's schema."""
        self._run("empty")

    def restore(self) -> Look:
        """Restore the dump, all or nothing, and return what the database holds then."""
        return _look(self._run("restore", "look"))

    def _run(self, *steps: str) -> str:
        """Run steps of `restore.sh` in one container, and return what they printed."""
        files = {CONFIG: {name: (dump.FOLDER / name).read_bytes() for name in _SCRIPTS}}
        mounts = [self.secrets, Mount(volume=self.work, path=WORK)]
        job = Job(
            image=self.image,
            command=["bash", f"{CONFIG}/restore.sh", *steps],
            user=self.user,
            environment={**self.environment, "SCHEMA": SCHEMA},
            mounts=mounts,
            files=files,
            networks=[self.network] if self.network else [],
        )
        return self.runner.run(job, seconds=_SECONDS)


def _verify(manifest: Manifest) -> tuple[str, str, str]:
    return "verify", str(manifest.bytes), manifest.sha256


def _look(output: str) -> Look:
    found: dict[str, Any] = json.loads(output)
    return Look(found["postgres"], found["tables"], found["beyondSeed"], found["schemaVersion"], found["rows"])
