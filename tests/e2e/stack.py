"""A stack that runs: its project, its client, its containers."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulators.docker_command import docker
from simulators.kotauth.client import Client
from tests.ports import free_port
from tests.project import Project


def hours_away() -> str:
    """Return a time of day that doesn't come while the tests run, for a schedule of backups."""
    return f"{datetime.now(UTC) + timedelta(hours=12):%H:%M}"


@dataclass
class Stack:
    """A deployment that is up."""

    project: Project
    up: str = ""
    """What the `up` that made it printed."""
    daemon: str = ""
    """Address of its Docker daemon, where that is not this machine's."""
    address: str = "127.0.0.1"
    """Where its ports are published."""

    @classmethod
    def start_with_backups(cls, path: Path, name: str, images: dict[str, str]) -> Stack:
        """Bring a fresh stack up whose backups are made when a test asks for one."""
        return cls.start(path, name, images, backups="true", backupSchedule=hours_away())

    @classmethod
    def start(
        cls,
        path: Path,
        name: str,
        images: dict[str, str],
        *,
        daemon: str = "",
        address: str = "127.0.0.1",
        **settings: str,
    ) -> Stack:
        """Bring a fresh stack up on free ports. Its name is this process's own: others may use the daemon, too."""
        project = Project.create(path, f"{name}-{os.getpid()}")
        ports = {"baseUrl": f"https://kotauth.localhost:{free_port()}", "httpPort": str(free_port())}
        project.configure(**{**images, **ports, **settings})
        try:
            return cls(project, project.up().output, daemon, address)
        except BaseException:
            project.destroy(check=False)
            raise

    def remove(self) -> None:
        """Delete everything, and the repository of the backups, which outlives a stack."""
        self.project.destroy()
        filtered = f"--filter=label=kotauth.stack=kotauth/{self.project.stack}"
        if left := self.docker("volume", "ls", "--quiet", filtered).split():
            self.docker("volume", "rm", *left)

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets in clear."""
        return self.project.outputs()

    @property
    def client(self) -> Client:
        """A client of its public address."""
        outputs = self.outputs
        url = urlsplit(outputs["url"])
        return Client(str(url.hostname), url.port or 443, outputs["caCertificate"], self.address)

    def docker(self, *arguments: str, text: str | None = None) -> str:
        """Run a docker command where the stack runs."""
        return docker(*(["--host", self.daemon] if self.daemon else []), *arguments, text=text)

    def containers(self, part: str, *, stopped: bool = False) -> list[str]:
        """Return the ids of this stack's containers of a part (server, database, frontend, job, files)."""
        filters = [
            "--filter",
            f"label=kotauth.stack=kotauth/{self.project.stack}",
            "--filter",
            f"label=kotauth.part={part}",
        ]
        return self.docker("ps", "--quiet", "--no-trunc", *(["--all"] if stopped else []), *filters).split()

    def container(self, part: str) -> str:
        """Return the id of the only running container of a part."""
        (one,) = self.containers(part)
        return one

    def inspect(self, container: str) -> dict[str, Any]:
        """Return what Docker knows of a container."""
        return json.loads(self.docker("inspect", container))[0]

    def environment(self, container: str) -> dict[str, str]:
        """Return the environment that a container was given."""
        return dict(entry.split("=", 1) for entry in self.inspect(container)["Config"]["Env"])

    def administrator_sql(self, statement: str, database: str = "kotauth", *, failing: bool = False) -> str:
        """Run SQL as the database's administrator, inside the database's container; rows as unaligned text."""
        status = "exec psql" if not failing else "! psql"
        script = (
            "umask 077; printf '*:*:*:*:%s\\n' \"$(cat /run/secrets/administrator_password)\" >/tmp/pgpass; "
            f'export PGPASSFILE=/tmp/pgpass; {status} -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 -U kotauth_admin -d "$1"'
        )
        return self.docker(
            "exec", "--interactive", self.container("database"), "bash", "-c", script, "sql", database, text=statement
        )
