"""Containers: those of the Docker provider, and those that readers find inside other resources.

Another target that starts containers adds a `Reader` that finds them; nothing here or in a rule changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.value import Value
from .resources import CONTAINER

CARRYING_DRIVERS = ("syslog", "awslogs", "fluentd", "gelf", "splunk", "gcplogs", "loki")
"""Log drivers that send the lines off the host."""
_ROOT = re.compile(r"root|[+-]?0+")
"""User root by name, or by any number that Docker reads as 0."""


def starts(container: Resource) -> bool:
    """Whether a container starts a process; if unknown, true."""
    start = container.get("start")
    return start.is_unknown or start.flag() is not False


def is_one_shot(container: Resource) -> bool:
    """Whether a container is expected to end (`mustRun` false); if unknown, false."""
    must_run = container.get("mustRun")
    return not must_run.is_unknown and must_run.flag() is False


def is_service(container: Resource) -> bool:
    """Whether a container runs until it is stopped."""
    return starts(container) and not is_one_shot(container)


def is_root(container: Resource) -> bool:
    """Whether a container's user is root, by name or number."""
    return _ROOT.fullmatch((container.get("user").text() or "").partition(":")[0]) is not None


def capabilities(container: Resource, list_name: str) -> list[tuple[Value, str]]:
    """Return the capabilities that it `adds` or `drops`, without the prefix `CAP_`."""
    listed = container.get("capabilities").field(list_name).items()
    return [(value, (value.text() or "").upper().removeprefix("CAP_")) for value in listed]


def options(container: Resource) -> Iterator[Value]:
    """Yield the words of a container's command, and its variables, also those that are unknown."""
    for name in ("entrypoints", "command", "envs"):
        value = container.get(name)
        yield from [value] if value.is_unknown else value.items()


def containers_in(holder: Resource) -> list[Resource]:
    """Return the containers that a resource of another type, such as a host, starts."""
    return holder.in_stack().inside(holder, CONTAINER)


def holder_of(container: Resource) -> Resource | None:
    """Return the resource that a container was found in, ``None`` for one of the Docker provider."""
    holder = container.in_stack().resources[container.urn]
    return None if holder.type == CONTAINER else holder


def containers_beside(container: Resource) -> list[Resource]:
    """Return the containers of the same host, including the container; none for one of the Docker provider."""
    holder = holder_of(container)
    return containers_in(holder) if holder else []
