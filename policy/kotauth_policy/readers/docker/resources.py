"""What rules know about Docker resources: type tokens, parts, mounts and networks.

A part is what a container is for. Our own components say it with the label `kotauth.part`; on other stacks the last
segment of the image's repository tells, so that the rules hold there too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...engine.resource import Resource
from ...engine.value import Value
from ...engine.verdict import MalformedError, UndecidableError
from .image import Image, is_image_id, parse_image

CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage"
IMAGE = "docker:index/image:Image"
BUILT_IMAGE = "docker-build:index:Image"
BUILT_INDEX = "docker-build:index:Index"
_REFERENCES = {CONTAINER: "image", REMOTE_IMAGE: "name", IMAGE: "imageName", BUILT_IMAGE: "tags", BUILT_INDEX: "tag"}
IMAGES = (REMOTE_IMAGE, IMAGE, BUILT_IMAGE, BUILT_INDEX)
"""What pulls or builds an image that a container is started from."""
SECRET = "docker:index/secret:Secret"  # noqa: S105 - a type token

PART_LABEL = "kotauth.part"
NETWORK_LABEL = "kotauth.network"
SERVER, DATABASE, FRONTEND, JOB, FILES = "server", "database", "frontend", "job", "files"
BACKUP, ALARM, LOGS = "backup", "alarm", "logs"
DIGEST_LABELS = ("kotauth.content", "kotauth.trigger")
"""Labels that hold a digest, which may come from a secret."""
CARRYING_DRIVERS = ("syslog", "awslogs", "fluentd", "gelf", "splunk", "gcplogs", "loki")
"""Log drivers that send the lines off the host."""

_PART_OF_IMAGE = {
    "kotauth": SERVER,
    "kotauth-simulator": SERVER,
    "postgres": DATABASE,
    "caddy": FRONTEND,
    "nginx": FRONTEND,
    "traefik": FRONTEND,
    "docker-volume-backup": BACKUP,
    "pgbackrest": BACKUP,
    "postgres-backup-local": BACKUP,
    "alertmanager": ALARM,
    "gatus": ALARM,
    "uptime-kuma": ALARM,
    "alloy": LOGS,
    "fluent-bit": LOGS,
    "promtail": LOGS,
    "vector": LOGS,
}
_ROOT = re.compile(r"root|[+-]?0+")
"""By name, or by any number that Docker reads as 0."""
_NO_OWN_NETWORK = ("", "default", "bridge", "host", "none")
"""Networks that Docker makes itself."""


def starts(container: Resource) -> bool:
    """Whether a process will run; while that is unknown, it might."""
    start = container.get("start")
    return start.is_unknown or start.flag() is not False


def is_one_shot(container: Resource) -> bool:
    """Whether it is expected to end (`mustRun` false); while that is unknown, it is a service."""
    must_run = container.get("mustRun")
    return not must_run.is_unknown and must_run.flag() is False


def is_service(container: Resource) -> bool:
    """Whether it runs until it is stopped."""
    return starts(container) and not is_one_shot(container)


def label(resource: Resource, name: str) -> Value | None:
    """Return the value of a label, ``None`` where there is none of this name.

    Raises ``MalformedError`` where there are two: the provider keeps them in no order.
    """
    entries = resource.get("labels").items()
    named = [entry for entry in entries if not (found := entry.field("label")).is_unknown and found.text() == name]
    if len(named) > 1:
        raise MalformedError(named[1].path, f"the only label {name}")
    return named[0].field("value") if named else None


def part(container: Resource) -> str | None:
    """Return what the container is for, ``None`` where nothing says it."""
    labelled = label(container, PART_LABEL)
    if labelled is not None:
        return labelled.text()
    if not is_service(container):
        return None
    names = [image.repository.rpartition("/")[2] for image in _images(container)]
    found = next((_PART_OF_IMAGE[name] for name in names if name in _PART_OF_IMAGE), None)
    # A web server that publishes nothing stands behind another one.
    return found if found != FRONTEND or _publishes(container) else None


def _images(container: Resource) -> Iterator[Image]:
    """Yield the image that a container is started from, under each name that a resource of the stack gives it."""
    value = container.get("image")
    origins = [container]
    if value.is_unknown or is_image_id(value.text() or ""):
        origins = [source for source in container.sources("image") if source.type in IMAGES]
    yield from (image for origin in origins for each in references(origin) if (image := known_image(each)))


def references(resource: Resource) -> list[Value]:
    """Return the names of the image that a container runs, or that a resource pulls or builds."""
    value = resource.get(_REFERENCES[resource.type])
    return value.items() if resource.type == BUILT_IMAGE and not value.is_unknown else [value]


def _publishes(container: Resource) -> bool:
    ports = container.get("ports")
    return ports.is_unknown or bool(ports.items())


def is_part(*parts: str) -> _Part:
    """Return the condition that a container starts and is one of these parts."""
    return _Part(parts)


@dataclass(frozen=True)
class _Part:
    parts: tuple[str, ...]

    def __call__(self, container: Resource) -> bool:
        return starts(container) and part(container) in self.parts


def known_image(value: Value) -> Image | None:
    """Return the image reference, ``None`` where it is unknown or none."""
    return None if value.is_unknown else parse_image(value.text() or "")


def is_root(container: Resource) -> bool:
    """Whether its user is root by name or number."""
    return _ROOT.fullmatch((container.get("user").text() or "").partition(":")[0]) is not None


def capabilities(container: Resource, list_name: str) -> list[tuple[Value, str]]:
    """Return the capabilities that it `adds` or `drops`, without the prefix `CAP_`."""
    listed = container.get("capabilities").field(list_name).items()
    return [(value, (value.text() or "").upper().removeprefix("CAP_")) for value in listed]


def takes_ownership(container: Resource) -> bool:
    """Whether it is the one kind of job that may be root: it gives a volume to its user and reaches nothing else."""
    return (
        part(container) == JOB
        and is_one_shot(container)
        and is_root(container)
        and container.get("networkMode").text() == "none"
        and [name for _, name in capabilities(container, "adds")] == ["CHOWN"]
    )


@dataclass(frozen=True)
class Mounted:
    """Something that a container sees at a path."""

    host_path: Value | None
    """Where it is on the host, ``None`` for a volume or memory."""
    volume: Value | None
    """Name of the volume, ``None`` for a host path or memory."""
    target: Value


def mounted(container: Resource) -> Iterator[Mounted]:
    """Yield what the container mounts, in either of Docker's two notations."""
    for entry in container.get("volumes").items():
        host_path = entry.field("hostPath")
        bound = not host_path.is_absent
        yield Mounted(
            host_path if bound else None, None if bound else entry.field("volumeName"), entry.field("containerPath")
        )
    for entry in container.get("mounts").items():
        kind, source = entry.field("type").text(), entry.field("source")
        yield Mounted(
            source if kind in ("bind", "npipe") else None, source if kind == "volume" else None, entry.field("target")
        )


