"""The gate for pull requests: on somebody else's program, on our own, and where a plain pack would let one through."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.aws import StandIn, stand_in
from tests.engine.aws_stack import AwsStack, aws_stack
from tests.engine.gate import SCRIPT, SHOP, Gated, foreign, gate
from tests.project import Project

pytestmark = pytest.mark.engine

SHORT = SHOP.replace('"orders", retention_in_days=365', '"orders", retention_in_days=30')
ADVISORY = {"encrypt-logs@orders", "encrypt-logs@payments"}


@pytest.fixture(scope="module")
def aws(pulumi_engine: None) -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, aws: StandIn) -> Project:
    """Return somebody else's program, with nothing up."""
    return foreign(tmp_path_factory.mktemp("foreign") / "shop", aws)


def judged(project: Project, program: str, *arguments: str) -> Gated:
    """Run the gate on a program, with the copy of the pack that lies beside it."""
    (project.path / "__main__.py").write_text(program)
    return gate(project, "pull-request", *arguments, script=project.path / SCRIPT)


class TestForeignProgram:
    """Whoever has a stack of his own."""

    def test_one_that_keeps_the_rules_passes(self, shop: Project, aws: StandIn) -> None:
        result = judged(shop, SHOP)
        assert result.code == 0, result.output
        assert result.findings() == ADVISORY
        assert result.output.endswith("prod: preview: no mandatory rule is violated.\n")
        assert re.search("^  encrypt-logs +advisory +violated 2$", result.summary, re.MULTILINE)
        assert aws.operations == []

    def test_one_that_breaks_a_rule_is_refused(self, shop: Project, aws: StandIn) -> None:
        result = judged(shop, SHORT)
        assert result.code == 1, result.output
        assert result.findings() == {"keep-logs@orders", *ADVISORY}
        assert result.names("keep-logs")
        assert "prod: preview: a mandatory rule is violated" in result.summary
        assert [each["ruleId"] for each in result.sarif() if each["level"] == "error"] == ["keep-logs"]
        cases = ET.parse(result.reports / "preview.xml").iter("testcase")  # noqa: S314 - made here
        (failed,) = [str(case.get("name")) for case in cases if case.find("failure") is not None]
        assert failed.startswith("keep-logs ")
        assert aws.operations == []

    def test_other_levels(self, shop: Project, tmp_path: Path) -> None:
        levels = tmp_path / "levels.json"
        levels.write_text('{"encrypt-logs": "mandatory"}')
        result = judged(shop, SHOP, "--levels", str(levels))
        assert result.code == 1, result.output
        assert result.names("encrypt-logs")

    def test_one_that_cannot_be_judged_is_an_error_and_no_pass(self, shop: Project) -> None:
        judged(shop, SHOP)
        result = judged(shop, f"{SHOP}raise RuntimeError('out of paint')\n")
        assert result.code == 2, result.output
        assert "out of paint" in result.output
        assert "prod: preview: " in result.summary
        assert "Pulumi ended with 1" in result.summary
        assert "no mandatory rule is violated" not in result.summary

    def test_a_pack_that_does_not_load_leaves_no_report_of_an_earlier_run(self, shop: Project, tmp_path: Path) -> None:
        judged(shop, SHOP)
        levels = tmp_path / "levels.json"
        levels.write_text('{"keep-log": "mandatory"}')
        result = judged(shop, SHOP, "--levels", str(levels))
        assert result.code == 2, result.output
        assert "keep-log: no rule has this name, did you mean keep-logs?" in " ".join(result.output.split())
        assert "not every rule has judged" in result.summary
        assert list(result.reports.iterdir()) == []

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--stack", "nowhere"), "no stack named 'nowhere' found"),
            (("--stack", ""), "error: --stack is without a value"),
            (("--pack", "nowhere"), "error: --pack nowhere is not a folder"),
            (("--pack", "."), "is no policy pack: it has no PulumiPolicy.yaml"),
            (("--levels", "nowhere.json"), "error: --levels nowhere.json is not a file"),
            (("--program", "nowhere"), "error: --program nowhere is not a folder"),
            (("--refresh",), "error: --refresh is not an option; options for `pulumi preview` come after --"),
            (("--", "--no-such-flag"), "unknown flag: --no-such-flag"),
        ],
    )
    def test_what_is_not_there_is_named(self, shop: Project, arguments: tuple[str, ...], said: str) -> None:
        result = judged(shop, SHOP, *arguments)
        assert result.code == 2, result.output
        assert said in result.output

    def test_without_pulumi(self, shop: Project) -> None:
        result = gate(shop, "pull-request", PATH="/usr/bin:/bin")
        assert result.code == 2
        assert result.output == "error: pulumi is not on the PATH: https://www.pulumi.com/docs/install/\n"


