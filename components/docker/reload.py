"""Puts new files into a running container without a restart: beside the files in use, then in their place.

Before the first start there is nothing to tell, and the files are only put in place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker

from ..workload.spec import CONFIG_DIRECTORY, SECRETS_DIRECTORY, Reload
from .companions import Companions
from .files import DockerFiles
from .hardened import Mount
from .job import run_job

_SCRIPT = (Path(__file__).parent / "reload.sh").read_text()
_NO_SOCKET = "-"
"""Not an empty word, which the provider refuses in a command."""
_SEND = 'kill -s "$1" 1'


@dataclass(frozen=True)
class ReloadableFiles:
    """Files that change under a container while it runs."""

    mounts: list[Mount]
    """What the container needs for them."""
    applied: pulumi.Resource
    """Done once the newest files are the ones in use, and taken in by a command if there is one."""
    versions: list[pulumi.Input[Any]]
    """Change with the files."""


def reloadable_files(
    companions: Companions, reload: Reload, secrets: Mapping[str, pulumi.Input[str]]
) -> ReloadableFiles:
    """Put the configuration files, and those secret files that are reloaded, where they can change."""
    config_volume = companions.owned_volume("config")
    mounts, files = [Mount(config_volume, CONFIG_DIRECTORY, read_only=False)], list[DockerFiles]()
    socket = reload.get("socket", "")
    if socket:
        # A running container without secret files has no mount for them and can't load any. It is replaced, and its
        # socket is out of the job's sight.
        control = companions.owned_volume("secrets-control" if secrets else "control")
        mounts.append(Mount(control, socket.rpartition("/")[0], read_only=False))
    if secrets:
        secrets_volume = companions.owned_volume("secrets")
        mounts.append(Mount(secrets_volume, SECRETS_DIRECTORY, read_only=False))
        files.append(companions.files("next-secrets", secrets, secrets_volume))
    owned = companions.own("config-owner", mounts)
    files.insert(0, companions.files("next-config", companions.spec.get("config_files", {}), config_volume))
    versions: list[pulumi.Input[Any]] = [
        version for carried in files for version in (carried.version, carried.volume_name)
    ]
    spec = companions.spec
    applied = run_job(
        f"{companions.name}-reload",
        companions.runtime(
            command=[
                "sh",
                "-c",
                _SCRIPT,
                "reload",
                socket or _NO_SOCKET,
                *reload.get("command", reload.get("check", [])),
            ],
            mounts=mounts,
            environment=spec.get("environment", {}),
            tmpfs=spec.get("tmpfs", []),
            capabilities=spec.get("capabilities", []),
        ),
        pulumi.ResourceOptions.merge(companions.opts, pulumi.ResourceOptions(depends_on=[owned])),
        triggers=versions,
    )
    # Only the jobs write secret files.
    of_container = [replace(mount, read_only=mount.read_only or mount.path == SECRETS_DIRECTORY) for mount in mounts]
    return ReloadableFiles(of_container, applied, versions)


def send_signal(companions: Companions, reload: Reload, files: ReloadableFiles, container: docker.Container) -> None:
    """Send the reload's signal to the container's first process, if it has one, whenever the files have changed."""
    signal = reload.get("signal", "")
    if signal:
        command = ["sh", "-c", _SEND, "signal", signal.removeprefix("SIG")]
        run_job(
            f"{companions.name}-signal",
            companions.runtime(command=command),
            companions.opts,
            triggers=files.versions,
            beside=container.id,
        )
