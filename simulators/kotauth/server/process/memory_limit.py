"""The memory limit that this process sees, so that tests can tell whether a container really got one."""

from __future__ import annotations

from pathlib import Path

CGROUP_FILES = (
    Path("/sys/fs/cgroup/memory.max"),  # version 2
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # version 1
)


def read() -> str:
    """Bytes, `max` on cgroup v2 without a limit, or `unknown`."""
    for path in CGROUP_FILES:
        try:
            return path.read_text(encoding="ascii").strip()
        except OSError:
            continue
    return "unknown"
