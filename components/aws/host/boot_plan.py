"""The boot plan: what user data tells a host to run, as JSON. The policy pack reads it at preview.

`user_data.py` writes it: one file, and one more for each container (`container_plan.py`). `boot.json` stands in the
user data, with a line for each entry, so that a preview shows which one changes. The files of the containers are too
long for that: they lie in the bucket like other long files, and their hashes stand in the plan. The host makes its
units from them and from nothing else, so what the policy pack reads is what runs.

The host's programs read the same shapes with the standard library (`scripts/`: `boot`, `bring_up`, `units`, `watchdog`,
`ship_logs`), and the policy pack, which knows nothing of these components, in `readers/hosts/boot_plan.py`. A change
that one of them would misread raises `VERSION` in `scripts/boot.py` and in the pack; a test compares what is written
here with what it reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi

from ...workload.spec import Probe, PublishedPort

Labels = Mapping[str, Mapping[str, pulumi.Input[str]]]
"""Part to secret file to the staging label of the version that it reads."""


class Volume(TypedDict):
    """The volume that outlives the host."""

    device: str
    """Device name under which it is attached."""
    folders: dict[str, list[int]]
    """Folder on the volume to the uid and gid that own it."""


class WatchedFrontend(TypedDict):
    """The container through which the watched one is reached."""

    part: str
    port: int
    """Its port on the host."""
    grace_seconds: int
    """After its start it counts as nothing for so long."""


class Watch(TypedDict):
    """What the watchdog looks at."""

    part: str
    port: int
    path: str
    """What the container itself is asked for."""
    ready_path: str
    """What it is asked for through the frontend."""
    failures: int
    """Failed looks in a row until what hangs is restarted."""
    grace_seconds: int
    frontend: WatchedFrontend | None


class BootPlan(TypedDict):
    """`boot.json`, but for what only the update knows (see `text_of`)."""

    version: int
    """Of this shape."""
    artifacts: dict[str, str]
    """Path to the SHA-256 of the file's content, which is the key of the object in the bucket. One of them, `PROGRAMS`
    of `scripts/boot.py`, lists more in the same form: the host's programs, which no setting changes."""
    containers: list[str]
    """Parts in the order in which they start; each has a file of its own, a `Container`."""
    secrets: Labels
    """What each part reads from Secrets Manager. The ARNs stand in the boot parameter."""
    deferred: dict[str, list[str]]
    """Container, or its check, to the names of variables and configuration files that stand in the boot parameter."""
    logins: dict[str, str]
    """Private registry to its region."""
    volume: Volume | None
    watch: Watch
    in_group: bool
    """Whether an Auto Scaling group replaces a host that is given up."""
    limit_seconds: int
    """After so long a boot says `failed`. It goes on trying, slowly."""


class Capabilities(TypedDict):
    """Linux capabilities, as Docker names them."""

    adds: list[str]
    drops: list[str]


class Mount(TypedDict):
    """A folder of the host that a container sees."""

    source: str
    target: str
    read_only: bool


class Log(TypedDict):
    """Log driver of the container."""

    driver: str
    options: dict[str, str]


class Container(TypedDict):
    """The file of one container: everything that `docker run` is asked for."""

    name: str
    image: str
    user: str
    """`uid:gid`. It owns the configuration and secret files, too."""
    memory_mb: int
    memory_swap_mb: int
    """Memory and swap together; equal to the memory there is no swap."""
    cpus: float
    processes: int
    read_only: bool
    """Whether its root is."""
    capabilities: Capabilities
    security_options: list[str]
    sysctls: dict[str, str]
    labels: dict[str, str]
    network: str
    aliases: list[str]
    """Names under which others on the network find it."""
    tmpfs: dict[str, str]
    """Path in memory to its options."""
    mounts: list[Mount]
    ports: list[PublishedPort]
    environment_files: list[str]
    """Files of `NAME=value` lines on the host. What the host fetches comes last, and counts."""
    config_files: list[str]
    """Names of the files that the user data says, of all in its configuration folder."""
    log: Log
    restart: str
    """`Restart=` of its unit: `always`, or `no` for a check."""
    stop_seconds: int
    stop_signal: NotRequired[str]
    entrypoint: list[str]
    command: list[str]
    probe: NotRequired[Probe]
    """Docker's health check. A check has none."""
    check: NotRequired[Container]
    """What must succeed before each start."""


def text_of(plan: BootPlan, labels: Labels, names: Mapping[str, str]) -> str:
    """Return `boot.json`: the plan with these ``labels``, and what only the update ``names``.

    The names are those of the boot parameter (`parameter`), the bucket (`bucket`) and the log group (`log_group`).
    """
    facts = {**plan, "secrets": labels, **names}
    return "{" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in facts.items()) + "}\n"


def container_text(container: Container) -> str:
    """Return the file of a container, a fact a line."""
    return json.dumps(container, indent=1, ensure_ascii=False) + "\n"
