"""Divides the range of a VPC into subnets. Creates no resource.

The cut is the same for two zones and for three, so a third zone moves nothing. Three quarters of the VPC are one
private subnet each; the last quarter holds eight blocks: public ones in the first half, isolated ones in the second.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, cast

ZONE_COUNTS = (2, 3)
LARGEST, SMALLEST = 16, 22
"""Prefix lengths of a VPC: AWS's limit, and three bits a block above the /27 that a load balancer needs."""

_PRIVATE_BITS = 2
_BLOCK_BITS = 5
_ISOLATED_HALF = 4
_PRIVATE_RANGES = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""Private ranges of RFC 1918."""
_DOCKER_RANGES = tuple(map(ipaddress.IPv4Network, ("172.17.0.0/16", "172.18.0.0/16")))
"""The first two of Docker's default address pools: its default bridge, and the hosts' own network."""


@dataclass(frozen=True)
class Plan:
    """The ranges of each tier, one a zone, in the zones' order."""

    public: list[str]
    private: list[str]
    isolated: list[str]


def plan(cidr: str, zone_count: int) -> Plan:
    """Cut a VPC's range for two or three zones; raise ``ValueError`` saying what was given and what fits."""
    vpc = ipaddress.IPv4Network(parse_vpc_cidr(cidr))
    if zone_count not in ZONE_COUNTS:
        raise ValueError(f"must have 2 or 3 zones (got {zone_count})")
    private = list(vpc.subnets(_PRIVATE_BITS))
    blocks = list(private.pop().subnets(_BLOCK_BITS - _PRIVATE_BITS))
    return Plan(*([str(subnet) for subnet in tier[:zone_count]] for tier in (blocks, private, blocks[_ISOLATED_HALF:])))


def parse_vpc_cidr(raw: object) -> str:
    """Parse the range of a VPC; raise ``ValueError`` saying what was given and what fits."""
    text = str(raw)
    if not re.fullmatch(r"[0-9.]+/[0-9]+", text):
        raise ValueError("must be an IPv4 range such as 10.64.0.0/16")
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"must be an IPv4 range such as 10.64.0.0/16 ({error})") from None
    if str(network) != text:
        raise ValueError(f"must not have host bits set: use {network}")
    if not LARGEST <= network.prefixlen <= SMALLEST:
        raise ValueError(
            f"must be between /{LARGEST} and /{SMALLEST} (got /{network.prefixlen}): AWS takes no larger VPC, and a "
            "load balancer's subnets need /27, five bits below"
        )
    if not any(network.subnet_of(private) for private in _PRIVATE_RANGES):
        raise ValueError(f"must lie in a private range: {', '.join(map(str, _PRIVATE_RANGES))}")
    if docker := next((each for each in _DOCKER_RANGES if network.overlaps(each)), None):
        raise ValueError(
            f"must not overlap {docker}, which Docker uses on the hosts: the hosts could not reach the database"
        )
    return text


def parse_zones(raw: object) -> list[str]:
    """Parse two or three availability zones of one region, as a list or as text with commas."""
    given = cast("list[Any]", raw) if isinstance(raw, list) else str(raw).split(",")
    zones = [str(zone).strip() for zone in given]
    if not all(re.fullmatch(r"[a-z]{2}(-[a-z]+)+-[0-9][a-z]", zone) for zone in zones):
        raise ValueError("must be availability zones such as eu-central-1a,eu-central-1b")
    if len(zones) not in ZONE_COUNTS:
        rule = "must be two or three zones: RDS requires subnets in two zones, also without a standby"
        raise ValueError(f"{rule} (got {len(zones)})")
    if len(set(zones)) != len(zones):
        raise ValueError("must name each zone once")
    if len({zone[:-1] for zone in zones}) > 1:
        raise ValueError("must be zones of one region")
    return zones
