"""The threads that answer requests: as many as the JVM sees processors, and each connection belongs to one of them.

Ktor's Netty engine reads connections without blocking, and runs what answers a request in a group of
`availableProcessors` threads (`callGroupSize`). Netty gives each new connection the next thread of the group. JDBC
blocks that thread, so a request that waits for the database holds up the other connections of its thread, also those
that only ask for `/health`. Measured on 1.5.2 with one processor and the database stopped: `/health` answered 4 of 30
probes; with eight, 30.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
_ACTIVE_PROCESSORS = re.compile(r"(?:^|\s)-XX:ActiveProcessorCount=(\d+)(?=\s|$)")


class CallThreads:
    """A fixed number of threads, dealt out in turn."""

    def __init__(self, size: int) -> None:
        self._threads = [ThreadPoolExecutor(1, f"eventLoopGroupProxy-4-{number + 1}") for number in range(size)]
        self._dealt = 0

    def next(self) -> Executor:
        """The thread for the next connection. Called by the accepting thread alone."""
        self._dealt += 1
        return self._threads[(self._dealt - 1) % len(self._threads)]


def available_processors(environment: Mapping[str, str] = os.environ, cgroup: Path = CGROUP) -> int:
    """What the JVM's `Runtime.availableProcessors()` says.

    `-XX:ActiveProcessorCount` in JAVA_TOOL_OPTIONS (the last one counts), else the container's cpu limit rounded up, at
    most the machine's processors.
    """
    if chosen := _ACTIVE_PROCESSORS.findall(environment.get("JAVA_TOOL_OPTIONS", "")):
        return max(1, int(chosen[-1]))
    machine = len(os.sched_getaffinity(0))
    limit = _cpu_limit(cgroup)
    return machine if limit is None else max(1, min(machine, math.ceil(limit)))


def _cpu_limit(cgroup: Path) -> float | None:
    """In processors; None without a limit."""
    try:
        quota, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
    except OSError:
        try:
            quota, period = (
                (cgroup / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="ascii").strip()
                for name in ("quota", "period")
            )
        except OSError:
            return None
    return None if quota in ("max", "-1") else int(quota) / int(period)
