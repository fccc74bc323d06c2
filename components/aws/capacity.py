"""How much memory a host needs: an instance type that can't hold its containers is refused before it is made."""

from __future__ import annotations

from collections.abc import Sequence

from ..hardening import CHECK_MEMORY_MB

HOST_MB = 300
"""For the operating system, Docker and the host's own programs."""


def needed_mb(containers: Sequence[int]) -> int:
    """Return the memory in MB that an instance must have for containers with these limits."""
    return sum(containers) + CHECK_MEMORY_MB + HOST_MB
