"""The boot plan: JSON files that tell a host what to run. The policy pack reads them at preview.

`user_data.py` writes `boot.json` into the user data, one line for each entry, so that a preview shows which entry
changes. `container_plan.py` makes a file for each container. These files are too long for user data: they are objects
of the bucket, and `boot.json` contains their hashes. The host generates its systemd units from the boot plan alone, so
the policy pack sees exactly what runs.

The host's programs read the same types with the standard library (`scripts/`: `boot`, `bring_up`, `units`, `watchdog`,
`renewal`, `ship_logs`). The policy pack, which does not import these components, reads them in
`readers/hosts/boot_plan.py`. If a change makes an old reader misread the plan, increment `VERSION` in `scripts/boot.py`
and in the policy pack. A test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi

from ...workload.spec import Probe, PublishedPort

Labels = Mapping[str, Mapping[str, pulumi.Input[str]]]
"""Staging labels of the secrets' versions, by part and secret file."""


class Volume(TypedDict):
    """The EBS volume for data that outlives the host."""

    device: str
    """Device name under which the volume is attached."""
    folders: dict[str, list[int]]
    """Folders on the volume, each with the uid and gid of its owner."""


class WatchedFrontend(TypedDict):
    """The container that forwards requests to the watched container."""

    part: str
    port: int
    """Port of the frontend on the host."""
    grace_seconds: int
    """Seconds after the start of the frontend in which failed checks are ignored."""


class Watch(TypedDict):
    """The container that the watchdog checks, and how it checks it."""

    part: str
    port: int
    path: str
    """Path that the watchdog requests from the container itself."""
    ready_path: str
    """Path that the watchdog requests through the frontend."""
    failures: int
    """Failed checks in a row before the watchdog restarts the container that does not answer."""
    grace_seconds: int
    """Seconds after the start of the container in which failed checks are ignored."""
    frontend: WatchedFrontend | None


class BootPlan(TypedDict):
    """`boot.json`, without the names that are known only during an update (`text_of` adds them)."""

    version: int
    """Version of this format."""
    artifacts: dict[str, str]
    """Files to fetch: path, and SHA-256 of the content, which is the key of the object in the bucket. One of the files,
    `PROGRAMS` of `scripts/boot.py`, is a list of further files in the same form: the host's programs, which no setting
    changes."""
    containers: list[str]
    """Parts in the order in which they start. Each part has its own file with a `Container`."""
    secrets: Labels
    """Secrets that each part reads from Secrets Manager. Their ARNs are in the boot parameter."""
    deferred: dict[str, list[str]]
    """Names of the variables and configuration files in the boot parameter, by container or check."""
    logins: dict[str, str]
    """Private registries of Amazon ECR, each with its region."""
    volume: Volume | None
    watch: Watch
    in_group: bool
    """Whether an Auto Scaling group replaces the host after the watchdog gives it up."""
    limit_seconds: int
    """Seconds after which a boot reports `failed`. The host keeps trying, but less often."""


class Capabilities(TypedDict):
    """Linux capabilities, as Docker names them."""

    adds: list[str]
    drops: list[str]


class Mount(TypedDict):
    """A folder of the host that is mounted into a container."""

    source: str
    target: str
    read_only: bool


class Log(TypedDict):
    """Log driver of the container."""

    driver: str
    options: dict[str, str]


class Reload(TypedDict):
    """How the running container takes new versions of its secrets. The host looks for them every five minutes."""

    command: list[str]
    """Command, run inside the container, that loads or checks the files in `/run/config/next` and `/run/secrets/next`.
    It fails where they are bad; then the container keeps its files. Empty for none."""
    signal: str
    """Signal to the first process of the container, sent once the new files are in place. Empty for none."""


class Container(TypedDict):
    """The file of one container: all options of its `docker run`."""

    name: str
    image: str
    user: str
    """`uid:gid`, which also owns the configuration and secret files."""
    memory_mb: int
    memory_swap_mb: int
    """Limit of memory and swap together. Equal to `memory_mb`, so that the container can't swap."""
    cpus: float
    processes: int
    read_only: bool
    """Whether the root file system is read-only."""
    capabilities: Capabilities
    security_options: list[str]
    sysctls: dict[str, str]
    labels: dict[str, str]
    network: str
    aliases: list[str]
    """Host names of the container on the network."""
    tmpfs: dict[str, str]
    """Paths in memory, each with its mount options."""
    mounts: list[Mount]
    ports: list[PublishedPort]
    environment_files: list[str]
    """Files on the host with `NAME=value` lines. The file with deferred values is the last, so its values win."""
    config_files: list[str]
    """Names of the configuration files that are known at preview. Deferred files are not listed here."""
    log: Log
    restart: str
    """Value of `Restart=` in the systemd unit: `always`, or `no` for a check."""
    stop_seconds: int
    stop_signal: NotRequired[str]
    entrypoint: list[str]
    command: list[str]
    probe: NotRequired[Probe]
    """Docker's health check. A `check` container has none."""
    reload: NotRequired[Reload]
    """Reload of the secret files. A container without it keeps the versions of its start."""
    check: NotRequired[Container]
    """Container that must succeed before each start of this one."""


def text_of(plan: BootPlan, labels: Labels, names: Mapping[str, str]) -> str:
    """Return the text of `boot.json`: the plan with resolved ``labels``, and ``names`` that only an update knows.

    The names are those of the boot parameter (`parameter`), the bucket (`bucket`) and the log group (`log_group`).
    """
    facts = {**plan, "secrets": labels, **names}
    return "{" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items()) + "}\n"


def container_text(container: Container) -> str:
    """Return the text of a container's file, one field for each line."""
    return json.dumps(container, indent=1, ensure_ascii=False) + "\n"
