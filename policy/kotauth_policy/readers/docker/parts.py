"""Parts: the role of a container, such as server, database or frontend.

Our own components say it with the label `kotauth.part`; on other stacks the last segment of the image's repository
tells, so that the rules hold there too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...engine.resource import Resource, Stack
from ...engine.verdict import MalformedError, UndecidableError
from .containers import capabilities, containers_in, is_one_shot, is_root, is_service, starts
from .image import Image, is_image_id
from .mounts import mounted, volumes_of
from .resources import CONTAINER, IMAGES, known_image, label, references

PART_LABEL = "kotauth.part"
SERVER, DATABASE, FRONTEND, JOB, FILES = "server", "database", "frontend", "job", "files"
BACKUP, ALARM, LOGS = "backup", "alarm", "logs"
BACKUP_DUMP, BACKUP_STORE = "backup-dump", "backup-store"
"""The two halves of a backup: one reaches the database, the other one the repository."""
_PART_OF_IMAGE = {
    "kotauth": SERVER,
    "kotauth-simulator": SERVER,
    "postgres": DATABASE,
    "caddy": FRONTEND,
    "nginx": FRONTEND,
    "traefik": FRONTEND,
    "docker-volume-backup": BACKUP,
    "restic": BACKUP_STORE,
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


def part(container: Resource) -> str | None:
    """Return the part of a container, ``None`` if it is unknown."""
    labelled = label(container, PART_LABEL)
    if labelled is not None:
        return labelled.text()
    if not is_service(container):
        return None
    names = [image.repository.rpartition("/")[2] for image in _images(container)]
    part_of_image = next((_PART_OF_IMAGE[name] for name in names if name in _PART_OF_IMAGE), None)
    # A web server that publishes nothing stands behind another one.
    return part_of_image if part_of_image != FRONTEND or _publishes(container) else None


def takes_certificate_files(container: Resource) -> bool:
    """Whether a frontend requests no certificates itself, and takes them from files: nginx."""
    return any(image.repository.rpartition("/")[2].startswith("nginx") for image in _images(container))


def _images(container: Resource) -> Iterator[Image]:
    """Yield the image of a container, under each name that a resource of the stack gives it."""
    value = container.get("image")
    origins = [container]
    if value.is_unknown or is_image_id(value.text() or ""):
        origins = [source for source in container.sources("image") if source.type in IMAGES]
    yield from (image for origin in origins for reference in references(origin) if (image := known_image(reference)))


def _publishes(container: Resource) -> bool:
    ports = container.get("ports")
    return ports.is_unknown or bool(ports.items())


def is_part(*parts: str) -> _Part:
    """Return a predicate: the container starts and is one of these parts."""
    return _Part(parts)


@dataclass(frozen=True)
class _Part:
    parts: tuple[str, ...]

    def __call__(self, container: Resource) -> bool:
        return starts(container) and part(container) in self.parts


def takes_ownership(container: Resource) -> bool:
    """Whether a container is a job that may run as root: it changes the owner of a volume, and has no network."""
    return (
        _is_job_without_network(container)
        and is_root(container)
        and [name for _, name in capabilities(container, "adds")] == ["CHOWN"]
    )


def fills_volumes_of_frontend(container: Resource) -> bool:
    """Whether a container is a job without a network whose volumes are all those of frontends, and of no other part.

    Such a job puts new files beside those of a frontend that reloads them.
    """
    if not _is_job_without_network(container) or any(each.volume is None for each in mounted(container)):
        return False
    volumes, of_others = volumes_of(container), container.in_stack().once(_volumes_of_other_parts)
    of_frontends = {each for frontend in parts_in(container.in_stack(), FRONTEND) for each in volumes_of(frontend)}
    return bool(volumes) and volumes <= of_frontends - of_others


def signals_frontend(container: Resource) -> bool:
    """Whether a container is a job that only sends a signal to a frontend, in whose process namespace it is.

    Without volumes, a network and added capabilities, it can do nothing else there.
    """
    mode = container.get("pidMode")
    frontends = {each.urn for each in parts_in(container.in_stack(), FRONTEND)}
    targets = container.sources("pidMode")
    if not mode.is_unknown:
        targets = container.in_stack().called((mode.text() or "").removeprefix("container:"))
    return (
        _is_job_without_network(container)
        and not is_root(container)
        and not any(container.get(name).items() for name in ("volumes", "mounts"))
        and not capabilities(container, "adds")
        and bool(targets)
        and all(target.urn in frontends for target in targets)
    )


def _is_job_without_network(container: Resource) -> bool:
    return part(container) == JOB and is_one_shot(container) and container.get("networkMode").text() == "none"


def _volumes_of_other_parts(stack: Stack) -> set[str]:
    """Return the volumes that containers other than frontends, jobs and carriers of files mount."""
    others = [each for each in stack.of_type(CONTAINER) if part(each) not in (FRONTEND, JOB, FILES)]
    return {volume for each in others for volume in volumes_of(each)}


def runs_server(holder: Resource) -> bool:
    """Whether a resource that is no container starts a Kotauth server."""
    return any(map(is_part(SERVER), containers_in(holder)))


def parts_in(stack: Stack, *parts: str) -> list[Resource]:
    """Return the containers of a stack, whatever starts them, that start and are one of these parts."""
    by_part, stop = stack.once(_by_part)
    if stop:
        # The same one each time: it must not collect where it was raised.
        raise stop.with_traceback(None)
    return [container for name in parts for container in by_part[name]]


def _by_part(stack: Stack) -> tuple[Mapping[str | None, list[Resource]], UndecidableError | MalformedError | None]:
    """Return the containers that start, and why there may be more of a part than these."""
    by_part: dict[str | None, list[Resource]] = defaultdict(list)
    stop: UndecidableError | MalformedError | None = None
    for container in stack.everywhere(CONTAINER):
        try:
            if starts(container):
                by_part[part(container)].append(container)
        except (UndecidableError, MalformedError) as error:
            stop = error
    return by_part, stop