FOREIGN_RESOURCES = """

import pulumi_aws as aws

aws.s3.Bucket("downloads")
aws.s3.BucketPublicAccessBlock("downloads", bucket="downloads", block_public_acls=False)
group = aws.ec2.SecurityGroup("debug", description="Debugging", vpc_id=VPC)
aws.vpc.SecurityGroupIngressRule(
    "debug", security_group_id=group.id, description="psql", ip_protocol="tcp", from_port=5432, to_port=5432,
    cidr_ipv4="0.0.0.0/0",
)
"""


class TestOurOwnProgram:
    """The committed stack prod, changed as its settings and its language allow."""

    @pytest.fixture(scope="class")
    def prod(self, tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[AwsStack]:
        with aws_stack(tmp_path_factory.mktemp("gate"), "prod") as stack:
            yield stack

    def test_settings_that_are_accepted(self, prod: AwsStack) -> None:
        prod.configure(databaseMultiAz="false", databaseBackupDays="3")
        result = gate(prod.project, "pull-request")
        prod.configure(databaseMultiAz="", databaseBackupDays="")
        assert result.code == 1, result.output
        database = "kotauth-database-instance"
        assert result.findings() == {f"replicate-database@{database}", f"back-up-database@{database}"}
        assert result.names("replicate-database", "back-up-database")
        assert prod.aws.operations == []

    def test_resources_that_somebody_adds(self, prod: AwsStack) -> None:
        main = prod.project.path / "__main__.py"
        ours = main.read_text()
        vpc = prod.aws.boto3("ec2").create_vpc(CidrBlock="10.80.0.0/16")["Vpc"]["VpcId"]
        main.write_text(ours + FOREIGN_RESOURCES.replace("VPC", f'"{vpc}"'))
        result = gate(prod.project, "pull-request")
        main.write_text(ours)
        assert result.code == 1, result.output
        assert {"block-public-buckets@downloads", "limit-world-ingress@debug"} <= result.findings()
        assert {finding.partition("@")[2] for finding in result.findings()} == {"downloads", "debug"}
        assert result.names("block-public-buckets", "limit-world-ingress")
        assert prod.aws.operations == []


UNKNOWN = """
import pulumi_aws as aws
import pulumi_random as random

days = random.RandomInteger("days", min=30, max=30)
aws.cloudwatch.LogGroup("orders", name="orders", retention_in_days=days.result)
"""
PLAIN_PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def keep_logs(args, report_violation):
    if args.resource_type == "aws:cloudwatch/logGroup:LogGroup" and args.props["retentionInDays"] < 365:
        report_violation("keep logs for a year")

rule = ResourceValidationPolicy("keep-logs", "Keep logs for a year.", keep_logs, EnforcementLevel.MANDATORY)
PolicyPack("plain", [rule])
"""


class TestUnknownValue:
    """A value that only an update makes known, and that breaks a rule then."""

    @pytest.fixture
    def project(self, tmp_path: Path, aws: StandIn) -> Project:
        return foreign(tmp_path / "shop", aws, UNKNOWN)

    def test_a_plain_pack_stops_in_the_middle_of_the_update(self, project: Project, tmp_path: Path) -> None:
        pack = tmp_path / "plain"
        pack.mkdir()
        (pack / "PulumiPolicy.yaml").write_text((project.path / "policy" / "PulumiPolicy.yaml").read_text())
        (pack / "__main__.py").write_text(PLAIN_PACK)
        (pack / "venv").symlink_to(sys.prefix)
        assert project.preview("--policy-pack", str(pack)).summary == {"create": 3}
        stopped = project.up("--policy-pack", str(pack), check=False)
        assert stopped.code
        assert "keep logs for a year" in stopped.output
        assert {"days"} == left_behind(project)

    def test_this_pack_refuses_the_preview(self, project: Project) -> None:
        result = gate(project, "pull-request")
        assert result.code == 1, result.output
        assert "keep-logs@orders" in result.findings()
        assert "cannot be judged at preview: property retentionInDays is unknown" in result.output
        assert result.names("keep-logs")
        assert left_behind(project) == set()


def left_behind(project: Project) -> set[str]:
    """Return what was made, by name."""
    resources = project.state()["deployment"].get("resources", [])
    return {each["urn"].rpartition("::")[2] for each in resources if not each["type"].startswith("pulumi:")}
