"""Rules for the ids of existing AWS resources."""

from __future__ import annotations

from collections.abc import Callable

from ...inputs.text import items, pattern


def resource_id(kind: str) -> Callable[[object], str]:
    """Make the parser of an id of this kind, such as `vpc`; whether there is one only AWS knows."""
    return pattern(rf"{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", f"must be an id such as {kind}-0123456789abcdef0")


def parse_subnet_ids(raw: object) -> list[str]:
    """Parse ids of subnets, as a list or as text with commas."""
    return [resource_id("subnet")(subnet) for subnet in items(raw)]
