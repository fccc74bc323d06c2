"""What is asked of AWS and DNS before anything is made: every problem is one line, and all come at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import dns.exception
import pulumi
import pytest
from pulumi.runtime.mocks import set_mocks

from components.aws import preflight
from components.aws.settings import AwsSettings, mirrored
from components.config.frontends import DEFAULT as FRONTEND
from components.kotauth.server import DEFAULT_IMAGE
from components.postgres.server import IMAGES
from tests.unit.aws_outputs import ANSWERS, REGION, SUBNETS, certificate_arn, refused
from tests.unit.name_servers import World
from tests.unit.recording import PROJECT, STACK, Recording

GOOD: dict[str, Any] = {
    "base_url": "https://auth.example.com",
    "availability_zones": [f"{REGION}a", f"{REGION}b"],
    "zone_id": "Z0123456789ABC",
}
BROUGHT: dict[str, Any] = {
    **GOOD,
    "availability_zones": "",
    "vpc_id": "vpc-0123456789abcdef0",
    "public_subnet_ids": list(SUBNETS),
    "private_subnet_ids": list(SUBNETS),
    "isolated_subnet_ids": list(SUBNETS),
}
OUR_SERVERS = ["ns-1.awsdns-01.org.", "ns-2.awsdns-02.com."]
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
FRONTEND_IMAGE = mirrored(FRONTEND.default_image)
HEAD = "AWS can't run this stack:"

INSTANCE_TYPE = "aws:ec2/getInstanceType:getInstanceType"
OFFERINGS = "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings"
AMI = "aws:ec2/getAmi:getAmi"
SUBNET = "aws:ec2/getSubnet:getSubnet"
ENGINE = "aws:rds/getEngineVersion:getEngineVersion"
DISK_KEY = "aws:ebs/getDefaultKmsKey:getDefaultKmsKey"
KMS_KEY = "aws:kms/getKey:getKey"
CUSTOMER_KEY = f"arn:aws:kms:{REGION}:111122223333:key/12345678-1234-1234-1234-123456789012"
ORDERABLE = "aws:rds/getOrderableDbInstance:getOrderableDbInstance"
ZONE = "aws:route53/getZone:getZone"

Says = Callable[..., None]


@pytest.fixture(autouse=True)
def stack() -> None:
    recording = Recording()
    set_mocks(recording.mocks, project=PROJECT, stack=STACK, monitor=recording)


@pytest.fixture(autouse=True)
def delegated(world: World) -> World:
    """Return a world in which the zone is delegated and nothing forbids a certificate."""
    world.records["example.com", "NS"] = list(OUR_SERVERS)
    return world


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Return a function that changes one of AWS's answers, wholly or in some fields."""

    def change(token: str, refusal: str = "", **fields: Any) -> None:
        before = ANSWERS[token]

        def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
            return {**(before if isinstance(before, dict) else before(asked)), **fields}

        # As the bridge to Terraform's providers says it.
        said = f"invocation of {token} returned an error: invoking {token}: 1 error occurred:\n\t* {refusal}\n\n"
        monkeypatch.setitem(ANSWERS, token, refused(said) if refusal else answer)

    return change


def check(settings: Mapping[str, Any]) -> None:
    preflight.check(AwsSettings.resolve(settings, "it"), {})


def problems(**settings: Any) -> list[str]:
    with pytest.raises(pulumi.RunError) as error:
        check({**GOOD, **settings})
    head, *rest = str(error.value).splitlines()
    assert head == HEAD
    return [line.strip() for line in rest]


