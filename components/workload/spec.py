"""`ContainerSpec`: a container, described once for Docker hosts and for EC2 hosts.

A ``ContainerSpec`` does not depend on the target: the Docker target makes containers and volumes from it, AWS makes
systemd units. Hardening is not optional: every target drops all capabilities except the listed ones, forbids new
privileges, mounts the root read-only, limits memory, processors and logs, and restarts a container that stops.
"""

import re
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

SECRETS_DIRECTORY = "/run/secrets"
"""Folder of the secret files in a container, readable by its own user only."""

CONFIG_DIRECTORY = "/run/config"
"""Folder of the configuration files in a container."""

NEXT = "next"
"""Folder of new files beside those in use."""
NEXT_CONFIG_DIRECTORY = f"{CONFIG_DIRECTORY}/{NEXT}"
"""Folder of the new configuration files, for a reload command."""
NEXT_SECRETS_DIRECTORY = f"{SECRETS_DIRECTORY}/{NEXT}"
"""Folder of all secret files with the new contents, for a reload command."""

PART_LABEL = "kotauth.part"
"""Label that says which part of the system a container is."""

LOGS_LABEL = "kotauth.logs"
"""Label of containers whose log lines are routed; its value is the same for all containers of a deployment."""

HOST_MOUNT_LABEL = "kotauth.host-mount"
"""Label that declares the folders of the host which a container mounts, with colons between them."""

HOST_NAME = "host.docker.internal"
"""Name of the host in a container that reaches it."""


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
    """Persistent data that can't be recreated, so it is protected from deletion."""

    name: str
    """Short name, unique within the container."""
    path: str
    """Mount path in the container."""
    kept: NotRequired[bool]
    """Whether the volume stays even if the stack is deleted. Default false."""


class DisposableVolume(TypedDict):
    """Data that outlives the container but may be lost, such as a queue. Nothing protects it from deletion."""

    name: str
    """Short name, unique within the container."""
    path: str
    """Mount path in the container."""


class SharedVolume(TypedDict):
    """A volume of another container, also mounted here. Its files belong to that container's user."""

    owner: str
    """Part of the container whose spec has the volume."""
    name: str
    """The volume's short name there."""
    path: str
    """Mount path in this container."""
    read_only: NotRequired[bool]
    """Whether this container can only read it. Default true."""


class HostMount(TypedDict):
    """A folder of the host, always read-only: an exception that the container declares with a label.

    Policies accept it where they list that path, and nowhere else.
    """

    source: str
    """Absolute path on the host."""
    path: str
    """Mount path in the container."""


class Log(TypedDict):
    """Log driver of a container."""

    driver: str
    """Docker's log driver, such as `json-file`."""
    options: NotRequired[Mapping[str, str]]
    """The driver's options. `json-file` keeps its rotation unless they say otherwise."""


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
    """Plain environment variables, without secrets."""


class Reload(TypedDict):
    """How a running container takes new files without a restart: by a command, by a signal, or by watching them."""

    command: NotRequired[list[str]]
    """Command and arguments, run beside the container with its image. It reads the new files in
    `/run/config/next` and fails where they are bad; then the container keeps the files that it has. Needs `socket`."""
    socket: NotRequired[str]
    """Path of the container's control socket, in a folder that the command shares."""
    signal: NotRequired[str]
    """Signal to the container's first process, sent once the new files are in place, and after a first start. A process
    that finds them bad must keep what it has."""
    check: NotRequired[list[str]]
    """Command and arguments, run like `command` before the files are put in place, also before the first start. It
    fails where the files are bad; then none of them is put in place. Only with `signal`."""
    watch: NotRequired[bool]
    """Whether the container looks for new files itself."""
    secret_files: NotRequired[bool]
    """Whether new secret files are reloaded in the same way. By default they start a new container."""


