"""Limits and supervision of containers: memory, CPU, health checks, restarts and logs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.value import Value, is_given
from ...engine.verdict import Verdict, fail
from ...readers.docker.containers import CARRYING_DRIVERS, is_one_shot, is_service, starts
from ...readers.docker.log_route import is_watched
from ...readers.docker.resources import CONTAINER

AREA = Area("limits")
_BOUNDED = ("local", "journald", "loki-docker-driver", *CARRYING_DRIVERS)
"""Log drivers with a bound of their own, or that send the lines off the host; Loki's is a plugin."""
_UNBOUNDED = re.compile(r"-|0+(\.0*)?\s*[a-z]*$", re.I)


def _is_limit(value: Value) -> bool:
    """Whether a number limits anything: 0 and -1 mean no limit to Docker, as if they were not set."""
    return (value.number() or 0) > 0


@AREA.rule(
    "limit-memory",
    Severity.MEDIUM,
    "Limit the memory of every container.",
    remedy="Set `memory`, in MB.",
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.11",)),
)
def limit_memory(container: Resource, _: Settings) -> Iterator[Verdict]:
    """A container without a limit can take the memory of the database on the same host."""
    if not _is_limit(container.get("memory")):
        yield fail("memory", "is not set")


@AREA.rule(
    "limit-swap",
    Severity.LOW,
    "Do not let containers use swap.",
    level=Level.ADVISORY,
    remedy="Set `memory_swap` to the value of `memory`.",
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.11",)),
)
def limit_swap(container: Resource, _: Settings) -> Iterator[Verdict]:
    """By default, a container gets as much swap as memory.

    If the value is not set, the provider also sees a change at each update.
    """
    memory, swap = container.get("memory").number(), container.get("memorySwap").number()
    if memory and swap != memory:
        yield fail("memorySwap", "is not equal to memory")


@AREA.rule(
    "limit-cpu",
    Severity.MEDIUM,
    "Limit the CPU use of every container.",
    remedy='Set `cpus`, for example to "1".',
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.12",)),
)
def limit_cpu(container: Resource, _: Settings) -> Iterator[Verdict]:
    """One container in a busy loop must not stop logins."""
    if not _is_limit(container.get("cpus")) and not _is_limit(container.get("cpuQuota")):
        yield fail("cpus", "is not set")


@AREA.rule(
    "probe-container-health",
    Severity.MEDIUM,
    "Define a health check for every service container.",
    remedy="Set `healthcheck` with `tests`.",
    types=(CONTAINER,),
    when=is_service,
    references=References(cis=("5.27",)),
)
def probe_container_health(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Without a health check, a rolling update can't wait for the new container, and a hung one stays.

    The watcher of a log route has the health check of the reader and the shipper, whose image has no command for one.
    """
    if is_watched(container):
        return
    tests = container.get("healthcheck").field("tests")
    kind, *words = [word.text() or "" for word in tests.items()] or ["NONE"]
    if kind == "NONE" or not "".join(words if kind in ("CMD", "CMD-SHELL") else [kind, *words]).strip():
        yield fail("healthcheck.tests", "has no command" if tests.items() else "is empty")


@AREA.rule(
    "set-restart-policy",
    Severity.MEDIUM,
    "Restart every service that ends, and do not restart jobs.",
    remedy='Set `restart` to "unless-stopped", or for a job (`must_run=False`) to "no".',
    types=(CONTAINER,),
    when=starts,
    references=References(cis=("5.15",)),
)
def set_restart_policy(container: Resource, _: Settings) -> Iterator[Verdict]:
    """Kotauth ends at once if its database is unavailable at its start, so Docker must restart it."""
    restart = container.get("restart").text() or "no"
    if is_one_shot(container):
        if restart != "no":
            yield fail("restart", "restarts a job that ended")
    elif restart not in ("always", "unless-stopped", "on-failure"):
        yield fail("restart", "does not restart a service that ended")


@AREA.rule(
    "bound-logs",
    Severity.MEDIUM,
    "Limit the size of every container's logs.",
    remedy='Set `log_driver="json-file"` and `log_opts` with `max-size`.',
    types=(CONTAINER,),
    when=starts,
    references=References(checklist=(12,)),
)
def bound_logs(container: Resource, _: Settings) -> Iterator[Verdict]:
    """The logs of the daemon's default driver grow until the disk is full."""
    driver = (container.get("logDriver").text() or "").rpartition("/")[2].partition(":")[0]
    if driver == "json-file":
        size = container.get("logOpts").field("max-size")
        # The provider writes a number as text. One file is what Docker keeps by itself.
        if not isinstance(size.raw, float) and not is_given(size):
            yield fail(size.path, "is not set")
        elif not size.is_unknown and _UNBOUNDED.match(str(size.raw).strip()):
            yield fail(size.path, "is not a limit")
    elif driver not in _BOUNDED:
        yield fail("logDriver", "is not a driver that limits the size of its logs")
