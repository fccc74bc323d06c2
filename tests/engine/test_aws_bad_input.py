"""What can't work on AWS is one clear line for each value at preview, several at once, and nothing is made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests import bad_settings
from tests.engine.aws_stack import HOST_IMAGE, ZONE_ID, AwsStack, aws_stack, read

pytestmark = pytest.mark.engine

CERTIFICATE = "arn:aws:acm:{}:123456789012:certificate/12345678-1234-1234-1234-123456789012"
NEEDED = "the containers and the host"
LARGER_MEMORY = "choose a larger type, or reduce kotauth:memory"
OTHER_REGION = "is not in the region of the stack, aws:region eu-west-1: choose a zone of that region"
NO_SUBNET = "is not a subnet of eu-central-1: give the id of a subnet of vpc-0123456789abcdef0 (*)"
OTHERS_REGION = "is in another region than aws:region eu-central-1: choose a certificate of that region"

Row = tuple[str, str, str]
RUNS: list[tuple[dict[str, str], list[Row]]] = [
    # Each run: what is set beside the bad values (or in their place, where a rule is about one of several), and these:
    # key, value, rule. First some that a value can be judged by alone; all are in `tests/unit/test_bad_settings.py`.
    (
        {},
        [
            (key, value, {**bad_settings.AWS, **bad_settings.AWS_STACK}[key, value])
            for key, value in {
                "vpcCidr": "10.64.0.1/16",
                "availabilityZones": "eu-central-1a",
                "databaseStorage": "twenty",
                "databaseBackupDays": "0",
                "logRetentionDays": "17",
                "alarmLatency": "-0.5",
                "alarmEmail": "operations",
                "adminCidrs": "203.0.113.0/24,0.0.0.0/0",
                "egressPorts": "465,587",
                "natGateways": "none",
                "instanceType": "huge",
                "deletionProtection": "no",
                "zoneId": "example.com",
                "httpPort": "8080",
            }.items()
        ],
    ),
    # And now what only AWS knows.
    (
        {"availabilityZones": "eu-central-1a,eu-central-1z", "poolSize": "40"},
        [
            (
                "availabilityZones",
                "eu-central-1z",
                "is not available: choose among eu-central-1a, eu-central-1b, eu-central-1c",
            ),
            ("instanceType", "t4g.nano", f"has 512 MB of memory, but {NEEDED} need 1132 MB: {LARGER_MEMORY}"),
            (
                "instanceType",
                "t4g.nano",
                "is not offered in eu-central-1z, only in eu-central-1a, eu-central-1b, eu-central-1c: "
                "choose another type, or change kotauth:availabilityZones",
            ),
            (
                "databaseClass",
                "db.t4g.micro",
                "allows 112 connections, but updates and password rotations need up to 180: "
                "choose a larger class, or reduce kotauth:poolSize",
            ),
            (
                "baseUrl",
                "https://auth.example.com",
                f"is not in the hosted zone {ZONE_ID} (example.org): "
                "set kotauth:zoneId to the zone of the domain, or choose an address in example.org",
            ),
        ],
    ),
    (
        {"cpus": "4", "memory": "2048"},
        [
            ("instanceType", "t4g.micro", f"has 1024 MB of memory, but {NEEDED} need 2668 MB: {LARGER_MEMORY}"),
            (
                "instanceType",
                "t4g.micro",
                "has 2 vCPU, but kotauth:cpus is 4: choose a larger type, or reduce kotauth:cpus",
            ),
            (
                "databaseClass",
                "db.t9.huge",
                "is not offered for PostgreSQL 14.* in eu-central-1: choose another class (*)",
            ),
            (
                "zoneId",
                "Z9999999999",
                "is not a hosted zone of this account: choose one that `aws route53 list-hosted-zones` prints (*)",
            ),
        ],
    ),
    (
        {"hostImageId": HOST_IMAGE},
        [("instanceType", "t4g.gigantic", "is not an EC2 instance type of eu-central-1: choose another type (*)")],
    ),
    (
        {"instanceType": "t3.small"},
        [
            (
                "hostImageId",
                HOST_IMAGE,
                "is for arm64, but kotauth:instanceType t3.small needs x86_64: choose an image for x86_64, or another "
                "instance type",
            )
        ],
    ),
    (
        {
            "availabilityZones": "",
            "vpcId": "vpc-0123456789abcdef0",
            "publicSubnetIds": "subnet-00000000000000001,subnet-00000000000000002",
            "privateSubnetIds": "subnet-00000000000000003,subnet-00000000000000004",
            "isolatedSubnetIds": "subnet-00000000000000005,subnet-00000000000000006",
        },
        [
            *[("publicSubnetIds", f"subnet-0000000000000000{n}", NO_SUBNET) for n in (1, 2)],
            *[("privateSubnetIds", f"subnet-0000000000000000{n}", NO_SUBNET) for n in (3, 4)],
            *[("isolatedSubnetIds", f"subnet-0000000000000000{n}", NO_SUBNET) for n in (5, 6)],
            (
                "hostImageId",
                "ami-0000000000000000f",
                "is not a machine image of eu-central-1: choose an image of that region (*)",
            ),
        ],
    ),
    ({"zoneId": ""}, [("certificateArn", CERTIFICATE.format("eu-west-1"), OTHERS_REGION)]),
    (
        {"aws:region": "eu-west-1", "availabilityZones": "eu-central-1a,eu-central-1b"},
        [("availabilityZones", f"eu-central-1{zone}", OTHER_REGION) for zone in "ab"],
    ),
    (
        {"availabilityZones": "il-central-1a,il-central-1b"},
        [
            (
                "aws:region",
                "il-central-1",
                "does not exist or is not enabled for this account: enable it, or choose another region",
            )
        ],
    ),
]


@pytest.fixture(scope="module")
def refusals(
    tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None
) -> Iterator[tuple[AwsStack, list[Future[list[str]]]]]:
    """Yield the stack, and what each run prints."""
    with aws_stack(tmp_path_factory.mktemp("bad"), "prod") as stack, ThreadPoolExecutor(2) as previewing:
        bad = [{key: value for key, value, _ in rows} | settings for settings, rows in RUNS]
        yield stack, [previewing.submit(told, stack, settings) for settings in bad]
        previewing.shutdown(cancel_futures=True)


def told(stack: AwsStack, settings: dict[str, str]) -> list[str]:
    """Preview, and return the lines of the one error."""
    result = stack.previewed(**settings)
    assert result.code
    found = read(result)
    assert found["changeSummary"] in ({}, {"create": 1}), "more than the stack itself"
    errors = [each["message"] for each in found["diagnostics"] if each["severity"] == "error"]
    (error,) = [error for error in errors if "program exited with non-zero exit code" not in error]
    assert "Traceback" not in error
    return [line.strip() for line in error.removeprefix("error: ").strip().splitlines()]


def fits(line: str, key: str, value: str, rule: str) -> bool:
    """Whether a line is about this; `*` in a rule stands for what AWS says."""
    before, star, _ = rule.partition("*")
    whole = f'{key if ":" in key else f"kotauth:{key}"} = "{value}": {before}'
    return line.startswith(whole) and (bool(star) or line == whole)


@pytest.mark.parametrize(
    "run", range(len(RUNS)), ids=lambda run: ",".join(dict.fromkeys(key for key, *_ in RUNS[run][1]))
)
def test_each_bad_value_is_named_and_nothing_else(refusals: tuple[AwsStack, list[Future[list[str]]]], run: int) -> None:
    head, *lines = refusals[1][run].result()
    rows = RUNS[run][1]
    missing = [row for row in rows if not any(fits(line, *row) for line in lines)]
    assert not missing, lines
    assert len(lines) == len(rows), lines
    assert all(word not in head for word in ("error", "exception"))
    assert head.endswith(":")


def test_neither_previews_nor_an_up_make_anything(refusals: tuple[AwsStack, list[Future[list[str]]]]) -> None:
    stack, runs = refusals
    for run in runs:
        run.exception()
    assert not stack.done()
    assert not stack.resources()
    stack.configure(instanceType="t4g.nano")
    result = stack.up(check=False)
    assert result.code
    assert (
        f'kotauth:instanceType = "t4g.nano": has 512 MB of memory, but {NEEDED} need 1132 MB: {LARGER_MEMORY}'
        in result.output
    )
    assert not stack.done()
