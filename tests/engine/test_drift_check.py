"""The drift check: what was changed past Pulumi, what breaks a rule by now, and what can't be determined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.aws import AwsSimulator, aws_simulator
from tests.engine.aws_stack import AwsStack
from tests.engine.gate import Gated, foreign, gate
from tests.project import Project

pytestmark = pytest.mark.engine

NO_DRIFT = "prod: drift: none, what runs is what the program says."
DRIFT = "prod: drift: what runs is not what the program says;"
DEPLOYED = "prod: deployed: no mandatory rule is violated."


@pytest.fixture(scope="module")
def aws(pulumi_engine: None) -> Iterator[AwsSimulator]:
    with aws_simulator() as running:
        yield running


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, aws: AwsSimulator) -> Project:
    """Return the program of another team, up."""
    project = foreign(tmp_path_factory.mktemp("foreign") / "shop", aws)
    project.up()
    return project


def checked(project: Project, *arguments: str) -> Gated:
    """Run the check, which changes nothing."""
    before = project.state()
    result = gate(project, "drift", *arguments)
    assert project.state() == before
    return result


class TestForeignProgram:
    """A team with a stack of its own."""

    def test_nothing_drifted(self, shop: Project) -> None:
        result = checked(shop)
        assert result.code == 0, result.output
        assert NO_DRIFT in result.summary
        assert DEPLOYED in result.summary
        assert (
            result.findings("preview")
            == result.findings("deployed")
            == {
                "encrypt-logs@orders",
                "encrypt-logs@payments",
            }
        )

    def test_something_is_gone_while_a_rule_is_broken(self, shop: Project, aws: AwsSimulator, tmp_path: Path) -> None:
        logs = aws.boto3("logs")
        logs.delete_log_group(logGroupName="payments")
        levels = tmp_path / "levels.json"
        levels.write_text('{"encrypt-logs": "mandatory"}')
        result = checked(shop, "--levels", str(levels))
        logs.create_log_group(logGroupName="payments")

        # The violation decides how it ends, and doesn't hide the drift.
        assert result.code == 1, result.output
        assert "aws:cloudwatch:LogGroup payments create" in result.output
        assert DRIFT in result.summary
        for each in ("preview", "deployed"):
            assert f"prod: {each}: a mandatory rule is violated" in result.summary
        assert result.names("encrypt-logs")

    def test_aws_cannot_be_asked(self, shop: Project, aws: AwsSimulator) -> None:
        aws.fail("read", "payments", "AccessDenied: not allowed to look", times=None)
        result = checked(shop)
        aws.clear()
        assert result.code == 2, result.output
        assert "not allowed to look" in result.output
        assert "prod: preview: not every rule was evaluated. Pulumi ended with 1" in result.summary
        assert "prod: drift: not known. Pulumi ended with 1" in result.summary
        assert DEPLOYED in result.summary

    def test_a_pulumi_that_is_too_old(self, shop: Project, tmp_path: Path) -> None:
        old = tmp_path / "pulumi"
        old.write_text('#!/bin/sh\n[ "$1" = version ] && echo v3.100.0\n')
        old.chmod(0o755)
        result = gate(shop, "drift", PATH=f"{tmp_path}:/usr/bin:/bin")
        assert result.code == 2
        assert result.output.endswith("Pulumi 3.249 or newer, and this is v3.100.0\n")


def test_our_own_stack_with_a_database_and_a_security_group_changed_by_hand(production: AwsStack) -> None:
    """The committed stack prod, up: these two have drifted, and nothing else; both are put back."""
    rds, ec2 = production.aws.boto3("rds"), production.aws.boto3("ec2")
    resources = production.resources()
    database = resources["Instance kotauth-database-instance"]["inputs"]["identifier"]
    ingress = resources["SecurityGroupIngressRule kotauth-server-to-database-ingress"]
    (found,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[ingress["id"]])["SecurityGroupRules"]

    def keep(days: int, port: int) -> None:
        rds.modify_db_instance(DBInstanceIdentifier=database, BackupRetentionPeriod=days, ApplyImmediately=True)
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": 5432}
        rule["ReferencedGroupId"] = found["ReferencedGroupInfo"]["GroupId"]
        changes = [{"SecurityGroupRuleId": ingress["id"], "SecurityGroupRule": rule}]
        ec2.modify_security_group_rules(GroupId=found["GroupId"], SecurityGroupRules=changes)

    keep(days=3, port=1)
    try:
        result = checked(production.project)
    finally:
        keep(days=14, port=5432)
    assert result.code == 3, result.output
    assert DRIFT in result.summary
    drifted = set(re.findall(r"(aws:\S+ \S+ (?:create|update|replace|delete)(?: \[.*\])?)", result.output))
    assert drifted == {
        "aws:rds:Instance kotauth-database-instance update [diff: ~backupRetentionPeriod]",
        "aws:vpc:SecurityGroupIngressRule kotauth-server-to-database-ingress update [diff: ~fromPort]",
    }
    assert DEPLOYED in result.summary
    assert result.findings("deployed") == set()
