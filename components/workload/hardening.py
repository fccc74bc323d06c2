"""The hardening of every container, on every target.

Numbers in comments are sections of the CIS Docker Benchmark 1.6.
"""

_TMPFS = "rw,noexec,nosuid,nodev,size=64m,mode=1777"

PROCESSES = 4096
"""Processes and threads: many times what a server needs, and an end to a fork bomb (5.29)."""

DROPPED_CAPABILITIES = "ALL"
"""Capabilities that every container drops; it keeps those that its spec lists (5.4)."""

SECURITY_OPTION = "no-new-privileges"
"""No program in it gains rights that the container was not given (5.26)."""

CHECK_MEMORY_MB = 64
CHECK_CPUS = 0.5
"""Limits of a helper: a check before a start, a container that carries files."""


def tmpfs(user: str) -> str:
    """Return the options of a path in memory that the user writes to.

    It is the user's own: where the image has the folder, older versions of runc take that one's mode, not ours.
    """
    uid, _, gid = user.partition(":")
    return f"{_TMPFS},uid={uid},gid={gid}"
