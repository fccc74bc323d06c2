"""Rules for instance types and machine images, and the memory that an instance needs for its containers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...workload.hardening import CHECK_MEMORY_MB

INSTANCE_TYPE = "t4g.small"
"""Default: the smallest whose 2 GB hold the containers at their defaults, with two processors."""

HOST_MB = 300
"""Memory for the operating system, Docker and the host's own programs."""


def needed_mb(containers: Sequence[int]) -> int:
    """Return the memory in MB that an instance must have for containers with these limits."""
    return sum(containers) + CHECK_MEMORY_MB + HOST_MB


def parse_instance_type(raw: object) -> str:
    """Parse an EC2 instance type; whether the region offers it only AWS knows."""
    if not re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", str(raw)):
        raise ValueError("must be an EC2 instance type such as t4g.small")
    return str(raw)


def parse_image_id(raw: object) -> str:
    """Parse the id of a machine image; whether there is one only AWS knows."""
    if not re.fullmatch(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", str(raw)):
        raise ValueError("must be an id such as ami-0123456789abcdef0")
    return str(raw)
