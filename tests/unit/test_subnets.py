"""The cut of a VPC into subnets."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.network.subnets import Plan, parse_vpc_cidr, parse_zones, plan
from tests import bad_settings


@pytest.mark.parametrize(
    ("cidr", "zones", "expected"),
    [
        (
            "10.64.0.0/16",
            3,
            Plan(
                ["10.64.192.0/21", "10.64.200.0/21", "10.64.208.0/21"],
                ["10.64.0.0/18", "10.64.64.0/18", "10.64.128.0/18"],
                ["10.64.224.0/21", "10.64.232.0/21", "10.64.240.0/21"],
            ),
        ),
        (
            "192.168.4.0/22",
            2,
            Plan(
                ["192.168.7.0/27", "192.168.7.32/27"],
                ["192.168.4.0/24", "192.168.5.0/24"],
                ["192.168.7.128/27", "192.168.7.160/27"],
            ),
        ),
    ],
)
def test_the_plan(cidr: str, zones: int, expected: Plan) -> None:
    assert plan(cidr, zones) == expected


VPCS = st.builds(
    lambda second, third, prefix: str(IPv4Network(f"10.{second}.{third}.0/{prefix}", strict=False)),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(16, 22),
)


@given(VPCS, st.sampled_from([2, 3]))
def test_subnets_lie_inside_the_vpc_and_apart(vpc: str, zones: int) -> None:
    made = plan(vpc, zones)
    subnets = [IPv4Network(cidr) for tier in (made.public, made.private, made.isolated) for cidr in tier]
    assert len(subnets) == 3 * zones
    assert [subnet for subnet in subnets if not subnet.subnet_of(IPv4Network(vpc))] == []
    assert [pair for pair in itertools.combinations(subnets, 2) if pair[0].overlaps(pair[1])] == []
    # A load balancer takes no subnet smaller than /27.
    assert max(IPv4Network(cidr).prefixlen for cidr in made.public) <= 27


@given(VPCS)
def test_a_third_zone_moves_nothing(vpc: str) -> None:
    two, three = plan(vpc, 2), plan(vpc, 3)
    assert [tier[:2] for tier in vars(three).values()] == list(vars(two).values())


@pytest.mark.parametrize("zones", [0, 1, 4])
def test_other_numbers_of_zones_are_refused(zones: int) -> None:
    with pytest.raises(ValueError, match=rf"^must have 2 or 3 zones \(got {zones}\)$"):
        plan("10.0.0.0/16", zones)


@pytest.mark.parametrize(
    ("cidr", "rule"),
    [
        ("10.0.0.0/15", "must be between /16 and /22 (got /15)"),
        ("10.0.0.0/23", "must be between /16 and /22 (got /23)"),
        ("10.64.1.0/16", bad_settings.HOST_BITS),
        ("10.64.0.0/33", bad_settings.RANGE),
        ("10.64.0.256/16", bad_settings.RANGE),
        ("10.64.0.0", bad_settings.RANGE),
        ("10.64.0.0/255.255.0.0", bad_settings.RANGE),
        ("fd00::/16", bad_settings.RANGE),
        ("8.8.0.0/16", "must lie in a private range: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16"),
        ("172.32.0.0/16", "must lie in a private range"),
        ("172.17.0.0/16", "must not overlap 172.17.0.0/16, which Docker uses on the hosts"),
        ("172.18.4.0/22", "must not overlap 172.18.0.0/16, which Docker uses on the hosts"),
        (1064, bad_settings.RANGE),
    ],
)
def test_what_is_no_range_for_a_vpc(cidr: object, rule: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is compared below
        parse_vpc_cidr(cidr)
    assert str(error.value).startswith(rule)


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.16.0.0/16", "172.31.0.0/22", "192.168.0.0/16"])
def test_private_ranges(cidr: str) -> None:
    assert parse_vpc_cidr(cidr) == cidr


def test_zones_come_as_a_list_or_as_text() -> None:
    expected = ["eu-central-1a", "eu-central-1b"]
    assert parse_zones(expected) == expected
    assert parse_zones("eu-central-1a, eu-central-1b") == expected


@pytest.mark.parametrize(
    ("zones", "rule"),
    [
        (["eu-central-1a"], bad_settings.TWO_ZONES),
        ([f"us-east-1{zone}" for zone in "abcd"], "must be two or three zones"),
        (["eu-central-1a", "eu-central-1a"], bad_settings.ZONES_TWICE),
        (["eu-central-1a", "eu-west-1a"], bad_settings.ZONES_APART),
        (["a", "b"], "must be availability zones such as"),
        # A local zone: RDS and load balancers aren't the same there.
        (["us-west-2a", "us-west-2-lax-1a"], "must be availability zones such as"),
    ],
)
def test_what_are_no_zones(zones: list[str], rule: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is compared below
        parse_zones(zones)
    assert str(error.value).startswith(rule)
