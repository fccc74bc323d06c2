"""What happens to an `up` that is refused, disturbed, or asked for everything at once."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from simulators.aws import Operation
from tests.engine.aws_stack import DATABASE, GROUP, AwsStack, aws_stack
from tests.engine.saved_stacks import SavedStacks
from tests.project import Result

pytestmark = pytest.mark.engine

REFUSED = {
    "kotauth-secret-key-version": "The KMS key is not in a state that allows it",
    "kotauth-https": "UnsupportedCertificate: the certificate is not valid yet",
    "kotauth-database-instance": "InsufficientDBInstanceCapacity: try another class or zone",
    "kotauth-database-role-call": "the function answered: the administrator's password is wrong",
    "aws:autoscaling/group:Group": "You've reached your quota for instances",
}
"""What fails once each, and what AWS says then."""


@dataclass
class Attempt:
    """An `up`, and what it did on AWS."""

    result: Result
    done: list[Operation]

    @property
    def created(self) -> list[str]:
        """What it made, by URN."""
        return [each.urn for each in self.done if each.operation == "create"]


@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[tuple[AwsStack, list[Attempt]]]:
    """Yield a stack prod that came up with difficulties, and the attempts that it took."""
    with aws_stack(tmp_path_factory.mktemp("born"), "prod") as stack:
        for match, message in REFUSED.items():
            stack.aws.fail_create(match, message)
        stack.aws.fail_activity("aws:autoscaling/group:Group")
        found: list[Attempt] = []
        while not found or (found[-1].result.code and len(found) <= len(REFUSED)):
            found.append(Attempt(stack.up(check=False), stack.done()))
        yield stack, found


@pytest.fixture(scope="module")
def attempts(born: tuple[AwsStack, list[Attempt]]) -> list[Attempt]:
    """Return the attempts from an empty account until nothing failed any more."""
    return born[1]


def test_each_failed_create_is_told(attempts: list[Attempt]) -> None:
    *failed, last = attempts
    assert len(failed) > 1
    assert not last.result.code, last.result.output
    for message in REFUSED.values():
        assert [attempt.result.code for attempt in failed if message in attempt.result.output] != []
    for attempt in failed:
        assert [message for message in REFUSED.values() if message in attempt.result.output]
        assert "Traceback" not in attempt.result.output


def test_the_next_up_goes_on_where_the_last_one_stopped(born: tuple[AwsStack, list[Attempt]]) -> None:
    stack, attempts = born
    created = Counter(urn for attempt in attempts for urn in attempt.created)
    assert set(created.values()) == {1}
    assert {each.operation for attempt in attempts for each in attempt.done} == {"create", "invoke-function"}
    assert stack.changes() == {}

    aws = stack.aws
    assert len(aws.boto3("rds").describe_db_instances()["DBInstances"]) == 1
    assert len(aws.boto3("elbv2").describe_load_balancers()["LoadBalancers"]) == 1
    assert len(aws.boto3("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]) == 1
    # The server's four, and RDS's own of its administrator.
    assert len(aws.boto3("secretsmanager").list_secrets()["SecretList"]) == 5


def test_no_server_starts_before_everything_that_it_needs(attempts: list[Attempt]) -> None:
    assert not [urn for attempt in attempts[:-1] for urn in attempt.created if urn.endswith(":Group::kotauth-server")]
    assert [urn for urn in attempts[-1].created if urn.endswith(":Group::kotauth-server")]


def test_a_launch_that_fails_at_first_ends_no_attempt(attempts: list[Attempt]) -> None:
    """The group tries again by itself; the time-out and the gate decide."""
    assert not [attempt for attempt in attempts if "scaling activity" in attempt.result.output]


def database(stack: AwsStack) -> dict[str, object]:
    (found,) = stack.aws.boto3("rds").describe_db_instances()["DBInstances"]
    return {
        name: found.get(name) for name in ("DbiResourceId", "DBInstanceIdentifier", "DBInstanceClass", "EngineVersion")
    }


class Rebuilt(NamedTuple):
    """A stack in which everything was changed that can be."""

    stack: AwsStack
    before: dict[str, object]
    """What the database was."""
    done: list[Operation]


@pytest.fixture(scope="module")
def rebuilt(saved_stacks: SavedStacks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rebuilt]:
    with saved_stacks.copy("prod", tmp_path_factory.mktemp("rebuilt")) as stack:
        before = database(stack)
        stack.configure(
            image="ghcr.io/inumansoul/kotauth:1.23.0",
            memory="1024",
            poolSize="20",
            instanceType="t4g.medium",
            databasePasswordVersion="2",
            databaseVersion="15",
            databaseClass="db.t4g.medium",
            databaseStorage="50",
            databaseBackupDays="30",
            databaseMultiAz="false",
            logRetentionDays="90",
            alarmEmail="night@example.org",
            alarmErrors="9",
            adminCidrs="203.0.113.0/24,198.51.100.7/32",
            natGateways="one",
        )
        stack.up()
        yield Rebuilt(stack, before, stack.done())


def test_everything_at_once_and_still_the_same_database(rebuilt: Rebuilt) -> None:
    stack, before, done = rebuilt
    assert database(stack) == {**before, "DBInstanceClass": "db.t4g.medium", "EngineVersion": "15"}
    assert [(each.operation, each.detail["changed"]) for each in done if each.name == "kotauth-database-instance"] == [
        (
            "update",
            [
                "allocatedStorage",
                "backupRetentionPeriod",
                "engineVersion",
                "instanceClass",
                "multiAz",
                "parameterGroupName",
            ],
        )
    ]
    assert [each.operation for each in done if each.name == "kotauth-server" and ":Group" in each.type] == [
        "create",
        "delete",
    ]
    assert stack.changes() == {}


def test_each_generation_of_servers_can_read_its_own_password(rebuilt: Rebuilt) -> None:
    """A rotation puts the new password beside the old one, under the label that the new servers ask for."""
    secrets = rebuilt.stack.aws.boto3("secretsmanager")
    arn = rebuilt.stack.project.outputs()["secretArns"]["database_password"]
    read = {label: secrets.get_secret_value(SecretId=arn, VersionStage=label)["SecretString"] for label in ("v1", "v2")}
    assert read["v1"] != read["v2"]
    assert read["v2"] == secrets.get_secret_value(SecretId=arn)["SecretString"]


def test_a_tag_reaches_everything_and_rolls_nothing(own_production: AwsStack) -> None:
    """A preview can't know that the template's version stays, so it announces new servers; the `up` makes none."""
    own_production.edit("__main__.py", "stack.inputs,", 'stack.inputs | {"tags": stack.label | {"cost-centre": "42"}},')
    assert own_production.changes()[GROUP] == "replace: launchTemplate, tags"
    own_production.up()
    done = own_production.done()
    assert {each.operation for each in done} == {"update"}
    tagged = {name for name, each in own_production.resources().items() if "tagsAll" in each.get("outputs", {})}
    assert len(tagged) > 80
    named = {f"{each.type.rpartition(':')[2]} {each.name}" for each in done}
    assert tagged | {GROUP} == named
    tags = own_production.resources()[DATABASE]["outputs"]["tags"]
    assert tags == {"kotauth.stack": "kotauth/prod", "cost-centre": "42"}


def test_a_minor_upgrade_by_rds_itself_is_no_change(own_production: AwsStack) -> None:
    """RDS puts newer minor versions on in the maintenance window; the program names the major one alone."""
    identifier = str(database(own_production)["DBInstanceIdentifier"])
    own_production.aws.boto3("rds").modify_db_instance(
        DBInstanceIdentifier=identifier, EngineVersion="14.19", ApplyImmediately=True
    )
    assert own_production.project.preview("--refresh").summary.keys() == {"unchanged"}


def test_two_at_once(own_production: AwsStack) -> None:
    """The second is told that the stack is locked, and changes nothing; the first ends as if it had been alone."""
    own_production.configure(alarmErrors="11", alarmFailedLogins="77")
    own_production.aws.slow("kotauth-watch-errors", 600)
    locks = own_production.project.path / ".pulumi-local" / "state" / ".pulumi" / "locks"
    command = ["pulumi", "--non-interactive", "up", "--yes", "--skip-preview"]
    with subprocess.Popen(
        command, cwd=own_production.project.path, env=own_production.project.environment, stdout=subprocess.DEVNULL
    ) as first:
        give_up = time.monotonic() + 300
        while not list(locks.rglob("*.json")) and time.monotonic() < give_up:
            time.sleep(0.05)
        second = own_production.up(check=False)
        assert first.poll() is None, "the first was through before the second began"
        own_production.aws.clear()
        first.wait(600)
    assert first.returncode == 0
    assert second.code
    assert "the stack is currently locked by 1 lock(s)" in second.output
    # Where the message is seen, so is the way out of it.
    assert "pulumi cancel" in second.output
    assert {each.name for each in own_production.done()} == {
        "kotauth-watch-errors",
        "kotauth-watch-failed-logins",
        "kotauth-watch",
    }
    assert own_production.changes() == {}