class ContainerSpec(TypedDict):
    """One container: what runs, with which files, limits and rights."""

    part: str
    """Part of the system, such as `server` or `frontend`. The container has it in the label `kotauth.part`. A host
    on AWS uses the parts `boot`, `host`, `logs`, `renewal` and `watchdog` itself."""
    image: str
    """Image by exact tag or digest."""
    user: str
    """`uid:gid`, numeric. It owns the secret files and the volumes. Only a container that reads folders of the host,
    without capabilities, ports and secret files, may be `0:0`."""
    memory: int
    """Memory limit in MB, at least 6. The container gets no swap in addition."""
    cpus: float
    """Processor limit, at least 0.01."""
    probe: NotRequired[Probe]
    """Readiness probe. The container counts as started once the probe succeeds. Required for a container that stays
    running, unless `unprobed` is set."""
    unprobed: NotRequired[bool]
    """Whether a container that stays running has no probe, because its image has no command for it. It counts as
    started when it runs."""
    one_shot: NotRequired[bool]
    """Whether the container exits, and must succeed. It runs again when its spec changes. Its image must have `sh`."""
    time_limit_seconds: NotRequired[int]
    """Seconds that a one-shot container may take. Default 30."""
    entrypoint: NotRequired[list[str]]
    """Replaces the image's entrypoint."""
    command: NotRequired[list[str]]
    """Arguments of the entrypoint."""
    environment: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Plain environment variables, without secrets: any user who may inspect the container can read them."""
    secret_files: NotRequired[list[str]]
    """Plain names of the files in `/run/secrets`, with mode 0400. The target supplies their contents: Docker gets them
    as inputs, a host on AWS reads them from Secrets Manager."""
    config_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Files in `/run/config`, by name, with their content. A change starts a new container, unless `reload` is set."""
    reload: NotRequired[Reload]
    """How the running container takes new configuration files, so that they don't start a new one. On hosts of
    AWS it only concerns secret files, because every other change replaces the host."""
    volumes: NotRequired[list[PersistentVolume]]
    """Persistent data."""
    disposable_volumes: NotRequired[list[DisposableVolume]]
    """Data that may be lost with the container."""
    shared_volumes: NotRequired[list[SharedVolume]]
    """Volumes of other containers."""
    host_mounts: NotRequired[list[HostMount]]
    """Folders of the host, read-only."""
    log: NotRequired[Log]
    """Log driver of the container. Default the driver of the target."""
    tmpfs: NotRequired[list[str]]
    """Writable paths in memory. All other paths except the volumes are read-only."""
    reaches_host: NotRequired[bool]
    """Whether the name `host.docker.internal` leads to the host. Default false."""
    ports: NotRequired[list[PublishedPort]]
    """Published ports. Only a frontend publishes ports."""
    capabilities: NotRequired[list[str]]
    """Linux capabilities kept, with the `CAP_` prefix. Default none."""
    sysctls: NotRequired[Mapping[str, str]]
    """Kernel parameters of the container's network namespace, which the host's don't affect. Default none."""
    before_start: NotRequired[Check]
    """Check that must succeed before each start of a new version."""
    stop_signal: NotRequired[str]
    """Signal that stops the container. Default SIGTERM."""
    stop_seconds: NotRequired[int]
    """Seconds between `stop_signal` and SIGKILL. Default 10."""


def probe_of(spec: ContainerSpec) -> Probe:
    """Return the probe of a spec; raise ``ValueError`` if it has none."""
    if "probe" not in spec:
        raise ValueError(f"{spec['part']} has no probe")
    return spec["probe"]


_MORE_THAN_READING = ("capabilities", "ports", "secret_files", "volumes")


def owner(spec: Mapping[str, Any]) -> tuple[str, str]:
    """Return uid and gid of the spec's user; raise ``ValueError`` for names, or for root where it isn't allowed."""
    user = spec.get("user", "")
    if user == "0:0" and spec.get("host_mounts") and not any(spec.get(kind) for kind in _MORE_THAN_READING):
        return "0", "0"
    return parse_owner(user)


def parse_owner(raw: object) -> tuple[str, str]:
    """Parse uid and gid of a user; raise ``ValueError`` for root or names."""
    # Without leading zeros: Docker takes 00 for root, too.
    numbers = re.fullmatch(r"([1-9][0-9]*):(0|[1-9][0-9]*)", str(raw))
    if not numbers:
        raise ValueError("must be uid:gid, numeric and not root")
    return numbers[1], numbers[2]
