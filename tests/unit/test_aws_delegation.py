"""What the world's name servers say of a domain."""

from __future__ import annotations

import dns.exception
import dns.resolver
import pytest

from components.aws import delegation
from tests.unit.name_servers import World

LETS_ENCRYPT, AMAZON = '0 issue "letsencrypt.org"', '0 issue "amazon.com"'


def test_the_servers_that_a_domain_is_delegated_to(world: World) -> None:
    world.records["example.com", "NS"] = ["NS-1.awsdns-01.org.", "ns-2.awsdns-02.com."]
    assert delegation.name_servers("example.com") == {"ns-1.awsdns-01.org", "ns-2.awsdns-02.com"}


def test_a_domain_that_is_not_registered_or_delegated_has_none(world: World) -> None:
    assert delegation.name_servers("example.com") == set()
    world.records["example.com", "A"] = ["203.0.113.7"]
    assert delegation.name_servers("example.com") == set()


@pytest.mark.parametrize(
    "error",
    [
        dns.exception.Timeout(),
        dns.resolver.NoNameservers(),
        dns.resolver.NoResolverConfiguration(),
        OSError("network is unreachable"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_where_dns_can_t_be_asked_there_is_no_answer(world: World, error: Exception) -> None:
    world.error = error
    with pytest.raises(delegation.NoAnswerError):
        delegation.name_servers("example.com")
    with pytest.raises(delegation.NoAnswerError):
        delegation.forbidden_by("auth.example.com")


@pytest.mark.parametrize(
    "records",
    [
        [AMAZON],
        [LETS_ENCRYPT, '0 issue "amazontrust.com"'],
        ['0 issue "awstrust.com"'],
        ['0 issue "amazonaws.com; validationmethods=dns-01"'],
        ['0 iodef "mailto:security@example.com"'],
        ['0 issuewild ";"'],
        [],
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["auth.example.com", "example.com"])
def test_acm_may_certify(world: World, name: str, records: list[str]) -> None:
    world.records["example.com", "A"] = world.records["auth.example.com", "A"] = ["203.0.113.7"]
    if records:
        world.records[name, "CAA"] = records
    assert delegation.forbidden_by("auth.example.com") is None


@pytest.mark.parametrize(
    "record", [LETS_ENCRYPT, '0 issue ";"', '0 issue "notamazon.com"', '0 issue "amazon.com.evil.example"']
)
@pytest.mark.parametrize("name", ["auth.example.com", "example.com"])
def test_acm_may_not_certify_also_where_the_parent_says_so(world: World, name: str, record: str) -> None:
    world.records[name, "CAA"] = [record]
    assert delegation.forbidden_by("auth.example.com") == f"{name}: {record}"


@pytest.mark.parametrize("own", [AMAZON, '0 iodef "mailto:security@example.com"'])
def test_the_nearest_name_with_records_decides(world: World, own: str) -> None:
    world.records["auth.example.com", "CAA"] = [own]
    world.records["example.com", "CAA"] = [LETS_ENCRYPT]
    assert delegation.forbidden_by("auth.example.com") is None


def test_names_are_asked_upwards_but_not_the_top_level(world: World) -> None:
    world.records["auth.eu.example.com", "A"] = ["203.0.113.7"]
    assert delegation.forbidden_by("auth.eu.example.com") is None
    assert world.asked == [(name, "CAA") for name in ("auth.eu.example.com", "eu.example.com", "example.com")]
