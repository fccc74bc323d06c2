"""Inputs that `AwsLaunchTemplate`, `AwsServerGroup` and `AwsSingleHost` share."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NotRequired, TypedDict, cast

import pulumi

from ...inputs.aws_ids import parse_arn, plain, resource_id
from ...inputs.choice import true_or_false
from ...inputs.declaration import Problem, declared_values, derived, optional, own_name, together, value
from ...inputs.number import parse_port
from ...inputs.problems import when_known
from ...inputs.resource_name import parse_name_of_hosts
from ...inputs.shape import misfits
from ...kotauth.server import LIVE_PATH, PORT
from ...workload.spec import ContainerSpec
from ..host.description import Host, Secret, Volume, Watch, problems
from ..observability.logs import RETENTION_DAYS, parse_retention
from ..security.secret import CURRENT, SecretReference
from ..security.security_groups import DESCRIPTION, EGRESS_PORTS, Egress, ways_out
from .capacity import INSTANCE_TYPE, parse_image_id, parse_instance_type


class WatchedContainer(TypedDict):
    """Container whose health the host checks over HTTP, as a sign of its own health."""

    part: NotRequired[str]
    """Part name of the container. Default the first container."""
    port: NotRequired[int]
    """Port of the container. Default 8080."""
    path: NotRequired[str]
    """Path that answers a GET with 200 while the container is healthy. Default `/health`."""


def _watch(parts: Sequence[str]) -> Callable[[object], Watch]:
    def parse(raw: object) -> Watch:
        watched = cast("WatchedContainer", raw)
        part, path = watched.get("part", "".join(parts[:1])), watched.get("path", LIVE_PATH)
        if parts and part not in parts:
            raise ValueError(f"part must be the part of one of the containers: choose from {', '.join(parts)}")
        if not re.fullmatch(r"/[!-~]*", path):
            raise ValueError(f"path must begin with a slash and contain no spaces, such as {LIVE_PATH}")
        return Watch(part=part, port=parse_port(watched.get("port", PORT)), path=path)

    return parse


@dataclass(frozen=True, kw_only=True)
class HostInputs:
    """Inputs that the three components share, with their defaults."""

    public_port: ClassVar[int | None] = None
    """Port of the host that exactly one of its containers must publish."""

    name: str = own_name(parse_name_of_hosts)
    vpc_id: pulumi.Input[str] = value(plain(resource_id("vpc")))
    containers: list[ContainerSpec] = value(default=[])
    secrets: dict[str, SecretReference] = value(default={})
    database_security_group_id: pulumi.Input[str] | None = optional(plain(resource_id("sg")))
    egress: list[Egress] = value(default=ways_out(EGRESS_PORTS))
    instance_type: str = value(parse_instance_type, default=INSTANCE_TYPE)
    image_id: pulumi.Input[str] | None = optional(when_known(parse_image_id))
    log_retention_days: int = value(parse_retention, default=RETENTION_DAYS)
    deletion_protection: bool = value(true_or_false, default=True)
    watch: Watch = derived(
        None, lambda made: Watch(part="".join(made.parts[:1])), rule_from=lambda made: _watch(made.parts)
    )
    kms_key_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    tags: Mapping[str, pulumi.Input[str]] = value(default={})

    @property
    def has_volume(self) -> bool:
        """Whether the containers may have volumes."""
        return False

    @property
    def parts(self) -> list[str]:
        """The part of each container."""
        return [str(spec.get("part")) for spec in self.containers]

    @together
    def check_containers(self) -> Iterator[Problem]:
        """Check that there are containers, and that no two containers publish the same port."""
        if not self.containers:
            yield Problem("containers", self.containers, "must be one container or more")
        published: Counter[Any] = Counter(
            port.get("host") for spec in self.containers for port in spec.get("ports", [])
        )
        for port in {self.public_port, *published} - {None}:
            if published[port] > 1 or (port == self.public_port and not published[port]):
                rule = f"exactly one must publish port {port} of the host (got {published[port]}): change their ports"
                yield Problem("containers", ", ".join(self.parts), rule)

    @together
    def check_secrets(self) -> Iterator[Problem]:
        """Check that a container reads each secret, because the host has the right to read all of them."""
        unread = set(self.secrets) - {file for spec in self.containers for file in spec.get("secret_files", [])}
        if unread and self.containers:
            rule = "must be secret files of the containers: correct the name, or remove it"
            yield Problem("secrets", ", ".join(sorted(unread)), rule)

    @together
    def check_egress(self) -> Iterator[Problem]:
        """Check that AWS takes the ports and their descriptions."""
        ports = [way["port"] for way in self.egress if "port" in way]
        if len({*ports}) < len(ports):
            yield Problem("egress", ", ".join(map(str, ports)), "must name each port once")
        for index, way in enumerate(self.egress):
            try:
                parse_port(way.get("port", PORT))
            except ValueError as error:
                yield Problem(f"egress[{index}].port", way.get("port"), str(error))
            if not DESCRIPTION.fullmatch(way.get("description", "")):
                rule = "must be up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*: AWS accepts no other text"
                yield Problem(f"egress[{index}].description", way.get("description", ""), rule)

    @together
    def check_host(self) -> Iterator[Problem]:
        """Check that the containers can run on a host of AWS. Names that are required may still be missing."""
        if self.containers and not any(misfits(list[ContainerSpec], self.containers)):
            yield from problems(self.described("", volume=Volume("") if self.has_volume else None))

    def described(self, subject: str, *, in_group: bool = False, volume: Volume | None = None) -> Host:
        """Return what runs on the host."""
        secrets: dict[str, Mapping[str, Secret]] = {
            spec["part"]: {
                file: Secret(self.secrets[file].get("arn", ""), self.secrets[file].get("version_label", CURRENT))
                for file in spec.get("secret_files", [])
                if file in self.secrets
            }
            for spec in self.containers
            if spec.get("secret_files")
        }
        return Host(
            containers=self.containers,
            secrets=secrets,
            in_group=in_group,
            volume=volume,
            watch=self.watch,
            subject=subject,
        )


def passed_on(args: Mapping[str, Any], **more: object) -> Any:  # noqa: ANN401 - it is AwsLaunchTemplateArgs
    """Return the shared inputs in ``args`` for the launch template of a host, together with ``more`` inputs."""
    return {**{key: args[key] for key in declared_values(HostInputs) if key in args}, **more}
