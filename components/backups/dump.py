"""The container that dumps the database into the spool, as a ContainerSpec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..kotauth.database import CA_FILE, DEAD_CONNECTION, DatabaseConnection
from ..postgres.role import SCHEMA
from ..postgres.server import DATA_PATH
from ..workload.spec import CONFIG_DIRECTORY, ContainerSpec, Probe

PART = "backup-dump"
USER = "65534:65534"
"""`nobody`. Both containers have it, so that the spool needs no rights for others. ssh demands a user with a name, and
this one has a name in the images of PostgreSQL and of restic."""
SPOOL = "/spool"
SPOOL_VOLUME = "spool"
PASSWORD_FILE = "backup_password"  # noqa: S105 - a file's name
MEMORY_MB = 256
CPUS = 0.5
"""Half a processor, so that a backup leaves the server some."""

FOLDER = Path(__file__).parent
COMMON = (FOLDER / "common.sh").read_text()


def dump(*, stack: str, database: DatabaseConnection, schedule: Sequence[str], server_image: str) -> ContainerSpec:
    """Return the spec of the container that dumps ``database`` at the times of ``schedule``, and when asked.

    ``server_image`` is what the manifest of a dump names as the version of Kotauth.
    """
    return {
        "part": PART,
        "image": database.tools_image,
        "user": USER,
        "memory": MEMORY_MB,
        "cpus": CPUS,
        "entrypoint": ["bash", f"{CONFIG_DIRECTORY}/dump.sh"],
        "command": ["loop"],
        "environment": {
            **database.libpq,
            "SCHEMA": SCHEMA,
            "STACK": stack,
            "SCHEDULE": " ".join(schedule),
            "SERVER_IMAGE": server_image,
        },
        "secret_files": [PASSWORD_FILE],
        "config_files": {
            "common.sh": COMMON,
            **{name: (FOLDER / name).read_text() for name in ("dump.sh", "dump.sql", "look.sql")},
            **({CA_FILE: database.ca} if database.ca is not None else {}),
        },
        "disposable_volumes": [{"name": SPOOL_VOLUME, "path": SPOOL}],
        # The image declares a volume for the data. Without a mount there, each container would get one of its own.
        "tmpfs": ["/tmp", DATA_PATH],  # noqa: S108 - the container's own
        "sysctls": DEAD_CONNECTION,
        "probe": probe(["bash", f"{CONFIG_DIRECTORY}/dump.sh", "probe"]),
    }


def probe(command: list[str]) -> Probe:
    """Return the probe of a backup container. It looks at files only, and a failure lasts until the next success."""
    return {
        "command": command,
        "interval_seconds": 5,
        "timeout_seconds": 10,
        "retries": 3,
        "start_period_seconds": 0,
    }