@pytest.mark.parametrize(
    "settings",
    [
        GOOD,
        BROUGHT,
        {**GOOD, "host_image_id": "ami-0123456789abcdef0"},
        {**GOOD, "frontend": "caddy", "acme_email": "ops@example.com"},
        {**GOOD, "zone_id": "", "certificate_arn": certificate_arn()},
        {**GOOD, "base_url": "https://example.com"},
    ],
    ids=["defaults", "brought network", "host image", "caddy", "brought certificate", "apex"],
)
def test_nothing_stands_in_the_way(settings: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    check(settings)
    assert caplog.messages == []


def test_images_without_a_digest_are_named(caplog: pytest.LogCaptureFixture) -> None:
    tools = mirrored(IMAGES[14])
    pinned = {"image": f"{DEFAULT_IMAGE}@{DIGEST}", "frontend_image": f"{FRONTEND_IMAGE}@{DIGEST}"}
    with caplog.at_level(logging.INFO):
        check(GOOD)
        check({**GOOD, **pinned})
        check({**GOOD, **pinned, "tools_image": f"{tools}@{DIGEST}"})
        check({**GOOD, **pinned, "tools_image": "localhost/postgres:14.23-bookworm"})
    assert caplog.messages == [
        f"images without a digest, so a moved tag changes what hosts pull: {loose}. "
        f"`make image STACK={STACK}` writes their digests into the stack's file"
        for loose in (f"{DEFAULT_IMAGE}, {FRONTEND_IMAGE}, {tools}", tools)
    ]


def test_a_region_that_is_not_enabled(says: Says) -> None:
    says("aws:index/getRegions:getRegions", names=["us-east-1"])
    assert problems() == [
        f'aws:region = "{REGION}": does not exist or is not enabled for this account: '
        "enable it, or choose another region"
    ]


def test_zones_and_a_certificate_of_another_region_end_it_before_the_rest_is_asked(says: Says) -> None:
    says(INSTANCE_TYPE, "must not be asked in the wrong region")
    arn = certificate_arn(region="us-east-1")
    assert problems(availability_zones=["us-east-1a", "us-east-1b"], zone_id="", certificate_arn=arn) == [
        *(
            f'kotauth:availabilityZones = "us-east-1{zone}": is not in the region of the stack, aws:region {REGION}: '
            "choose a zone of that region"
            for zone in "ab"
        ),
        f'kotauth:certificateArn = "{arn}": is in another region than aws:region {REGION}: '
        "choose a certificate of that region",
    ]


def test_a_zone_that_is_not_there(says: Says) -> None:
    says(OFFERINGS, locations=[f"{REGION}{zone}" for zone in "abd"])
    zones = [f"{REGION}a", f"{REGION}d"]
    assert problems(availability_zones=zones) == [
        f'kotauth:availabilityZones = "{REGION}d": is not available: choose among {REGION}a, {REGION}b, {REGION}c'
    ]


def test_a_subnet_that_is_not_there(says: Says) -> None:
    says(SUBNET, "no matching EC2 Subnet found")
    lines = problems(**BROUGHT)
    assert len(lines) == 6
    assert lines[0] == (
        f'kotauth:publicSubnetIds = "{next(iter(SUBNETS))}": is not a subnet of {REGION}: give the id of a subnet of '
        "vpc-0123456789abcdef0 (no matching EC2 Subnet found)"
    )


def test_subnets_of_another_network_or_all_in_one_zone(says: Says) -> None:
    says(SUBNET, vpcId="vpc-0123456789abcdef1")
    other = "is in vpc-0123456789abcdef1, but kotauth:vpcId is vpc-0123456789abcdef0: choose a subnet of that VPC"
    assert problems(**BROUGHT) == [
        f'kotauth:{tier}SubnetIds = "{subnet}": {other}'
        for tier in ("public", "private", "isolated")
        for subnet in SUBNETS
    ]
    says(SUBNET, vpcId="vpc-0123456789abcdef0", availabilityZone=f"{REGION}a")
    assert problems(**BROUGHT) == [
        f'kotauth:{tier}SubnetIds = "{",".join(SUBNETS)}": must be in two zones or more, not only in {REGION}a: '
        "add a subnet in another zone"
        for tier in ("public", "private", "isolated")
    ]


def test_an_instance_type_that_aws_doesn_t_know(says: Says) -> None:
    says(INSTANCE_TYPE, "reading EC2 Instance Type: api error InvalidInstanceType")
    line = (
        f'kotauth:instanceType = "t9.small": is not an EC2 instance type of {REGION}: choose another type '
        "(reading EC2 Instance Type: api error InvalidInstanceType)"
    )
    assert problems(instance_type="t9.small") == [line]


def test_an_instance_type_that_is_too_small(says: Says) -> None:
    says(INSTANCE_TYPE, memorySize=1024, defaultVcpus=1)
    lines = problems(instance_type="t4g.micro", cpus=1.5)
    assert lines[:2] == [
        'kotauth:instanceType = "t4g.micro": has 1024 MB of memory, but the containers and the host need 1132 MB: '
        "choose a larger type, or reduce kotauth:memory",
        'kotauth:instanceType = "t4g.micro": has 1 vCPU, but kotauth:cpus is 1.5: choose a larger type, or reduce '
        "kotauth:cpus",
    ]


def test_the_server_s_own_memory_counts() -> None:
    assert problems(memory=1429) == [
        'kotauth:instanceType = "t4g.small": has 2048 MB of memory, but the containers and the host need 2049 MB: '
        "choose a larger type, or reduce kotauth:memory"
    ]
    check({**GOOD, "memory": 1428})


def test_an_instance_type_that_a_zone_lacks(says: Says) -> None:
    says(OFFERINGS, locations=[f"{REGION}b"])
    assert problems() == [
        f'kotauth:instanceType = "t4g.small": is not offered in {REGION}a, only in {REGION}b: choose another type, or '
        "change kotauth:availabilityZones"
    ]


def test_an_image_that_is_not_there_or_for_another_processor(says: Says) -> None:
    image = "ami-0123456789abcdef0"
    says(AMI, architecture="x86_64")
    assert problems(host_image_id=image) == [
        f'kotauth:hostImageId = "{image}": is for x86_64, but kotauth:instanceType t4g.small needs arm64: choose an '
        "image for arm64, or another instance type"
    ]
    says(AMI, "Your query returned no results")
    assert problems(host_image_id=image) == [
        f'kotauth:hostImageId = "{image}": is not a machine image of {REGION}: choose an image of that region '
        "(Your query returned no results)"
    ]


def test_a_version_or_a_class_that_rds_doesn_t_offer(says: Says) -> None:
    says(ORDERABLE, "no RDS DB Instance Classes match the criteria")
    assert problems() == [
        f'kotauth:databaseClass = "db.t4g.small": is not offered for PostgreSQL 14.23 in {REGION}: choose another '
        "class (no RDS DB Instance Classes match the criteria)"
    ]
    says(ENGINE, "no RDS engine versions match the criteria")
    assert problems(database_version=17) == [
        f'kotauth:databaseVersion = "17": is not a PostgreSQL version that RDS offers in {REGION}: choose another '
        "version (no RDS engine versions match the criteria)"
    ]


def test_another_class_than_the_one_that_was_asked_for(says: Says) -> None:
    says(ORDERABLE, instanceClass="db.m7g.large")
    assert problems() == [
        f'kotauth:databaseClass = "db.t4g.small": is not offered for PostgreSQL 14.23 in {REGION}: choose another class'
    ]


def test_a_running_version_that_is_newer(says: Says) -> None:
    """RDS upgrades by itself what leaves standard support; then every update would fail."""
    says("aws:rds/getInstances:getInstances", instanceIdentifiers=["kotauth-database-0c0ffee"])
    check(GOOD)
    says("aws:rds/getInstance:getInstance", engineVersion="15.4")
    assert problems() == [
        'kotauth:databaseVersion = "14": is older than version 15.4 of the running database kotauth-database-0c0ffee, '
        'and RDS can\'t downgrade a database: set kotauth:databaseVersion to "15"'
    ]
    for newer in (15, 17):
        check({**GOOD, "database_version": newer})


@pytest.mark.parametrize("own", ["alias/aws/ebs", f"arn:aws:kms:{REGION}:111122223333:alias/aws/ebs"])
def test_aws_s_own_key_of_disks(says: Says, own: str) -> None:
    says(DISK_KEY, keyArn=own)
    says(KMS_KEY, "must not be asked")
    check(GOOD)


def test_aws_s_own_key_of_disks_by_its_id(says: Says) -> None:
    says(DISK_KEY, keyArn=CUSTOMER_KEY)
    says(KMS_KEY, keyManager="AWS")
    check(GOOD)


@pytest.mark.parametrize("refusal", ["", "AccessDeniedException"])
@pytest.mark.parametrize(
    ("frontend", "who"),
    [
        ({}, "AWSServiceRoleForAutoScaling"),
        ({"frontend": "caddy", "acme_email": "ops@example.com"}, "the deploying identity"),
    ],
)
def test_a_customer_key_of_disks(says: Says, refusal: str, frontend: dict[str, Any], who: str) -> None:
    says(DISK_KEY, keyArn=CUSTOMER_KEY)
    says(KMS_KEY, refusal)
    (line,) = problems(**frontend)
    assert line.startswith(
        f"EC2's default key = \"{CUSTOMER_KEY}\": is the account's default key for EBS disks in {REGION}"
    )
    assert who in line
    assert "aws ec2 reset-ebs-default-kms-key-id" in line
    check({**GOOD, **frontend, "customer_disk_key": "true"})


def test_a_database_with_too_few_connections_for_two_generations_of_pools(
    says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ANSWERS[INSTANCE_TYPE]

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        memory = {"t4g.micro": 1024, "t4g.nano": 512}.get(asked["instanceType"], 4096)
        return {**server(asked), "memorySize": memory}

    monkeypatch.setitem(ANSWERS, INSTANCE_TYPE, answer)
    check({**GOOD, "database_class": "db.t4g.micro"})
    assert problems(database_class="db.t4g.nano", pool_size=20) == [
        'kotauth:databaseClass = "db.t4g.nano": allows 56 connections, but updates and password rotations need up to '
        "100: choose a larger class, or reduce kotauth:poolSize"
    ]


def test_a_class_without_a_twin_in_ec2_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ANSWERS[INSTANCE_TYPE]

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        return known(asked) if asked["instanceType"] == "t4g.small" else refused("InvalidInstanceType")(asked)

    monkeypatch.setitem(ANSWERS, INSTANCE_TYPE, answer)
    check({**GOOD, "database_class": "db.z9.large"})


def test_a_hosted_zone_that_is_not_there_or_another_s(says: Says) -> None:
    says(ZONE, name="example.org")
    lines = problems()
    assert lines[0] == (
        'kotauth:baseUrl = "https://auth.example.com": is not in the hosted zone Z0123456789ABC (example.org): '
        "set kotauth:zoneId to the zone of the domain, or choose an address in example.org"
    )
    says(ZONE, "couldn't find resource")
    assert problems() == [
        'kotauth:zoneId = "Z0123456789ABC": is not a hosted zone of this account: choose one that '
        "`aws route53 list-hosted-zones` prints (couldn't find resource)"
    ]


def test_a_name_that_only_ends_like_the_zone(says: Says, world: World) -> None:
    says(ZONE, name="ample.com")
    world.records["ample.com", "NS"] = OUR_SERVERS
    (line,) = problems()
    assert "is not in the hosted zone" in line


def test_a_private_zone(says: Says) -> None:
    says(ZONE, privateZone=True, nameServers=[])
    assert problems() == [
        'kotauth:zoneId = "Z0123456789ABC": is a private zone: '
        "choose a public zone, which certificate authorities can see"
    ]


@pytest.mark.parametrize(
    ("servers", "seen"),
    [([], "none"), (["a.registrar.example.", "b.registrar.example."], "a.registrar.example, b.registrar.example")],
)
def test_a_zone_that_the_world_doesn_t_ask(
    world: World, servers: list[str], seen: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be a resolver's own view of the world, so it stops nothing."""
    del world.records["example.com", "NS"]
    if servers:
        world.records["example.com", "NS"] = servers
    with caplog.at_level(logging.WARNING):
        check(GOOD)
    (warning,) = caplog.messages
    assert warning.startswith(
        f"example.com is not delegated to zone Z0123456789ABC: its name servers are {seen}, and the zone's are "
        "ns-1.awsdns-01.org, ns-2.awsdns-02.com. Set the zone's name servers at the registrar of example.com. "
    )
    assert warning.endswith("Ignore this warning if only DNS inside your network gives this answer (split horizon).")


def test_some_of_the_zone_s_servers_are_enough(world: World) -> None:
    world.records["example.com", "NS"] = [OUR_SERVERS[0].upper(), "ns.secondary.example."]
    check(GOOD)


@pytest.mark.parametrize("name", ["auth.example.com", "example.com"])
def test_a_certificate_that_caa_records_forbid(world: World, name: str, caplog: pytest.LogCaptureFixture) -> None:
    world.records[name, "CAA"] = ['0 issue "letsencrypt.org"']
    with caplog.at_level(logging.WARNING):
        check(GOOD)
        check({**GOOD, "frontend": "caddy", "acme_email": "ops@example.com"})
        check({**GOOD, "zone_id": "", "certificate_arn": certificate_arn()})
    (warning,) = caplog.messages
    assert warning.startswith(
        f'CAA records forbid ACM to issue a certificate for auth.example.com: {name}: 0 issue "letsencrypt.org". Add a '
        "record that names amazon.com. "
    )
    assert warning.endswith("Ignore this warning if only DNS inside your network gives this answer (split horizon).")


def test_without_dns_it_warns_and_goes_on(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.error = dns.exception.Timeout()
    with caplog.at_level(logging.WARNING):
        check(GOOD)
    certificate, zone = caplog.messages
    assert certificate.startswith("the CAA records of auth.example.com are not checked, because DNS does not answer (")
    assert zone.startswith("the delegation of example.com is not checked, because DNS does not answer (")


def test_without_a_zone_dns_is_not_asked(world: World) -> None:
    check({**GOOD, "zone_id": "", "certificate_arn": certificate_arn()})
    assert world.asked == []


def test_everything_is_said_at_once(says: Says) -> None:
    says(OFFERINGS, locations=[f"{REGION}b"])
    says(AMI, architecture="x86_64")
    says(ORDERABLE, "none")
    says(ZONE, privateZone=True)
    says(DISK_KEY, keyArn=CUSTOMER_KEY)
    lines = problems(host_image_id="ami-0123456789abcdef0")
    assert [line.partition(" = ")[0] for line in lines] == [
        "kotauth:instanceType",
        "kotauth:hostImageId",
        "EC2's default key",
        "kotauth:databaseClass",
        "kotauth:zoneId",
    ]
