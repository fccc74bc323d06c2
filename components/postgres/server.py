"""PostgreSQL as a ContainerSpec, for targets without a managed one."""

from __future__ import annotations

from pathlib import Path

from ..inputs.image import image as image_rule
from ..inputs.number import whole_number
from ..workload.spec import ContainerSpec

ADMINISTRATOR = "kotauth_admin"
"""Superuser of the cluster, made by initdb. Not `postgres`: the default name is the first that is tried (RDS.25)."""
USER = "999:999"
"""User of the official Debian images."""

DATA_PATH = "/var/lib/postgresql/data"
CLUSTER = f"{DATA_PATH}/cluster"
"""Folder on that volume in which `start.sh` keeps the data."""

IMAGES = {
    14: "docker.io/library/postgres:14.23-bookworm",
    15: "docker.io/library/postgres:15.18-bookworm",
    16: "docker.io/library/postgres:16.14-bookworm",
    17: "docker.io/library/postgres:17.10-bookworm",
}
"""Major version to image. Kotauth asks for 14 or newer."""
DEFAULT_VERSION = 14
"""Never changes: a newer default would upgrade the database of each stack that relies on it, which can't be undone."""

parse_version = whole_number("a major version of PostgreSQL", min(IMAGES), max(IMAGES), "Kotauth needs 14 or newer")

_START = (Path(__file__).parent / "start.sh").read_text()

parse_image = image_rule(2)


def database_server(*, image: str, memory: int, cpus: float, database: str) -> ContainerSpec:
    """Return the spec of a PostgreSQL server with one empty database."""
    return {
        "part": "database",
        "image": image,
        "user": USER,
        "memory": memory,
        "cpus": cpus,
        "entrypoint": ["bash", "-c", _START, "start"],
        # A quarter of the memory is PostgreSQL's own advice. DDL is logged: it is rare, and who changed what matters.
        "command": ["-c", f"shared_buffers={memory // 4}MB", "-c", "log_statement=ddl", "-c", "log_connections=on"],
        "environment": {"ADMINISTRATOR": ADMINISTRATOR, "DATABASE": database},
        "secret_files": ["administrator_password"],
        "volumes": [{"name": "data", "path": DATA_PATH}],
        "tmpfs": ["/tmp", "/var/run/postgresql"],  # noqa: S108 - the container's own
        "probe": {
            "command": ["pg_isready", "-q", "-h", "127.0.0.1", "-U", ADMINISTRATOR, "-d", database],
            "interval_seconds": 2,
            "timeout_seconds": 5,
            "retries": 15,
            "start_period_seconds": 60,
        },
        # SIGINT is PostgreSQL's fast shutdown: it ends the sessions and writes a checkpoint.
        "stop_signal": "SIGINT",
        "stop_seconds": 60,
    }
