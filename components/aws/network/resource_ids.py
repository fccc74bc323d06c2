"""Rules for the ids and ranges of existing networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pulumi

from ...inputs.addresses import ipv4_network
from ...inputs.aws_ids import resource_id
from ...inputs.problems import when_known
from ...inputs.text import items

_LARGEST, _SMALLEST = 16, 28
"""Prefix lengths of a subnet on AWS."""


def parse_subnet_ids(raw: object) -> pulumi.Input[Sequence[pulumi.Input[str]]]:
    """Parse subnet ids, as a list or as text with commas.

    The list or single ids may be Outputs, whose values are parsed as soon as they are known.
    """
    return when_known(_subnet_ids)(raw)


def _subnet_ids(raw: object) -> list[Any]:
    subnet = when_known(resource_id("subnet"))
    given = cast("Sequence[object]", raw) if isinstance(raw, list | tuple) else items(raw)
    return [subnet(one) for one in given if one not in ("", None)]


def parse_subnet_cidrs(raw: object) -> list[str]:
    """Parse the CIDR blocks of subnets, as a list or as text with commas."""
    cidrs = items(raw)
    for cidr in cidrs:
        try:
            network = ipv4_network(cidr)
        except ValueError as error:
            raise ValueError(f"must be CIDR blocks such as 10.1.0.0/24 ({error})") from None
        if not _LARGEST <= network.prefixlen <= _SMALLEST:
            raise ValueError(f"must be CIDR blocks between /{_LARGEST} and /{_SMALLEST}, as AWS's subnets (got {cidr})")
    return cidrs
