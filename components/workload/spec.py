"""What runs on a host, told once for every target.

A ``ContainerSpec`` says what runs and never where: Docker turns it into containers and volumes, AWS into systemd units.
Nothing in it is optional hardening: whoever runs a spec drops all capabilities but the listed ones, forbids new
privileges, mounts the root read-only, bounds memory, cpu and logs, and restarts what stops.
"""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi

SECRETS_DIRECTORY = "/run/secrets"
"""Where a container finds its secret files, readable by its own user only."""

CONFIG_DIRECTORY = "/run/config"
"""Where a container finds its configuration files."""

NEXT_CONFIG_DIRECTORY = f"{CONFIG_DIRECTORY}/next"
"""Where a reload command finds the configuration files that are to come."""


PART_LABEL = "kotauth.part"
"""Label that says which part of the system a container is."""


class Probe(TypedDict):
    """A command that says whether the container is ready."""

    command: list[str]
    """Command and arguments, run inside the container; exit code 0 means ready."""
    interval_seconds: int
    """Seconds between two probes."""
    timeout_seconds: int
    """Seconds after which a probe counts as failed."""
    retries: int
    """How many probes in a row must fail before the container counts as not ready."""
    start_period_seconds: NotRequired[int]
    """Seconds after the start in which a failed probe does not count. Default 0."""


class PersistentVolume(TypedDict):
    """Data that outlives the container and can't be made again: it is protected from deletion."""

    name: str
    """Short name, unique within the container."""
    path: str
    """Where the container sees it."""


class PublishedPort(TypedDict):
    """A port of the container on the host's addresses."""

    host: int
    """Port on the host."""
    container: int
    """Port in the container."""


class Check(TypedDict):
    """A command that must succeed before the container starts. It sees the container's files and database."""

    name: str
    """Short name, shown when it fails."""
    image: str
    """Image that holds the command."""
    command: list[str]
    """Command and arguments. Its last line of output is what the user reads when it fails."""
    environment: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Plain environment, without secrets."""


class Reload(TypedDict):
    """How a running container takes new configuration files in, without a restart."""

    command: list[str]
    """Command and arguments, run beside the container with its image. It reads the new files in
    `/run/config/next` and fails where they are bad; then the container keeps the files that it has."""
    socket: str
    """Path of the container's control socket, in a folder that the command shares."""


class ContainerSpec(TypedDict):
    """One container: what runs, with which files, limits and rights."""

    part: str
    """Which part of the system it is: `server`, `database`, `frontend`. Becomes its label (`PART_LABEL`)."""
    image: str
    """Image by exact tag or digest."""
    user: str
    """`uid:gid`, numeric and not 0. It owns the secret files and the persistent volumes."""
    memory: int
    """Limit in MB. Swap is not added to it."""
    cpus: float
    """Limit in processors."""
    probe: Probe
    """How to know that it is ready. The container counts as started only then."""
    entrypoint: NotRequired[list[str]]
    """Replaces the image's entrypoint."""
    command: NotRequired[list[str]]
    """Arguments."""
    environment: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Plain environment, without secrets: whoever may inspect the container reads it."""
    secret_files: NotRequired[list[str]]
    """Names of the files that appear in `/run/secrets`, mode 0400. Their contents are the target's matter: Docker is
    given them, a host on AWS reads them from Secrets Manager."""
    config_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """File name to content; they appear in `/run/config`. A change starts a new container, unless `reload` is set."""
    reload: NotRequired[Reload]
    """With it, new configuration files reach the running container, and don't start a new one. Targets that replace
    the whole host have no use for it."""
    volumes: NotRequired[list[PersistentVolume]]
    """Persistent data."""
    tmpfs: NotRequired[list[str]]
    """Writable paths in memory. Everything else but the volumes is read-only."""
    ports: NotRequired[list[PublishedPort]]
    """Published ports. Only a frontend has any."""
    capabilities: NotRequired[list[str]]
    """Linux capabilities kept, with the `CAP_` prefix. Default none."""
    sysctls: NotRequired[Mapping[str, str]]
    """Kernel parameters of the container's own network namespace, which those of the host don't reach. Default none."""
    before_start: NotRequired[Check]
    """What must be true before each start of a new version."""
    stop_signal: NotRequired[str]
    """Signal that asks for the end. Default SIGTERM."""
    stop_seconds: NotRequired[int]
    """Seconds between that signal and SIGKILL. Default 10."""


def owner(spec: ContainerSpec) -> tuple[str, str]:
    """Return uid and gid of the spec's user; raise ``ValueError`` for root or names."""
    return parse_owner(spec["user"])


def parse_owner(raw: object) -> tuple[str, str]:
    """Parse uid and gid of a user; raise ``ValueError`` for root or names."""
    uid, _, gid = str(raw).partition(":")
    if not (uid.isdigit() and gid.isdigit()) or uid == "0":
        raise ValueError("must be uid:gid, numeric and not root")
    return uid, gid
