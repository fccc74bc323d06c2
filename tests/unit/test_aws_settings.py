"""The settings of a deployment on AWS: same rules for stack and library, every problem named at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from components.aws.settings import AwsSettings
from components.inputs import InvalidInputError
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

SUBNET = "must be an id such as subnet-0123456789abcdef0"
ZONES = "must be availability zones such as eu-central-1a,eu-central-1b"
ERRORS = "must be error lines in 5 minutes, a whole number from 1 to 1000000"
STORAGE = "must be storage in GB, a whole number from 20 to 65536 (RDS has no smaller and no larger gp3 volume)"
TWO = "must be two or more subnets, in different zones"
HTTPS = "must be an https URL"


def resolved(**args: Any) -> AwsSettings:
    return AwsSettings.resolve({**GOOD, **args}, "it")


def refusals(args: Mapping[str, Any]) -> list[str]:
    with pytest.raises(InvalidInputError) as refused:
        AwsSettings.resolve(args, "it")
    return [line.strip() for line in str(refused.value).splitlines()[1:]]


def test_the_defaults_are_the_safe_choice() -> None:
    settings = resolved()
    assert settings.server.environment == "production"
    assert (settings.frontend, settings.nat_gateways, settings.vpc_cidr) == ("alb", "per-zone", "10.64.0.0/16")
    assert settings.frontend_image.reference == "public.ecr.aws/docker/library/caddy:2.11.9"
    assert settings.tools_image.reference == "public.ecr.aws/docker/library/postgres:14.23-bookworm"
    assert (settings.instance_type, settings.host_image_id, settings.replicas) == ("t4g.small", None, 1)
    assert (settings.database_class, settings.database_storage, settings.database_storage_limit) == (
        "db.t4g.small",
        20,
        100,
    )
    assert (settings.database_multi_az, settings.database_backup_days) == (True, 14)
    assert settings.log_retention_days == 365
    assert (settings.alarm_errors, settings.alarm_failed_logins, settings.alarm_latency) == (5, 50, 2.0)
    assert settings.deletion_protection is True
    assert settings.admin_cidrs == []
    assert settings.egress_ports == [443, 465, 587]


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
        (
            "memory",
            256,
            "must be memory in MB, a whole number from 512 to 1048576 (Kotauth's documented minimum is 512 MB)",
        ),
        ("availability_zones", "eu-central-1", ZONES),
        ("availability_zones", "eu-central-1a,", ZONES),
        (
            "availability_zones",
            "eu-central-1a",
            "must be two or three zones: RDS wants subnets in two, also for a database in one (got 1)",
        ),
        ("availability_zones", "eu-central-1a,eu-central-1a", "must name each zone once"),
        ("availability_zones", "eu-central-1a,eu-west-1b", "must be zones of one region"),
        ("vpc_cidr", "10.64.0.1/16", "must not have host bits: 10.64.0.0/16 is the range that holds it"),
        ("nat_gateways", "two", "must be exactly per-zone or one or none"),
        ("nat_gateways", "none", "leaves the server in its private subnet without a way out"),
        ("frontend", "nginx", "must be exactly alb or caddy; nginx is not there yet"),
        ("frontend", "Traefik", "must be exactly alb or caddy"),
        ("frontend", "traefik", "must be exactly alb or caddy; Traefik is not there yet"),
        (
            "frontend_image",
            "docker.io/library/caddy:latest",
            "must name an exact tag or a digest: latest is moved to another image at a release",
        ),
        (
            "tools_image",
            "docker.io/library/postgres:14",
            "must name an exact tag or a digest: 14 is moved to another image at a release",
        ),
        ("zone_id", "example.com", "must be the id of a Route 53 hosted zone, such as Z0123456789ABC"),
        (
            "acme_email",
            "ops@example.com",
            "is for frontend caddy; the ALB's certificate is ACM's",
        ),
        ("acme_email", "ops", "must be an e-mail address"),
        ("acme_server", "http://acme.example.com/dir", HTTPS),
        (
            "admin_cidrs",
            "203.0.113.5/24",
            "must be IPv4 networks such as 203.0.113.0/24 (203.0.113.5/24 has host bits set)",
        ),
        (
            "admin_cidrs",
            "10.0.0.0/8,::/0",
            "must be IPv4 networks such as 203.0.113.0/24 (Expected 4 octets in '::')",
        ),
        ("admin_cidrs", "0.0.0.0/0", "must not be everybody: leave it empty to put no limit on the admin console"),
        ("egress_ports", "465", "must contain 443: without it a host reaches neither AWS nor a registry"),
        ("egress_ports", "443,443", "must name each port once"),
        ("egress_ports", "443,65536", "must be a TCP port, a whole number from 1 to 65535"),
        ("egress_ports", "443,0", "must be a TCP port, a whole number from 1 to 65535"),
        ("egress_ports", "443,", "must be a TCP port, a whole number from 1 to 65535"),
        ("egress_ports", "443-465", "must be a TCP port, a whole number from 1 to 65535"),
        (
            "egress_ports",
            [443, *range(1000, 1010)],
            "must be at most 10 ports (got 11): name those that are needed",
        ),
        ("instance_type", "small", "must be an EC2 instance type such as t4g.small"),
        ("host_image_id", "ami-12345", "must be an id such as ami-0123456789abcdef0"),
        ("replicas", 0, "must be 1: without a server nothing answers; `make purge` takes a stack down"),
        (
            "replicas",
            2,
            "must be 1 for now: each server counts its rate limits alone, so two would let twice as many guesses "
            "through; a shared cache comes first",
        ),
        ("replicas", "many", "must be servers, a whole number from 0 to 100"),
        ("database_class", "t4g.small", "must be an RDS instance class such as db.t4g.small"),
        ("database_storage", 19, STORAGE),
        ("database_storage_limit", 65537, STORAGE),
        (
            "database_storage_limit",
            21,
            "must be at least a tenth over the storage, 20 GB (RDS's own rule)",
        ),
        ("database_multi_az", "yes", "must be exactly true or false"),
        (
            "database_backup_days",
            0,
            "must be days of backups, a whole number from 1 to 35 (RDS keeps 35 at most, and 0 would switch restores "
            "to a point in time off)",
        ),
        (
            "database_version",
            13,
            "must be a major version of PostgreSQL, a whole number from 14 to 17 (Kotauth needs 14 or newer)",
        ),
        ("database_ca", "/etc/ssl/ca.pem", "must be certificates in PEM form"),
        ("alarm_email", "ops@example", "must be an e-mail address"),
        ("alarm_errors", 0, ERRORS),
        ("alarm_errors", 1.5, ERRORS),
        ("alarm_failed_logins", 0, "must be failed logins in 5 minutes, a whole number from 1 to 1000000"),
        ("alarm_latency", 0, "must be seconds, a number from 0.1 to 60"),
        ("deletion_protection", "no", "must be exactly true or false"),
        ("colour", "blue", "is not known"),
        ("availability_zone", "eu-central-1a", "is not known; is availability_zones meant?"),
        ("http_port", 80, "is not known"),
        ("base_url", "https://auth.example.com:8443", "must have no port: on AWS it is 443"),
    ],
)
def test_one_bad_value_is_one_line(key: str, value: object, rule: str) -> None:
    assert refusals({**GOOD, key: value}) == [f'{key} = "{value}": {rule}']


def test_a_log_is_kept_for_days_that_cloudwatch_knows() -> None:
    (line,) = refusals({**GOOD, "log_retention_days": 17})
    assert line.startswith('log_retention_days = "17": must be days that CloudWatch Logs takes: 1, 3, 5, 7, 14, 30')


@pytest.mark.parametrize("name", ["localhost", "auth.localhost", "auth.internal", "auth.test"])
@pytest.mark.parametrize("base", [GOOD, CADDY], ids=["alb", "caddy"])
def test_no_authority_certifies_a_local_name(base: dict[str, Any], name: str) -> None:
    url = f"https://{name}"
    assert refusals({**base, "base_url": url}) == [f'base_url = "{url}": is a local name, which nobody certifies']


def test_the_port_may_be_said_where_it_is_the_usual_one() -> None:
    assert resolved(base_url="https://auth.example.com:443").server.base_url.port == 443


def test_a_certificate_is_made_or_brought() -> None:
    arn = certificate_arn()
    bare = {key: value for key, value in GOOD.items() if key != "zone_id"}
    assert AwsSettings.resolve({**bare, "certificate_arn": arn}, "it").certificate_arn == arn
    assert refusals(bare) == [
        'zone_id = "": is required, or certificate_arn: the certificate is made in that Route 53 zone, or brought'
    ]
    assert refusals({**GOOD, "certificate_arn": arn}) == [
        f'certificate_arn = "{arn}": must be empty with zone_id: the certificate is either brought or made in the zone'
    ]
    (line,) = refusals({**GOOD, "certificate_arn": "arn:aws:iam::111122223333:server-certificate/auth"})
    assert "must be the ARN of an ACM certificate" in line


def test_caddy_makes_its_own() -> None:
    settings = AwsSettings.resolve({**CADDY, "nat_gateways": "none", "acme_server": "https://acme.example.com/"}, "it")
    assert (settings.frontend, settings.acme_email, settings.nat_gateways) == ("caddy", "ops@example.com", "none")
    assert AwsSettings.resolve({**CADDY, "zone_id": ""}, "it").zone_id is None
    assert refusals({**CADDY, "acme_email": ""}) == [
        'acme_email = "": is required with frontend caddy: the authority writes to it'
    ]
    arn = certificate_arn()
    assert refusals({**CADDY, "certificate_arn": arn}) == [
        f'certificate_arn = "{arn}": is for frontend alb; Caddy gets its certificate from the ACME authority'
    ]


def test_an_acme_server_is_for_caddy() -> None:
    assert refusals({**GOOD, "acme_server": "https://acme.example.com/dir"}) == [
        "acme_server = \"https://acme.example.com/dir\": is for frontend caddy; the ALB's certificate is ACM's"
    ]


def test_a_network_is_made_or_brought() -> None:
    bare = {key: value for key, value in GOOD.items() if key != "availability_zones"}
    assert refusals(bare) == [
        'availability_zones = "": is required: two or three zones, such as eu-central-1a,eu-central-1b'
    ]
    settings = AwsSettings.resolve(BROUGHT, "it")
    assert settings.availability_zones == []
    assert settings.public_subnet_ids == ["subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]
    assert refusals({**GOOD, **NETWORK}) == [
        'availability_zones = "eu-central-1a,eu-central-1b": must be empty with a network of one\'s own'
    ]


@pytest.mark.parametrize("missing", NETWORK)
def test_half_a_network_is_none(missing: str) -> None:
    given = next(key for key in NETWORK if key != missing)
    assert refusals({**BROUGHT, missing: ""}) == [
        f'{missing} = "": is required with a network of one\'s own ({given} is set)'
    ]


@pytest.mark.parametrize("key", [key for key in NETWORK if key != "vpc_id"])
def test_one_subnet_is_not_enough(key: str) -> None:
    subnet = "subnet-0123456789abcdef1"
    assert refusals({**BROUGHT, key: subnet}) == [f'{key} = "{subnet}": {TWO}']
    assert refusals({**BROUGHT, key: f"{subnet},subnet-x"}) == [f'{key} = "{subnet},subnet-x": {SUBNET}']


def test_the_edge_needs_one_public_and_one_private_subnet() -> None:
    """RDS alone wants two."""
    one = {"public_subnet_ids": "subnet-0123456789abcdef1", "private_subnet_ids": "subnet-0123456789abcdef3"}
    settings = AwsSettings.resolve({**CADDY, **BROUGHT, **one, "frontend": "caddy"}, "it")
    assert len(settings.public_subnet_ids) == len(settings.private_subnet_ids) == 1
    isolated = {"isolated_subnet_ids": "subnet-0123456789abcdef5"}
    assert refusals({**CADDY, **BROUGHT, **isolated, "frontend": "caddy"}) == [
        f'isolated_subnet_ids = "subnet-0123456789abcdef5": {TWO}'
    ]


def test_nothing_else_is_said_of_a_name_that_is_missing() -> None:
    assert refusals({**GOOD, "base_url": ""}) == ['base_url = "": is required']


def test_everything_is_named_at_once() -> None:
    lines = refusals({"base_url": "http://auth.example.com", "frontend": "caddy", "replicas": 2, "memory": 1, "x": 1})
    assert [line.partition(" = ")[0] for line in lines] == [
        "base_url",
        "memory",
        "replicas",
        "availability_zones",
        "acme_email",
        "x",
    ]


def test_a_secret_key_is_not_shown() -> None:
    assert refusals({**GOOD, "secret_key": "hunter2"}) == [
        'secret_key = "[secret]": must have 32 characters or more, it has 7'
    ]
