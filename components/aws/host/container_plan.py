"""A ContainerSpec as the boot plan has it, without any right that the spec doesn't list."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from ...workload.hardening import CHECK_CPUS, CHECK_MEMORY_MB, DROPPED_CAPABILITIES, PROCESSES, SECURITY_OPTION, tmpfs
from ...workload.spec import CONFIG_DIRECTORY, PART_LABEL, SECRETS_DIRECTORY, ContainerSpec, probe_of
from . import boot_plan
from .description import check_name, is_deferred
from .scripts import names


def container_plan(spec: ContainerSpec) -> boot_plan.Container:
    """Return the plan of a container and of its check."""
    part, user = spec["part"], spec["user"]
    hardened = _hardened(spec, part, environment=spec.get("environment", {}))
    # The target that reloads shares the socket's folder; here it only has to be writable.
    socket = spec.get("reload", {}).get("socket")
    control = [socket.rpartition("/")[0]] if socket else []
    volumes: list[boot_plan.Mount] = [
        {"source": f"{names.VOLUMES}/{part}/{volume['name']}", "target": volume["path"], "read_only": False}
        for volume in spec.get("volumes", [])
    ]
    container: boot_plan.Container = {
        **hardened,
        "image": spec["image"],
        "memory_mb": spec["memory"],
        "memory_swap_mb": spec["memory"],
        "cpus": spec["cpus"],
        "capabilities": {"adds": list(spec.get("capabilities", [])), "drops": [DROPPED_CAPABILITIES]},
        "sysctls": dict(spec.get("sysctls", {})),
        "labels": {PART_LABEL: part},
        "aliases": [part],
        "tmpfs": {path: tmpfs(user) for path in [*spec.get("tmpfs", []), *control]},
        "mounts": [*hardened["mounts"], *volumes],
        "ports": list(spec.get("ports", [])),
        "config_files": [name for name, text in spec.get("config_files", {}).items() if not is_deferred(text)],
        "restart": "always",
        "stop_seconds": spec.get("stop_seconds", 10),
        "entrypoint": list(spec.get("entrypoint", [])),
        "command": list(spec.get("command", [])),
        "probe": {"start_period_seconds": 0, **probe_of(spec)},
    }
    if "stop_signal" in spec:
        container["stop_signal"] = spec["stop_signal"]
    reload = spec.get("reload", {})
    if reload.get("secret_files") and spec.get("secret_files"):
        command = reload.get("command", reload.get("check", []))
        container["reload"] = {"command": list(command), "signal": reload.get("signal", "")}
    if "before_start" in spec:
        check = spec["before_start"]
        job = _hardened(spec, check_name(spec), environment=check.get("environment", {}))
        container["check"] = {**job, "image": check["image"], "command": list(check["command"])}
    return container


def _hardened(spec: ContainerSpec, name: str, *, environment: Mapping[str, pulumi.Input[str]]) -> boot_plan.Container:
    """Return what a container and its check have alike, with the limits of a check."""
    part = spec["part"]
    folders = {
        names.secrets_folder(part): (SECRETS_DIRECTORY, spec.get("secret_files")),
        names.config_folder(part): (CONFIG_DIRECTORY, spec.get("config_files")),
    }
    deferred = {is_deferred(value) for value in environment.values()}
    return {
        "name": name,
        "image": "",
        "user": spec["user"],
        "memory_mb": CHECK_MEMORY_MB,
        "memory_swap_mb": CHECK_MEMORY_MB,
        "cpus": CHECK_CPUS,
        "processes": PROCESSES,
        "read_only": True,
        "capabilities": {"adds": [], "drops": [DROPPED_CAPABILITIES]},
        "security_options": [SECURITY_OPTION],
        "sysctls": {},
        "labels": {PART_LABEL: "job"},
        "network": names.NETWORK,
        "aliases": [],
        "tmpfs": {"/tmp": tmpfs(spec["user"])},  # noqa: S108 - the container's own
        "mounts": [
            {"source": source, "target": target, "read_only": True}
            for source, (target, wanted) in folders.items()
            if wanted
        ],
        "ports": [],
        "environment_files": [
            *([names.known_environment(name)] if False in deferred else []),
            *([names.deferred_environment(name)] if True in deferred else []),
        ],
        "config_files": [],
        "log": {"driver": "journald", "options": {"tag": part}},
        "restart": "no",
        "stop_seconds": 10,
        "entrypoint": [],
        "command": [],
    }
