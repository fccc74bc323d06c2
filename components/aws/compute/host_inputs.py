"""What the components that launch a host are told about it alike, read once for all of them."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

from ...inputs.reader import Inputs, true_or_false, whole_number
from ...kotauth.server import LIVE_PATH, PORT
from ..host.description import Watch
from ..observability.logs import RETENTION_DAYS, parse_retention
from .capacity import INSTANCE_TYPE, parse_image_id, parse_instance_type

_PASSED_ON = (
    "vpc_id",
    "containers",
    "secrets",
    "watch",
    "instance_type",
    "image_id",
    "database_security_group_id",
    "egress",
    "log_retention_days",
    "kms_key_arn",
    "deletion_protection",
    "tags",
)
_parse_port = whole_number("a TCP port", 1, 65535)


class WatchedContainer(TypedDict):
    """The container that is asked, over http on the host itself, whether the host lives."""

    part: NotRequired[str]
    """Its part. Default that of the first container."""
    port: NotRequired[int]
    """Its port. Default 8080."""
    path: NotRequired[str]
    """What answers a GET with 200 as long as it lives. Default `/health`."""


@dataclass(frozen=True, kw_only=True)
class HostInputs:
    """The plain ones, with their defaults."""

    instance_type: str
    image_id: str | None
    log_retention_days: int
    deletion_protection: bool
    watch: Watch


def take_host(inputs: Inputs, args: Mapping[str, Any], *, public_port: int | None = None) -> HostInputs:
    """Take what a host is made from; on ``public_port`` one of its containers must be reached."""
    containers: list[Mapping[str, Any]] = args.get("containers", [])
    parts = [str(spec.get("part")) for spec in containers]
    if not parts:
        inputs.problem("containers", containers, "must be one container or more")
    published = Counter(port.get("host") for spec in containers for port in spec.get("ports", []))
    for port in {public_port, *published} - {None}:
        if published[port] > 1 or (port == public_port and not published[port]):
            rule = f"exactly one must publish port {port} of the host (got {published[port]})"
            inputs.problem("containers", ", ".join(parts), rule)
    return HostInputs(
        instance_type=inputs.take("instance_type", parse_instance_type, INSTANCE_TYPE),
        image_id=inputs.optional("image_id", parse_image_id),
        log_retention_days=inputs.take("log_retention_days", parse_retention, RETENTION_DAYS),
        deletion_protection=inputs.take("deletion_protection", true_or_false, True),
        watch=inputs.take("watch", _watch(parts), Watch(part="".join(parts[:1]))),
    )


def passed_on(args: Mapping[str, Any], **more: object) -> Any:  # noqa: ANN401 - it is AwsLaunchTemplateArgs
    """Return the inputs of a launched host that are those of its template, too, and ``more`` of the template's."""
    return {**{key: args[key] for key in _PASSED_ON if key in args}, **more}


def _watch(parts: Sequence[str]) -> Callable[[object], Watch]:
    def parse(raw: object) -> Watch:
        watched = cast("WatchedContainer", raw)
        part, path = watched.get("part", "".join(parts[:1])), watched.get("path", LIVE_PATH)
        if parts and part not in parts:
            raise ValueError(f"part must be one of {', '.join(parts)}")
        if not re.fullmatch(r"/[!-~]*", path):
            raise ValueError("path must begin with a slash and hold no space")
        return Watch(part=part, port=_parse_port(watched.get("port", PORT)), path=path)

    return parse
