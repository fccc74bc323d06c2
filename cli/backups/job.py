"""Containers that a command runs: hardened like those of a stack, and removed with their volumes afterwards."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.workload.hardening import (
    DROPPED_CAPABILITIES,
    PROCESSES,
    SECURITY_OPTION,
    tmpfs,
)
from components.workload.spec import PART_LABEL, ContainerSpec, Probe

from .host import Host, HostError, is_gone

JOB_LABEL = "kotauth.command"
"""Label of everything that a command makes; its value is the stack's label."""
_LOG = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
_MEGABYTE, _NANOSECONDS = 1 << 20, 10**9
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A volume and where a container sees it."""

    volume: str
    path: str
    read_only: bool = True


@dataclass(frozen=True, kw_only=True)
class Job:
    """A container: what runs, with which files and networks. A user waits for it, so it gets a whole processor."""

    image: str
    command: Sequence[str]
    """Command and arguments; nothing runs the image's own."""
    user: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    mounts: Sequence[Mount] = ()
    files: Mapping[str, Mapping[str, bytes | None]] = field(default_factory=dict[str, Mapping[str, "bytes | None"]])
    """Path to files for the volume there, by name; a name without a content is a folder. All are the job's user's. A
    path where no volume is mounted gets a volume that is removed with the container."""
    networks: Sequence[str] = ()
    """Ids of networks, or only `container:` and the id of the container whose network it shares."""
    memory: int = 256
    cpus: float = 1
    capabilities: Sequence[str] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict[str, str])
    writable: Sequence[str] = ("/tmp",)  # noqa: S108 - the container's own
    probe: Probe | None = None
    stop_signal: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    code: int
    output: str

    @property
    def last_line(self) -> str:
        """The last line that it printed: why it failed."""
        return next((line.strip() for line in reversed(self.output.splitlines()) if line.strip()), "it printed nothing")


class JobError(Exception):
    """A job failed; the text is what it said last."""


def from_spec(spec: ContainerSpec, **more: Any) -> Job:  # noqa: ANN401 - fields of a Job
    """Return the container of a spec."""
    environment = {**_plain(spec.get("environment", {})), **more.pop("environment", {})}
    return Job(
        image=spec["image"],
        command=[*spec.get("entrypoint", []), *spec.get("command", [])],
        user=spec["user"],
        memory=spec["memory"],
        cpus=spec["cpus"],
        capabilities=spec.get("capabilities", []),
        sysctls=spec.get("sysctls", {}),
        writable=spec.get("tmpfs", []),
        probe=spec.get("probe"),
        stop_signal=spec.get("stop_signal", ""),
        environment=environment,
        **more,
    )


def _plain(environment: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in environment.items()}


