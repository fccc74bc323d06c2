"""`Host`: the input for rendering user data; `validate` refuses a host that can't run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from ...inputs.declaration import Problem
from ...inputs.problems import Problems
from ...kotauth.server import LIVE_PATH, PORT, READY_PATH
from ...workload.rules import problems as spec_problems
from ...workload.rules import value_at
from ...workload.spec import ContainerSpec, owner
from ..security.secret import CURRENT
from .scripts import names
from .scripts.units import is_printable

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_OWN_PARTS = tuple(sorted({names.HOST_LOG, *map(names.part_of, names.HOST_UNITS)}))
"""Parts whose unit or log stream would be the host's own."""

HTTPS_PORT = 443
"""Port of the host at which a frontend is reached, by clients or by a load balancer."""
VOLUME_DEVICE = "/dev/sdf"
"""Device name under which the volume of a host is attached."""


@dataclass(frozen=True)
class Secret:
    """The version of a secret in Secrets Manager that is the content of a secret file."""

    arn: pulumi.Input[str]
    version: pulumi.Input[str] = CURRENT
    """Staging label of the version. With a label for each generation, a host keeps the secrets it was created with."""


@dataclass(frozen=True)
class Volume:
    """The EBS volume for data that must outlive the host. Another resource attaches it as ``device``."""

    id: pulumi.Input[str]
    device: str = VOLUME_DEVICE


@dataclass(frozen=True)
class Watch:
    """The container whose health the watchdog checks, and how it checks it."""

    part: str = "server"
    port: int = PORT
    path: str = LIVE_PATH
    ready_path: str = READY_PATH
    """Path that the watchdog requests through the frontend."""
    failures: int = 3
    """Failed checks in a row, 20 s apart, before the watchdog restarts the container that does not answer. After twice
    as many, an Auto Scaling group replaces the host."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """What runs on a host."""

    containers: Sequence[ContainerSpec]
    """Containers in the order in which they start."""
    secrets: Mapping[str, Mapping[str, Secret]]
    """Secrets by part and file name; the file names of a part are exactly the spec's `secret_files`."""
    in_group: bool
    """Whether an Auto Scaling group replaces the host after the watchdog gives it up."""
    volume: Volume | None = None
    """EBS volume that holds the persistent volumes of the containers."""
    watch: Watch = field(default_factory=Watch)
    subject: str = "the host"
    """Type and name of the component, for messages."""
    boot_limit_seconds: int = 600
    """Seconds after which a boot reports `failed`. The host keeps trying, but less often."""

    @property
    def frontend(self) -> ContainerSpec | None:
        """The container that forwards requests to the watched one; None if that publishes the port itself."""
        others = [spec for spec in self.containers if spec["part"] != self.watch.part]
        return next((spec for spec in others if HTTPS_PORT in [port["host"] for port in spec.get("ports", [])]), None)


def images(containers: Sequence[ContainerSpec]) -> list[str]:
    """Return the images that the host pulls, each once."""
    checks = [spec["before_start"] for spec in containers if "before_start" in spec]
    return list(dict.fromkeys(runnable["image"] for runnable in [*containers, *checks]))


def is_deferred(value: pulumi.Input[str] | None) -> bool:
    """Whether the value is an Output, which may be unknown when the user data is rendered."""
    return isinstance(value, pulumi.Output)


def check_name(spec: ContainerSpec) -> str:
    """Return the name of the container that runs the check, and of its environment."""
    check = spec.get("before_start")
    return f"{spec['part']}.{check['name']}" if check else ""


def environments(spec: ContainerSpec) -> dict[str, Mapping[str, pulumi.Input[str]]]:
    """Return the environments by the name of the container that has them."""
    environments = {spec["part"]: spec.get("environment", {})}
    if "before_start" in spec:
        environments[check_name(spec)] = spec["before_start"].get("environment", {})
    return environments


def validate(host: Host) -> None:
    """Raise ``InvalidInputError`` with every rule that the host breaks."""
    found = Problems(host.subject)
    for problem in problems(host):
        found.add(*problem)
    found.refuse()


def problems(host: Host) -> Iterator[Problem]:
    """Yield every rule that the host breaks, under the names that the inputs of a host's component have."""
    parts = [spec["part"] for spec in host.containers]
    if len(set(parts)) < len(parts):
        yield Problem("containers", ", ".join(parts), "each part may run once on a host: rename or remove the others")
    if host.watch.part not in parts:
        yield Problem(
            "watch.part", host.watch.part, f"must be one of {_words(parts)}: name a part, or add its container"
        )
    for index, spec in enumerate(host.containers):
        for name, value, rule in _problems(spec, host):
            yield Problem(name if name == "secrets" else f"containers[{index}].{name}", value, rule)
    for part in sorted(set(host.secrets) - set(parts)):
        rule = "must be the part of one of the containers: correct the name, or remove these secrets"
        yield Problem(f"secrets.{part}", ", ".join(host.secrets[part]), rule)


_FIELDS = frozenset(
    {
        *("part", "image", "user", "memory", "cpus", "probe", "entrypoint", "command", "environment", "secret_files"),
        *("config_files", "reload", "volumes", "tmpfs", "ports", "capabilities", "sysctls", "before_start"),
        *("stop_signal", "stop_seconds"),
    }
)
"""Fields of a `ContainerSpec` that a host on AWS supports."""


def _problems(spec: ContainerSpec, host: Host) -> Iterator[Problem]:
    yield from _part_problems(spec["part"])
    try:
        owner(spec)
    except ValueError as error:
        yield Problem("user", spec["user"], f"{error}: set one such as 10001:10001")
    for name in sorted(set(spec) - _FIELDS):
        yield Problem(name, spec.get(name), "is not possible on a host of AWS: leave it out")
    for name, rule in spec_problems(spec).items():
        if name != "user":
            yield Problem(name, value_at(spec, name), rule)
    check = spec.get("before_start")
    command_lines = {
        "entrypoint": spec.get("entrypoint", []),
        "command": spec.get("command", []),
        "probe.command": spec.get("probe", {}).get("command", []),
        "before_start.command": check.get("command", []) if check else [],
    }
    for name, words in command_lines.items():
        if not all(map(is_printable, words)):
            yield Problem(name, words, "must be printable text, line ends and tabs: remove all other characters")
    wanted, given = set(spec.get("secret_files", [])), set(host.secrets.get(spec["part"], {}))
    if wanted != given:
        files = _words(sorted(wanted)) or "no file"
        rule = f'must have exactly {files} for "{spec["part"]}": give one for each secret file'
        yield Problem("secrets", ", ".join(sorted(given)), rule)
    if spec.get("volumes") and not host.volume:
        rule = (
            "need a volume that outlives the host: use AwsSingleHost, give AwsLaunchTemplate a volume_id, or remove "
            "the volumes"
        )
        yield Problem("volumes", spec.get("volumes"), rule)
    for name, environment in (
        ("environment", spec.get("environment", {})),
        ("before_start.environment", check.get("environment", {}) if check else {}),
    ):
        for key, value in environment.items():
            if isinstance(value, str) and len(value.splitlines()) > 1:
                rule = "must be one line: give longer text as a file of config_files"
                yield Problem(f"{name}.{key}", value, rule)


def _part_problems(part: str) -> Iterator[Problem]:
    if not _NAME.fullmatch(part):
        yield Problem("part", part, "must be lower-case letters, digits and hyphens after a letter: rename it")
    if part in _OWN_PARTS:
        rule = f"must not be one of {', '.join(_OWN_PARTS)}, which the host itself uses: rename it"
        yield Problem("part", part, rule)


def _words(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
