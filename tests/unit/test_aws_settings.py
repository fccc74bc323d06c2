"""The settings of a deployment on AWS: same rules for stack and library, every problem named at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from components.aws.settings import AwsSettings
from tests import bad_settings
from tests.unit import stack_settings
from tests.unit.aws_outputs import certificate_arn

GOOD: dict[str, Any] = {
    "base_url": "https://auth.example.com",
    "availability_zones": "eu-central-1a,eu-central-1b",
    "zone_id": "Z0123456789ABC",
}
NETWORK: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "public_subnet_ids": "subnet-0123456789abcdef1,subnet-0123456789abcdef2",
    "private_subnet_ids": "subnet-0123456789abcdef3,subnet-0123456789abcdef4",
    "isolated_subnet_ids": "subnet-0123456789abcdef5,subnet-0123456789abcdef6",
}
BROUGHT = {**GOOD, **NETWORK, "availability_zones": ""}
CADDY = {**GOOD, "frontend": "caddy", "acme_email": "ops@example.com"}


def resolved(**args: Any) -> AwsSettings:
    return AwsSettings.resolve({**GOOD, **args}, "it")


def refusals(args: Mapping[str, Any]) -> list[str]:
    return stack_settings.refusals(lambda values: AwsSettings.resolve(values, "it"), args)


def test_the_defaults_are_the_safe_choice() -> None:
    """All of them stand in docs/settings.md."""
    settings = resolved()
    assert settings.server.environment == "production"
    assert (settings.frontend, settings.nat_gateways) == ("alb", "per-zone")
    assert (settings.database_multi_az, settings.deletion_protection) == (True, True)


@pytest.mark.parametrize("version", [14, 15, 16, 17])
def test_the_tools_follow_the_database_s_version(version: int) -> None:
    tools = resolved(database_version=float(version)).tools_image
    assert tools.version[0] == version
    assert tools.reference.startswith("public.ecr.aws/")


@pytest.mark.parametrize(("storage", "limit"), [(20, 100), (50, 100), (51, 102), (500, 1000)])
def test_the_storage_may_double(storage: int, limit: int) -> None:
    assert resolved(database_storage=float(storage)).database_storage_limit == limit


@pytest.mark.parametrize("storage", [32769, 40000])
def test_the_storage_doubles_up_to_what_rds_has(storage: int) -> None:
    assert resolved(database_storage=storage).database_storage_limit == 65536


def test_lists_may_be_text_or_lists() -> None:
    text = resolved(
        availability_zones="eu-central-1a, eu-central-1b",
        admin_cidrs="10.0.0.0/8,203.0.113.7",
        egress_ports="25, 443,2525",
    )
    lists = resolved(
        availability_zones=["eu-central-1a", "eu-central-1b"],
        admin_cidrs=["10.0.0.0/8", "203.0.113.7"],
        egress_ports=[25.0, 443.0, 2525.0],
    )
    assert text == lists
    assert lists.admin_cidrs == ["10.0.0.0/8", "203.0.113.7"]
    assert lists.egress_ports == [25, 443, 2525]


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("alarm_errors", 1.5, bad_settings.AWS["alarmErrors", "1.5"]),
        ("alarm_latency", 0, bad_settings.AWS["alarmLatency", "0"]),
        ("egress_ports", [443, 0], bad_settings.PORT),
        ("availability_zones", ["eu-central-1a"], bad_settings.TWO_ZONES),
        ("http_port", 80, "is an unknown name: remove it"),
    ],
)
def test_a_bad_value_of_another_type(key: str, value: object, rule: str) -> None:
    assert refusals({**GOOD, key: value}) == [f'{key} = "{value}": {rule}']


@pytest.mark.parametrize("name", ["localhost", "auth.localhost", "auth.internal", "auth.test"])
def test_no_authority_certifies_a_local_name(name: str) -> None:
    url = f"https://{name}"
    assert refusals({**GOOD, "base_url": url}) == [
        f'base_url = "{url}": must be a public name: no certificate authority certifies a local name'
    ]


def test_the_port_may_be_said_where_it_is_the_usual_one() -> None:
    assert resolved(base_url="https://auth.example.com:443").server.base_url.port == 443


def test_a_certificate_may_be_brought() -> None:
    arn = certificate_arn()
    assert resolved(zone_id="", certificate_arn=arn).certificate_arn == arn


def test_caddy_makes_its_own_certificate() -> None:
    settings = AwsSettings.resolve({**CADDY, "nat_gateways": "none", "acme_server": "https://acme.example.com/"}, "it")
    assert (settings.frontend, settings.acme_email, settings.nat_gateways) == ("caddy", "ops@example.com", "none")
    assert AwsSettings.resolve({**CADDY, "zone_id": ""}, "it").zone_id is None


def test_a_network_may_be_brought() -> None:
    settings = AwsSettings.resolve(BROUGHT, "it")
    assert settings.availability_zones == []
    assert settings.public_subnet_ids == ["subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]


def test_the_edge_needs_one_public_and_one_private_subnet() -> None:
    """RDS alone wants two."""
    one = {"public_subnet_ids": "subnet-0123456789abcdef1", "private_subnet_ids": "subnet-0123456789abcdef3"}
    settings = AwsSettings.resolve({**CADDY, **BROUGHT, **one, "frontend": "caddy"}, "it")
    assert settings.public_subnet_ids == ["subnet-0123456789abcdef1"]
    assert settings.private_subnet_ids == ["subnet-0123456789abcdef3"]
    isolated = {"isolated_subnet_ids": "subnet-0123456789abcdef5"}
    assert refusals({**CADDY, **BROUGHT, **isolated, "frontend": "caddy"}) == [
        f'isolated_subnet_ids = "subnet-0123456789abcdef5": {bad_settings.TWO_SUBNETS}'
    ]


def test_everything_is_named_at_once() -> None:
    lines = refusals(
        {"base_url": "http://auth.example.com", "frontend": "caddy", "pool_size": 1, "alarm_errors": 0, "x": 1}
    )
    assert [line.partition(" = ")[0] for line in lines] == [
        "base_url",
        "pool_size",
        "alarm_errors",
        "acme_email",
        "availability_zones",
        "x",
    ]


def test_a_secret_key_is_not_shown() -> None:
    assert refusals({**GOOD, "secret_key": "hunter2"}) == [
        'secret_key = "[secret]": must have 32 characters or more, it has 7'
    ]