@dataclass(frozen=True)
class Runner:
    """Runs jobs on a host, each with the label of the stack."""

    host: Host
    stack_label: str

    def run(self, job: Job, *, seconds: float) -> str:
        """Run a job to its end and return what it printed; raise ``JobError`` where it fails or takes too long."""
        outcome = self.outcome(job, seconds=seconds)
        if outcome.code:
            raise JobError(outcome.last_line)
        return outcome.output

    def outcome(self, job: Job, *, seconds: float, hear: Callable[[str], None] | None = None) -> Outcome:
        """Run a job to its end; raise ``JobError`` where it takes too long. ``hear`` gets each line while it runs."""
        container, heard = self.create(job), 0
        try:
            self.host.post(f"/containers/{container}/start")
            began = time.monotonic()
            while (state := self.state(container))["Running"] or state["Status"] == "created":
                if time.monotonic() > began + seconds:
                    raise JobError(f"no end after {seconds:.0f} s")
                if hear:
                    lines = self.host.log(container).splitlines()
                    for line in lines[heard:]:
                        hear(line)
                    heard = len(lines)
                _pause(began)
            return Outcome(state["ExitCode"], self.host.log(container))
        finally:
            self.remove(container)

    def start(self, job: Job, *, seconds: float) -> str:
        """Start a container that stays, wait until its probe succeeds, and return its id."""
        container = self.create(job)
        self.host.post(f"/containers/{container}/start")
        began = time.monotonic()
        while (state := self.state(container)).get("Health", {}).get("Status") != "healthy":
            if not state["Running"] or time.monotonic() > began + seconds:
                why = "ended" if not state["Running"] else f"is not ready after {seconds:.0f} s"
                raise JobError(f"{why}: {Outcome(1, self.host.log(container)).last_line}")
            _pause(began)
        return container

    def create(self, job: Job) -> str:
        """Create a container with its files; pull its image where the host doesn't have it."""
        body = _body(job, {JOB_LABEL: self.stack_label})
        try:
            container = self.host.post("/containers/create", body)["Id"]
        except HostError as error:
            if not is_gone(error) or "image" not in str(error).lower():
                raise
            self.host.pull(job.image)
            container = self.host.post("/containers/create", body)["Id"]
        try:
            for network in job.networks[1:]:
                self.host.post(f"/networks/{network}/connect", {"Container": container})
            for folder, files in job.files.items():
                self.host.put(container, folder, files, job.user)
        except BaseException:
            self.remove(container)
            raise
        return container

    def state(self, container: str) -> dict[str, Any]:
        """Return the state of a container."""
        return self.host.get(f"/containers/{container}/json")["State"]

    def remove(self, container: str) -> None:
        """Remove a container and the volumes without a name."""
        self.host.delete(f"/containers/{container}", force=1, v=1)

    def make_volume(self) -> str:
        """Make a volume and return its name."""
        return self.host.post("/volumes/create", {"Labels": {JOB_LABEL: self.stack_label}})["Name"]

    def make_network(self, name: str) -> str:
        """Make a network with a way out whose name begins with ``name``, and return its id."""
        unique = f"{name}-{secrets.token_hex(4)}"
        body = {"Name": unique, "CheckDuplicate": True, "Labels": {JOB_LABEL: self.stack_label}}
        return self.host.post("/networks/create", body)["Id"]

    def sweep(self) -> None:
        """Remove what commands of this stack have left: containers, then volumes and networks."""
        wanted = f'{{"label":["{JOB_LABEL}={self.stack_label}"]}}'
        for container in self.host.get("/containers/json", all=1, filters=wanted):
            self.remove(container["Id"])
        volumes: list[dict[str, str]] = self.host.get("/volumes", filters=wanted)["Volumes"] or []
        for volume in volumes:
            self.host.delete(f"/volumes/{volume['Name']}")
        for network in self.host.get("/networks", filters=wanted):
            self.host.delete(f"/networks/{network['Id']}")

    def sweep_up(self, copy: str) -> None:
        """Remove what a command has left, and say that ``copy``, its copy of the data, may remain where that fails."""
        try:
            self.sweep()
        except BaseException:
            print(f"{copy} may still be on the Docker host. The same command begins by removing it.", file=sys.stderr)
            raise


def _pause(began: float) -> None:
    """Wait before the next look at something that began then: a tenth of its time, so that a short one ends at once."""
    time.sleep(min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, (time.monotonic() - began) / 10)))


def _body(job: Job, labels: Mapping[str, str]) -> dict[str, Any]:
    mounts: list[dict[str, Any]] = [
        {"Type": "volume", "Source": mount.volume, "Target": mount.path, "ReadOnly": mount.read_only}
        for mount in job.mounts
    ]
    mounted = {mount.path for mount in job.mounts}
    mounts += [{"Type": "volume", "Target": folder} for folder in job.files if folder not in mounted]
    memory, network = job.memory * _MEGABYTE, job.networks[0] if job.networks else "none"
    body: dict[str, Any] = {
        "Image": job.image,
        "User": job.user,
        "Env": [f"{name}={value}" for name, value in sorted(job.environment.items())],
        "Labels": {PART_LABEL: "job", **labels},
        "HostConfig": {
            "NetworkMode": network,
            "ReadonlyRootfs": True,
            "CapDrop": [DROPPED_CAPABILITIES],
            "CapAdd": list(job.capabilities),
            "SecurityOpt": [SECURITY_OPTION],
            "Memory": memory,
            "MemorySwap": memory,
            "NanoCpus": int(job.cpus * _NANOSECONDS),
            "PidsLimit": PROCESSES,
            "Tmpfs": dict.fromkeys(job.writable, tmpfs(job.user)),
            # The kernel's parameters of a shared network are those of the container that brings it.
            "Sysctls": {} if network.startswith("container:") else dict(job.sysctls),
            "Mounts": mounts,
            "LogConfig": _LOG,
        },
    }
    if job.command:
        body |= {"Entrypoint": [job.command[0]], "Cmd": list(job.command[1:])}
    if job.stop_signal:
        body["StopSignal"] = job.stop_signal
    if job.probe:
        body["Healthcheck"] = {
            "Test": ["CMD", *job.probe["command"]],
            "Interval": _NANOSECONDS,
            "Timeout": job.probe["timeout_seconds"] * _NANOSECONDS,
            "Retries": 600,
        }
    return body
