"""What containers mount: folders of the host, volumes and memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...engine.resource import Resource
from ...engine.value import Value
from .resources import VOLUME


@dataclass(frozen=True)
class Mounted:
    """A mount of a container."""

    host_path: Value | None
    """Path on the host, ``None`` for a volume or memory."""
    volume: Value | None
    """Name of the volume, ``None`` for a host path or memory."""
    target: Value
    entry: Value
    """Property that declares the mount."""

    @property
    def read_only(self) -> Value:
        """Whether the container can only read it."""
        return self.entry.field("readOnly")


def mounted(container: Resource) -> Iterator[Mounted]:
    """Yield what the container mounts, in either of Docker's two notations."""
    for entry in container.get("volumes").items():
        host_path = entry.field("hostPath")
        bound = not host_path.is_absent
        yield Mounted(
            host_path if bound else None,
            None if bound else entry.field("volumeName"),
            entry.field("containerPath"),
            entry,
        )
    for entry in container.get("mounts").items():
        kind, source = entry.field("type").text(), entry.field("source")
        yield Mounted(
            source if kind in ("bind", "npipe") else None,
            source if kind == "volume" else None,
            entry.field("target"),
            entry,
        )


def host_paths(resource: Resource) -> Iterator[Value]:
    """Yield the host's folders and files that a container mounts, or that a volume is bound to."""
    if resource.type == VOLUME:
        yield from _bound(resource.get("driverOpts"))
        return
    yield from (mount.host_path for mount in mounted(resource) if mount.host_path is not None)
    for entry in resource.get("mounts").items():
        yield from _bound(entry.field("volumeOptions").field("driverOptions"))


def _bound(options: Value) -> Iterator[Value]:
    """Yield the host folder that a volume's driver options bind."""
    if "bind" in (options.field("o").text() or "").split(","):
        yield options.field("device")


def volumes_of(container: Resource) -> set[str]:
    """Return the volumes that a container mounts, by URN where they are in the stack, else by name."""
    named = container.in_stack().named(VOLUME)
    volumes = {source.urn for source in container.sources("volumes", "mounts") if source.type == VOLUME}
    for mount in mounted(container):
        name = None if mount.volume is None or mount.volume.is_unknown else mount.volume.text()
        if name is not None:
            volumes.add(named[name].urn if name in named else name)
    return volumes
