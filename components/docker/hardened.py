"""Creates every running container on a Docker host, with fixed limits and permissions.

Numbers in comments are sections of the CIS Docker Benchmark 1.6.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_docker as docker

from ..workload.hardening import DROPPED_CAPABILITIES, PROCESSES, SECURITY_OPTION, tmpfs
from ..workload.spec import HOST_MOUNT_LABEL, HOST_NAME, LOGS_LABEL, PART_LABEL, HostMount, Log
from .daemon.diagnosis import explain_failure

_TRIGGER_LABEL = "kotauth.trigger"
_HOST_GATEWAY = "host-gateway"
"""Word that Docker replaces by the address at which a container reaches the host."""
_LOG_DRIVER = "json-file"
_LOG_OPTIONS = {"max-size": "10m", "max-file": "3"}


@dataclass(frozen=True)
class Mount:
    """A volume and where the container sees it."""

    volume: pulumi.Input[str]
    path: str
    read_only: bool = True

    def argument(self) -> docker.ContainerVolumeArgs:
        """Return the mount as the provider takes it."""
        return docker.ContainerVolumeArgs(volume_name=self.volume, container_path=self.path, read_only=self.read_only)


@dataclass(frozen=True)
class Attachment:
    """A network and the name that the container has there."""

    network: pulumi.Input[str]
    alias: str | None = None


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Everything that a container gets: image, limits, files, networks and rights."""

    part: str
    image: pulumi.Input[str]
    user: str
    memory: int
    cpus: float
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    mounts: Sequence[Mount] = ()
    networks: Sequence[Attachment] = ()
    tmpfs: Sequence[str] = ()
    capabilities: Sequence[str] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict[str, str])
    host_mounts: Sequence[HostMount] = ()
    reaches_host: bool = False
    log: Log | None = None
    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])


def hardened_container(
    name: str,
    runtime: Runtime,
    opts: pulumi.ResourceOptions,
    **more: Any,  # noqa: ANN401 - the arguments of docker.Container that only one caller needs
) -> docker.Container:
    """Make the container; a failed start ends the `up` with the container's own last line."""
    labels = {**runtime.labels, PART_LABEL: runtime.part}
    if runtime.host_mounts:
        labels[HOST_MOUNT_LABEL] = ":".join(mount["source"] for mount in runtime.host_mounts)
    return docker.Container(
        name,
        image=runtime.image,
        user=runtime.user,
        entrypoints=list(runtime.entrypoint) or None,
        command=list(runtime.command) or None,
        envs=[_environment_entry(key, value) for key, value in sorted(runtime.environment.items())] or None,
        volumes=[
            *(mount.argument() for mount in runtime.mounts),
            *(
                docker.ContainerVolumeArgs(host_path=mount["source"], container_path=mount["path"], read_only=True)
                for mount in runtime.host_mounts
            ),
        ],
        hosts=[docker.ContainerHostArgs(host=HOST_NAME, ip=_HOST_GATEWAY)] if runtime.reaches_host else None,
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(name=a.network, aliases=[a.alias] if a.alias else None)
            for a in runtime.networks
        ],
        # Docker would attach a container without networks to the default bridge, which other containers share (5.30).
        network_mode=None if runtime.networks else "none",
        tmpfs=dict.fromkeys(runtime.tmpfs, tmpfs(runtime.user)) or None,
        labels=[docker.ContainerLabelArgs(label=key, value=value) for key, value in sorted(labels.items())],
        read_only=True,  # 5.13
        privileged=False,  # 5.5
        capabilities=docker.ContainerCapabilitiesArgs(  # 5.4
            adds=list(runtime.capabilities), drops=[DROPPED_CAPABILITIES]
        ),
        sysctls=dict(runtime.sysctls) or None,
        security_opts=[f"{SECURITY_OPTION}:true"],  # 5.26
        memory=runtime.memory,  # 5.11
        # Equal to the memory: no swap. Without a value, the provider reports a change at every preview.
        memory_swap=runtime.memory,
        # As the provider reads it back ("1.0", not "1"); otherwise each preview shows a change.
        cpus=str(float(runtime.cpus)),  # 5.12
        # The provider can't set a container's own limit (5.29). This one counts the user's processes on the whole host.
        ulimits=[docker.ContainerUlimitArgs(name="nproc", soft=PROCESSES, hard=PROCESSES)],
        **_log(runtime),
        opts=pulumi.ResourceOptions.merge(opts, _always_new(explain_failure(_provider(opts), f"{_kind(opts)}{name}"))),
        **more,
    )


def _provider(opts: pulumi.ResourceOptions) -> pulumi.ProviderResource | None:
    return opts.provider or (opts.parent.get_provider("docker:index/container:Container") if opts.parent else None)


def _kind(opts: pulumi.ResourceOptions) -> str:
    return f"{opts.parent.pulumi_resource_type} " if opts.parent else ""


def _log(runtime: Runtime) -> dict[str, Any]:
    log = runtime.log
    driver = log["driver"] if log else _LOG_DRIVER
    options = {**(_LOG_OPTIONS if driver == _LOG_DRIVER else {}), **(log.get("options", {}) if log else {})}
    if driver == _LOG_DRIVER and LOGS_LABEL in runtime.labels:
        # Docker writes these labels beside each line, where the reader of the logs looks for them.
        options["labels"] = f"{LOGS_LABEL},{PART_LABEL}"
    return {"log_driver": driver, "log_opts": options}


def _always_new(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Return options with which every change replaces the container, even if the provider could update it in place.

    An update in place ignores a new health check, changes the memory limit of a JVM that read it only at its start, and
    keeps a container that never started.
    """
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(replace_on_changes=["*"]))


def _environment_entry(key: str, value: pulumi.Input[str]) -> pulumi.Input[str]:
    if isinstance(value, str):
        return f"{key}={value}"
    return pulumi.Output.from_input(value).apply(lambda text: f"{key}={text}")


def healthcheck(command: Sequence[str], *, interval: int, timeout: int, retries: int, start_period: int) -> Any:  # noqa: ANN401
    """Return the health check; all times in seconds."""
    return docker.ContainerHealthcheckArgs(
        tests=["CMD", *command],
        interval=f"{interval}s",
        timeout=f"{timeout}s",
        retries=retries,
        start_period=_duration(start_period),
    )


def trigger_label(*values: pulumi.Input[Any]) -> dict[str, pulumi.Output[str]]:
    """Return a label that changes with the values and so makes a new container; a digest, since labels are public."""
    return {_TRIGGER_LABEL: pulumi.Output.all(*values).apply(_digest)}


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _duration(seconds: int) -> str:
    """Return the duration as Docker reads it back, else each preview shows a change."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
