"""Where the daemon keeps the log files of its containers, and whether a container can read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pulumi

from ...logs.reader import LOG_FILES
from ...workload.spec import HOST_MOUNT_LABEL

_CONTAINER = "docker:index/container:Container"
_SECURITY = {
    "rootless": "a rootless daemon keeps them as another user",
    "userns": "root of a container is another user on the host (userns-remap)",
    "selinux": "SELinux keeps containers from reading them",
}
"""Security option of the daemon to why a container can't read its log files."""
_DESKTOP = "Docker Desktop"


def problems(info: Mapping[str, Any]) -> Iterator[str]:
    """Yield why a container can't read the log files of this daemon."""
    reasons = [reason for option, reason in _SECURITY.items() if option in _options(info)]
    if info.get("OperatingSystem") == _DESKTOP:
        reasons.append("Docker Desktop keeps them in a virtual machine that it may replace")
    if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", _folder(info)):
        reasons.append(f"the daemon's data folder is {info.get('DockerRootDir')}")
    for reason in reasons:
        yield (
            f"the log files of this Docker daemon can't be read by a container, because {reason}; set kotauth:logs to "
            "none, or use another Docker host"
        )


def relocation(info: Mapping[str, Any]) -> pulumi.ResourceOptions | None:
    """Return the options with which the reader mounts the folder of this daemon, ``None`` where it is the usual one."""
    folder = _folder(info)
    if folder == LOG_FILES:
        return None

    def moved(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != _CONTAINER:
            return None
        inputs = cast("Mapping[str, list[Any]]", args.props)
        labels: list[Any] = inputs.get("labels", [])
        declared = [entry for entry in labels if (entry.label, entry.value) == (HOST_MOUNT_LABEL, LOG_FILES)]
        for entry in declared:
            entry.value = folder
            for volume in inputs["volumes"]:
                if volume.host_path == LOG_FILES:
                    volume.host_path = folder
        return pulumi.ResourceTransformationResult(args.props, args.opts) if declared else None

    return pulumi.ResourceOptions(transformations=[moved])


def _folder(info: Mapping[str, Any]) -> str:
    return f"{info.get('DockerRootDir', '')}/containers"


def _options(info: Mapping[str, Any]) -> set[str]:
    """Return the names of the daemon's security options, such as `name=seccomp,profile=default`."""
    given: list[str] = info.get("SecurityOptions") or []
    parts = [part.partition("=") for option in given for part in option.split(",")]
    return {value for name, _, value in parts if name == "name"}
