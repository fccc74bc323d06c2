"""Rules for ids and ARNs of AWS. Only AWS knows whether there is such a resource."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pulumi

from .text import items, pattern

parse_arn = pattern(r"arn:\S+", "must be an ARN, which begins with arn:")


def resource_id(kind: str) -> Callable[[object], str]:
    """Make the parser of an id of this kind, such as `vpc`."""
    return pattern(rf"{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", f"must be an id such as {kind}-0123456789abcdef0")


def plain(rule: Callable[[object], str]) -> Callable[[object], pulumi.Input[str]]:
    """Return the rule for a plain value. An Output is what a resource has, or a mock in the tests of a user."""
    return lambda raw: cast("pulumi.Output[str]", raw) if isinstance(raw, pulumi.Output) else rule(raw)


parse_subnet_id = plain(resource_id("subnet"))


def parse_subnet_list(raw: object) -> pulumi.Input[Sequence[pulumi.Input[str]]]:
    """Parse the ids in a list, or in a text with commas, that are plain values."""
    if isinstance(raw, pulumi.Output):
        return cast("Any", raw)
    return [parse_subnet_id(one) for one in (cast("list[object]", raw) if isinstance(raw, list) else items(raw))]
