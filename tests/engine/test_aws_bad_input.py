"""What can't work on AWS is one clear line for each value at preview, several at once, and nothing is made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.engine.aws_stack import HOST_IMAGE, REGION, ZONE_ID, AwsStack, aws_stack, read

pytestmark = pytest.mark.engine

CERTIFICATE = "arn:aws:acm:{}:123456789012:certificate/12345678-1234-1234-1234-123456789012"
STORAGE = "must be storage in GB, a whole number from 20 to 65536 (RDS has no smaller and no larger gp3 volume)"
BACKUPS = (
    "must be days of backups, a whole number from 1 to 35 "
    "(RDS keeps 35 at most, and 0 would switch restores to a point in time off)"
)
RETENTION = (
    "must be days that CloudWatch Logs takes: "
    "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653"
)
ONLY_DOCKER = "is a setting of target docker, not of aws"
ONE_FOR_NOW = (
    "must be 1 for now: each server counts its rate limits alone, so two would let twice as many guesses through; "
    "a shared cache comes first"
)
TWO_SUBNETS = "must be two or more subnets, in different zones"
OTHERS_REGION = "is of another region than aws:region eu-central-1: a load balancer takes only its own region's"

Row = tuple[str, str, str]
RUNS: list[tuple[dict[str, str], list[Row]]] = [
    # Each run: what is set beside the bad values (or in their place, where a rule is about one of several), and these:
    # key, value, rule. First what a value can be judged by alone.
    (
        {},
        [
            ("vpcCidr", "10.64.0.0/33", "must be an IPv4 range such as 10.64.0.0/16 ('33' is not a valid netmask)"),
            (
                "availabilityZones",
                "eu-central-1a",
                "must be two or three zones: RDS wants subnets in two, also for a database in one (got 1)",
            ),
            ("replicas", "0", "must be 1: without a server nothing answers; `make purge` takes a stack down"),
            ("databaseStorage", "10", STORAGE),
            ("databaseBackupDays", "0", BACKUPS),
            ("logRetentionDays", "17", RETENTION),
            ("alarmErrors", "-1", "must be error lines in 5 minutes, a whole number from 1 to 1000000"),
            ("alarmFailedLogins", "0", "must be failed logins in 5 minutes, a whole number from 1 to 1000000"),
            ("alarmLatency", "-0.5", "must be seconds, a number from 0.1 to 60"),
            ("alarmEmail", "operations", "must be an e-mail address"),
            (
                "adminCidrs",
                "203.0.113.0/24,0.0.0.0/0",
                "must not be everybody: leave it empty to put no limit on the admin console",
            ),
            ("egressPorts", "465,587", "must contain 443: without it a host reaches neither AWS nor a registry"),
            ("natGateways", "none", "leaves the server in its private subnet without a way out"),
            ("instanceType", "huge", "must be an EC2 instance type such as t4g.small"),
            ("hostImageId", "ami-1", "must be an id such as ami-0123456789abcdef0"),
            ("databaseClass", "t4g.small", "must be an RDS instance class such as db.t4g.small"),
            ("zoneId", "example.org", "must be the id of a Route 53 hosted zone, such as Z0123456789ABC"),
            ("httpPort", "8080", ONLY_DOCKER),
        ],
    ),
    (
        {},
        [
            (
                "vpcCidr",
                "10.64.0.0/24",
                "must be between /16 and /22 (got /24): "
                "AWS takes no larger VPC, and a load balancer's subnets need /27, five bits below",
            ),
            ("availabilityZones", "eu-central-1a,eu-central-1a", "must name each zone once"),
            ("replicas", "2", ONE_FOR_NOW),
            ("databaseStorage", "twenty", STORAGE),
            ("databaseBackupDays", "99", BACKUPS),
            ("logRetentionDays", "0", RETENTION),
            ("alarmErrors", "many", "must be error lines in 5 minutes, a whole number from 1 to 1000000"),
            ("alarmEmail", "a@b@c", "must be an e-mail address"),
            (
                "adminCidrs",
                "203.0.113.7/24",
                "must be IPv4 networks such as 203.0.113.0/24 (203.0.113.7/24 has host bits set)",
            ),
            ("databaseMultiAz", "yes", "must be exactly true or false"),
            ("deletionProtection", "no", "must be exactly true or false"),
            ("frontend", "nginx", "must be exactly alb or caddy; nginx is not there yet"),
            (
                "certificateArn",
                "arn:aws:iam::123456789012:server-certificate/kotauth",
                "must be the ARN of an ACM certificate, arn:aws:acm:REGION:ACCOUNT:certificate/ID",
            ),
            ("certificates", "internal", ONLY_DOCKER),
        ],
    ),
    (
        {},
        [
            ("vpcCidr", "10.64.0.1/16", "must not have host bits: 10.64.0.0/16 is the range that holds it"),
            ("availabilityZones", "eu-west-1a,eu-central-1b", "must be zones of one region"),
            (
                "certificateArn",
                CERTIFICATE.format(REGION),
                "must be empty with kotauth:zoneId: the certificate is either brought or made in the zone",
            ),
            ("acmeEmail", "a@example.org", "is for frontend caddy; the ALB's certificate is ACM's"),
            (
                "databaseStorageLimit",
                "20",
                "must be at least a tenth over the storage, 20 GB (RDS's own rule)",
            ),
            ("baseUrl", "https://auth.example.org:8443", "must have no port: on AWS it is 443"),
        ],
    ),
    (
        {"frontend": "caddy", "acmeEmail": "", "availabilityZones": ""},
        [
            (
                "availabilityZones",
                "",
                "is required: two or three zones, such as eu-central-1a,eu-central-1b",
            ),
            ("acmeEmail", "", "is required with frontend caddy: the authority writes to it"),
            (
                "certificateArn",
                CERTIFICATE.format(REGION),
                "is for frontend alb; Caddy gets its certificate from the ACME authority",
            ),
        ],
    ),
    (
        {"vpcId": "vpc-0123456789abcdef0", "privateSubnetIds": "subnet-0123456789abcdef0"},
        [
            (
                "zoneId",
                "",
                "is required, or kotauth:certificateArn: the certificate is made in that Route 53 zone, or brought",
            ),
            ("publicSubnetIds", "", "is required with a network of one's own (kotauth:vpcId is set)"),
            ("privateSubnetIds", "subnet-0123456789abcdef0", TWO_SUBNETS),
            ("baseUrl", "https://localhost", "is a local name, which nobody certifies"),
        ],
    ),
    # And now what only AWS knows.
    (
        {"availabilityZones": "eu-central-1a,eu-central-1z", "poolSize": "40"},
        [
            (
                "availabilityZones",
                "eu-central-1z",
                "is not available, only eu-central-1a, eu-central-1b, eu-central-1c",
            ),
            ("instanceType", "t4g.nano", "has 512 MB, the containers and the host need 1132"),
            (
                "instanceType",
                "t4g.nano",
                "is not offered in eu-central-1z, only in eu-central-1a, eu-central-1b, eu-central-1c",
            ),
            ("databaseClass", "db.t4g.micro", "allows 112 connections, two generations of pools need 180"),
            (
                "baseUrl",
                "https://auth.example.com",
                f"does not lie in the hosted zone {ZONE_ID}, which is example.org",
            ),
        ],
    ),
    (
        {"cpus": "4", "memory": "2048"},
        [
            ("instanceType", "t4g.micro", "has 1024 MB, the containers and the host need 2668"),
            ("instanceType", "t4g.micro", "has 2 vCPU, the server wants 4"),
            ("databaseClass", "db.t9.huge", "is not offered for PostgreSQL 14.* in eu-central-1 (*)"),
            ("zoneId", "Z9999999999", "is no hosted zone of this account (*)"),
        ],
    ),
    ({"hostImageId": HOST_IMAGE}, [("instanceType", "t4g.gigantic", "is no EC2 instance type of eu-central-1 (*)")]),
    ({"instanceType": "t3.small"}, [("hostImageId", HOST_IMAGE, "is for arm64, but t3.small is x86_64")]),
    (
        {
            "availabilityZones": "",
            "vpcId": "vpc-0123456789abcdef0",
            "publicSubnetIds": "subnet-00000000000000001,subnet-00000000000000002",
            "privateSubnetIds": "subnet-00000000000000003,subnet-00000000000000004",
            "isolatedSubnetIds": "subnet-00000000000000005,subnet-00000000000000006",
        },
        [
            *[("publicSubnetIds", f"subnet-0000000000000000{n}", "is no subnet of eu-central-1 (*)") for n in (1, 2)],
            *[("privateSubnetIds", f"subnet-0000000000000000{n}", "is no subnet of eu-central-1 (*)") for n in (3, 4)],
            *[("isolatedSubnetIds", f"subnet-0000000000000000{n}", "is no subnet of eu-central-1 (*)") for n in (5, 6)],
            ("hostImageId", "ami-0000000000000000f", "is no machine image of eu-central-1 (*)"),
        ],
    ),
    ({"zoneId": ""}, [("certificateArn", CERTIFICATE.format("eu-west-1"), OTHERS_REGION)]),
    (
        {"aws:region": "eu-west-1", "availabilityZones": "eu-central-1a,eu-central-1b"},
        [
            ("availabilityZones", f"eu-central-1{zone}", "is not in the region of the stack, aws:region eu-west-1")
            for zone in "ab"
        ],
    ),
    (
        {"availabilityZones": "il-central-1a,il-central-1b"},
        [
            (
                "aws:region",
                "il-central-1",
                "is not enabled for this account, or no region: enable it, or choose another",
            )
        ],
    ),
]


@pytest.fixture(scope="module")
def refusals(
    tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None
) -> Iterator[tuple[AwsStack, list[Future[list[str]]]]]:
    """Yield the stack, and what each run is told."""
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


def test_nothing_was_made(refusals: tuple[AwsStack, list[Future[list[str]]]]) -> None:
    stack, runs = refusals
    for run in runs:
        run.exception()
    assert not stack.done()
    assert not stack.resources()


def test_an_up_makes_nothing_either(refusals: tuple[AwsStack, list[Future[list[str]]]]) -> None:
    stack, runs = refusals
    for run in runs:
        run.exception()
    stack.configure(instanceType="t4g.nano")
    result = stack.up(check=False)
    assert result.code
    assert 'kotauth:instanceType = "t4g.nano": has 512 MB, the containers and the host need 1132' in result.output
    assert not stack.done()
