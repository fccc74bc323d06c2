"""Reads the boot plan of Kotauth's own hosts, which their user data carries as JSON.

What stands in it is written down with the components that make it, in `components/aws/host/boot_plan.py`. This pack
stands alone and imports nothing of them; a test compares what they write with what is read here.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .loose_data import as_list, as_object, as_text, as_texts, json_object
from .started import Started, networks

CONFIG_FOLDER = "/etc/kotauth"
PLAN = f"{CONFIG_FOLDER}/boot.json"
PROGRAMS = f"{CONFIG_FOLDER}/programs.json"
"""Lists more files of the bucket."""
VERSION = 1


@dataclass(frozen=True)
class BootPlan:
    """The boot plan of a Kotauth host; empty on other hosts."""

    containers: tuple[str, ...] = ()
    """Parts, each with a file of its own."""
    deferred: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    """Container to the names of variables and files that come from a parameter."""
    secret_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    """Container to the names of files that come from Secrets Manager."""
    parameter: str = ""
    """Name of that parameter."""
    log_group: str = ""
    """Name of the log group that the lines go to."""
    artifacts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Path to the hash of the object that is fetched for it."""
    fault: str = ""
    """Reason why the plan can't be read."""


def read_boot_plan(files: Mapping[str, str]) -> BootPlan:
    """Return the plan among the files that user data writes."""
    if PLAN not in files:
        return BootPlan()
    plan = json_object(files[PLAN])
    if plan.get("version") != VERSION:
        return BootPlan(fault=f"has a boot plan whose version is not {VERSION}, which this policy pack reads")
    return BootPlan(
        containers=tuple(as_texts(plan.get("containers"))),
        deferred={name: tuple(as_texts(keys)) for name, keys in as_object(plan.get("deferred")).items()},
        secret_files={part: tuple(as_object(labels)) for part, labels in as_object(plan.get("secrets")).items()},
        parameter=as_text(plan.get("parameter")),
        log_group=as_text(plan.get("log_group")),
        artifacts=hashes(plan.get("artifacts")),
    )


def hashes(listed: object) -> Mapping[str, str]:
    """Return path to hash of a list of artifacts."""
    return {path: as_text(sha256) for path, sha256 in as_object(listed).items()}


def container_file(part: str) -> str:
    """Return the path of the file of a container."""
    return f"{CONFIG_FOLDER}/boot.d/{part}.json"


def planned_containers(plan: BootPlan, files: Mapping[str, str]) -> Iterator[Started]:
    """Yield the containers of a plan whose files are known, each after the check that it waits for."""
    for part in plan.containers:
        container = json_object(files.get(container_file(part), ""))
        if check := as_object(container.get("check")):
            yield _started(check, is_job=True)
        if container:
            yield _started(container)


def _started(container: Mapping[str, object], *, is_job: bool = False) -> Started:
    name, mounts = as_text(container.get("name")), [as_object(mount) for mount in as_list(container.get("mounts"))]
    return Started(
        name=name,
        image=as_text(container.get("image")),
        properties=_properties(container, mounts),
        environment_files=as_texts(container.get("environment_files")),
        environment=[],
        # The boot copies the first folder, with what is fetched, to where it is mounted.
        sources=[f"{CONFIG_FOLDER}/{name}", *(as_text(mount.get("source")) for mount in mounts)],
        restart=as_text(container.get("restart")),
        is_job=is_job,
    )


def _properties(container: Mapping[str, object], mounts: list[Mapping[str, object]]) -> dict[str, object]:
    capabilities, log = as_object(container.get("capabilities")), as_object(container.get("log"))
    probe = as_object(container.get("probe"))
    ports = [as_object(port) for port in as_list(container.get("ports"))]
    return {
        "command": as_texts(container.get("command")),
        "entrypoints": as_texts(container.get("entrypoint")),
        "user": container.get("user"),
        "memory": _number(container.get("memory_mb")),
        "memorySwap": _number(container.get("memory_swap_mb")),
        "cpus": container.get("cpus"),
        "readOnly": _flag(container.get("read_only")),
        "capabilities": {side: as_texts(capabilities.get(side)) for side in ("adds", "drops")},
        "securityOpts": as_texts(container.get("security_options")),
        "sysctls": _texts(container.get("sysctls")),
        "labels": [{"label": name, "value": text} for name, text in _texts(container.get("labels")).items()],
        "ports": [
            {"internal": as_text(port.get("container")), "protocol": "tcp", "external": as_text(port.get("host"))}
            for port in ports
        ],
        "mounts": [
            {
                "type": "bind",
                "source": as_text(mount.get("source")),
                "target": as_text(mount.get("target")),
                "readOnly": _flag(mount.get("read_only")),
            }
            for mount in mounts
        ],
        **networks([as_text(container.get("network"))]),
        "healthcheck": {"tests": ["CMD-SHELL", shlex.join(as_texts(probe.get("command")))]} if probe else None,
        "logDriver": log.get("driver"),
        "logOpts": _texts(log.get("options")),
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _flag(value: object) -> str:
    return "true" if value is True else "false"


def _texts(value: object) -> dict[str, str]:
    return {name: as_text(text) for name, text in as_object(value).items()}