def host_paths(resource: Resource) -> Iterator[Value]:
    """Yield the folders and files of the host that a container mounts, or that a volume is another name of."""
    if resource.type == VOLUME:
        yield from _bound(resource.get("driverOpts"))
        return
    yield from (mount.host_path for mount in mounted(resource) if mount.host_path is not None)
    for entry in resource.get("mounts").items():
        yield from _bound(entry.field("volumeOptions").field("driverOptions"))


def _bound(options: Value) -> Iterator[Value]:
    """Yield what the driver of a volume binds."""
    if "bind" in (options.field("o").text() or "").split(","):
        yield options.field("device")


def volumes_of(container: Resource) -> set[str]:
    """Return the volumes that a container mounts, by URN where they are in the stack, else by name."""
    named = container.in_stack().named(VOLUME)
    found = {source.urn for source in container.sources("volumes", "mounts") if source.type == VOLUME}
    for mount in mounted(container):
        name = None if mount.volume is None else _known_text(mount.volume)
        if name is not None:
            found.add(named[name].urn if name in named else name)
    return found


def networks_of(container: Resource) -> list[Resource]:
    """Return the networks that a container is on.

    Raises ``UndecidableError`` where one of them is not in the stack.
    """
    entries = [entry.field("name") for entry in container.get("networksAdvanced").items()]
    mode = [container.get("networkMode")] if is_own_network_mode(container) else []
    return list({each.urn: each for each in (*_named(container, entries), *_named(container, mode))}.values())


def _named(container: Resource, names: list[Value]) -> list[Resource]:
    """Return the networks that these parts of one property name."""
    property_ = names[0].root if names else ""
    named = container.in_stack().named(NETWORK)
    found = {source.urn: source for source in container.sources(property_) if source.type == NETWORK}
    for value in names:
        name = _known_text(value)
        if name is not None and name in named:
            found[named[name].urn] = named[name]
    if len(found) < len(names):
        raise UndecidableError(property_, "names a network that is not in this stack")
    return list(found.values())


def is_own_network_mode(container: Resource) -> bool:
    """Whether the network mode is the name of a network, and none of Docker's words."""
    mode = container.get("networkMode")
    if mode.is_unknown:
        return any(source.type == NETWORK for source in container.sources("networkMode"))
    text = mode.text() or ""
    return text not in _NO_OWN_NETWORK and not text.startswith("container:")


def is_database_network(network: Resource) -> bool:
    """Whether a network is labelled as the database's."""
    found = label(network, NETWORK_LABEL)
    return found is not None and found.text() == DATABASE


def _known_text(value: Value) -> str | None:
    return None if value.is_unknown else value.text()
