"""A stack that runs on a Docker host: its settings, and its containers there."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import yaml

from components.config.stack import STACK_LABEL, camel_case
from components.docker.settings import DockerSettings
from components.inputs.error import InvalidInputError
from components.inputs.parsing import parse
from components.inputs.problems import Problems
from components.workload.spec import PART_LABEL

from .. import lifecycle, pulumi_command
from ..stack import Stack
from .host import connect
from .job import Mount, Runner

_PREFIX = "kotauth:"


class SiteError(Exception):
    """A stack that lacks what a command needs; the text says what to do."""


@dataclass(frozen=True)
class Container:
    """A container of the stack, as the daemon describes it."""

    inspected: dict[str, Any]
    make_up: str
    """The command that brings its stack up."""

    @property
    def id(self) -> str:
        """Its id."""
        return self.inspected["Id"]

    @property
    def name(self) -> str:
        """Its name."""
        return self.inspected["Name"].lstrip("/")

    @property
    def runs(self) -> bool:
        """Whether it runs now."""
        return self.inspected["State"]["Running"]

    @property
    def health(self) -> str:
        """What its probe says: `healthy`, `unhealthy`, `starting`, or empty without a probe."""
        return self.inspected["State"].get("Health", {}).get("Status", "")

    @property
    def image(self) -> str:
        """Its image, as it was asked for."""
        return self.inspected["Config"]["Image"]

    @property
    def user(self) -> str:
        """Its `uid:gid`."""
        return self.inspected["Config"]["User"]

    @property
    def environment(self) -> dict[str, str]:
        """Its environment, that of its image included."""
        entries: list[str] = self.inspected["Config"]["Env"] or []
        return dict(entry.split("=", 1) for entry in entries)

    @property
    def networks(self) -> list[str]:
        """The ids of its networks."""
        networks: dict[str, Any] = self.inspected["NetworkSettings"]["Networks"]
        return [network["NetworkID"] for name, network in networks.items() if name != "none"]

    def mount(self, path: str, *, read_only: bool = True) -> Mount:
        """Return the volume that it has at a path; raise ``SiteError`` where it has none."""
        for mounted in self.inspected["Mounts"]:
            if mounted["Destination"] == path and mounted["Type"] == "volume":
                return Mount(volume=mounted["Name"], path=path, read_only=read_only)
        raise SiteError(f"container {self.name} has no volume at {path}: run {self.make_up}")


@dataclass(frozen=True)
class Site:
    """A stack and the host on which it runs, or is going to."""

    stack: Stack
    settings: DockerSettings
    runner: Runner
    project: str
    config: Mapping[str, str] = field(repr=False)
    """The configuration of the stack, its secrets in clear."""

    @property
    def label(self) -> str:
        """The value of the label that everything of the stack carries."""
        return f"{self.project}/{self.stack.name}"

    @property
    def make_up(self) -> str:
        """The command that brings the stack up."""
        return f"make up{self.stack.make_option}"

    @property
    def backups_remedy(self) -> str:
        """What to do where a container of the backups is missing."""
        if self.settings.backups:
            return f"run {self.make_up} first"
        return f"backups are off: set kotauth:backups to true and run {self.make_up}"

    def find(self, part: str) -> Container | None:
        """Return the stack's container of a part, running or not; of several, the one that runs."""
        found = self._all(part)
        return next((container for container in found if container.runs), found[0] if found else None)

    def container(self, part: str, otherwise: str) -> Container:
        """Return the stack's container of a part; raise ``SiteError`` with what to do where there is none."""
        found = self.find(part)
        if found is None:
            raise SiteError(f"stack {self.stack.name} has no container of part {part}: {otherwise}")
        return found

    def running(self, part: str, otherwise: str) -> Container:
        """Return the stack's container of a part; raise ``SiteError`` also where it doesn't run."""
        found = self.container(part, otherwise)
        if not found.runs:
            raise SiteError(f"container {found.name} doesn't run: start it with docker start {found.name}")
        return found

    def job(self, name: str) -> Container | None:
        """Return a job of the stack by the name of its resource."""
        return next((container for container in self._all("job") if container.name.startswith(f"{name}-")), None)

    def _all(self, part: str) -> list[Container]:
        wanted = json.dumps({"label": [f"{STACK_LABEL}={self.label}", f"{PART_LABEL}={part}"]})
        listed = self.runner.host.get("/containers/json", all=1, filters=wanted)
        return [Container(self.runner.host.get(f"/containers/{each['Id']}/json"), self.make_up) for each in listed]


def list_command(stack: Stack) -> str:
    """Return the command that lists the backups of a stack."""
    return f"make backups{stack.make_option}"


@contextlib.contextmanager
def open_site(stack: Stack) -> Generator[Site]:
    """Yield a stack on Docker that exists.

    Raises ``SiteError`` for a stack on AWS and for settings that are not valid, ``HostError`` without a daemon.
    """
    if stack.is_on_aws:
        raise SiteError("the commands for backups are for stacks on Docker: on AWS, RDS makes the backups")
    lifecycle.require(stack)
    values = json.loads(pulumi_command.run_or_exit("config", "--json", "--show-secrets", *stack.options, capture=True))
    config = {name: entry.get("value", "") for name, entry in values.items()}
    pulumi.runtime.set_all_config(config, [name for name, entry in values.items() if entry.get("secret")])
    settings = _settings(stack.name, config)
    project = str(yaml.safe_load((pulumi_command.ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])
    with connect() as host:
        yield Site(stack, settings, Runner(host, f"{project}/{stack.name}"), project, config)


def _settings(stack: str, config: Mapping[str, str]) -> DockerSettings:
    values: dict[str, object] = {
        name.removeprefix(_PREFIX): value for name, value in config.items() if name.startswith(_PREFIX) and value
    }
    try:
        problems = Problems(f"the configuration of stack {stack}", named=camel_case, prefix=_PREFIX)
        return parse(DockerSettings, values, problems, also_known=["target"])
    except InvalidInputError as error:
        raise SiteError(str(error)) from error
