"""The gate for pull requests: on another team's program, on our own, and on what only an update makes known."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.aws import AwsSimulator, aws_simulator
from tests.engine.aws_stack import aws_stack
from tests.engine.gate import SCRIPT, SHOP, Gated, foreign, gate
from tests.project import Project

pytestmark = pytest.mark.engine

SHORT = SHOP.replace('"orders", retention_in_days=365', '"orders", retention_in_days=30')
REPORT = "preview.json"
ADVISORY = {"encrypt-logs@orders", "encrypt-logs@payments"}


@pytest.fixture(scope="module")
def aws(pulumi_engine: None) -> Iterator[AwsSimulator]:
    with aws_simulator() as running:
        yield running


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, aws: AwsSimulator) -> Project:
    """Return the program of another team, with nothing up."""
    return foreign(tmp_path_factory.mktemp("foreign") / "shop", aws)


@pytest.fixture(scope="module")
def passed(shop: Project) -> tuple[Gated, str]:
    """Return the gate on the program as it is, and the report of that run."""
    result = judged(shop, SHOP)
    return result, (result.reports / REPORT).read_text()


@pytest.fixture
def earlier(shop: Project, passed: tuple[Gated, str]) -> None:
    """Leave the report of a run that passed, as the last run would."""
    result, report = passed
    result.reports.mkdir(exist_ok=True)
    (result.reports / REPORT).write_text(report)


def judged(project: Project, program: str, *arguments: str) -> Gated:
    """Run the gate on a program, with the copy of the pack that lies beside it."""
    (project.path / "__main__.py").write_text(program)
    return gate(project, "pull-request", *arguments, script=project.path / SCRIPT)


class TestForeignProgram:
    """A team with a stack of its own."""

    @pytest.mark.usefixtures("earlier")
    def test_one_that_keeps_the_rules_passes(self, passed: tuple[Gated, str], aws: AwsSimulator) -> None:
        result, _ = passed
        assert result.code == 0, result.output
        assert result.findings() == ADVISORY
        assert result.output.endswith("prod: preview: no mandatory rule is violated.\n")
        assert re.search("^  encrypt-logs +advisory +violated 2$", result.summary, re.MULTILINE)
        assert aws.operations == []

    def test_one_that_breaks_a_rule_is_refused(self, shop: Project, aws: AwsSimulator) -> None:
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

    @pytest.mark.usefixtures("earlier")
    def test_one_that_cannot_be_judged_is_an_error_and_no_pass(self, shop: Project) -> None:
        result = judged(shop, f"{SHOP}raise RuntimeError('out of paint')\n")
        assert result.code == 2, result.output
        assert "out of paint" in result.output
        assert "prod: preview: " in result.summary
        assert "Pulumi ended with 1" in result.summary
        assert "no mandatory rule is violated" not in result.summary

    @pytest.mark.usefixtures("earlier")
    def test_a_pack_that_does_not_load_leaves_no_report_of_an_earlier_run(self, shop: Project, tmp_path: Path) -> None:
        levels = tmp_path / "levels.json"
        levels.write_text('{"keep-log": "mandatory"}')
        result = judged(shop, SHOP, "--levels", str(levels))
        assert result.code == 2, result.output
        assert "keep-log: no rule has this name, did you mean keep-logs?" in " ".join(result.output.split())
        assert "not every rule was evaluated" in result.summary
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


def test_our_own_program_with_settings_and_resources_of_another_team(tmp_path: Path, pulumi_engine: None) -> None:
    """The committed stack prod, changed as its settings and its language allow."""
    with aws_stack(tmp_path, "prod") as prod:
        prod.configure(databaseMultiAz="false", databaseBackupDays="3")
        vpc = prod.aws.boto3("ec2").create_vpc(CidrBlock="10.80.0.0/16")["Vpc"]["VpcId"]
        with (prod.project.path / "__main__.py").open("a") as main:
            main.write(FOREIGN_RESOURCES.replace("VPC", f'"{vpc}"'))
        result = gate(prod.project, "pull-request")
        assert result.code == 1, result.output
        theirs = {each for each in result.findings() if each.partition("@")[2] in ("downloads", "debug")}
        assert {"block-public-buckets@downloads", "limit-world-ingress@debug"} <= theirs
        database = "kotauth-database-instance"
        assert result.findings() - theirs == {f"replicate-database@{database}", f"back-up-database@{database}"}
        assert result.names("replicate-database", "back-up-database", "block-public-buckets", "limit-world-ingress")
        assert prod.aws.operations == []


UNKNOWN = """
import pulumi_aws as aws
import pulumi_random as random

days = random.RandomInteger("days", min=30, max=30)
aws.cloudwatch.LogGroup("orders", name="orders", retention_in_days=days.result)
"""


def test_a_value_that_only_an_update_makes_known_is_refused_before_it(tmp_path: Path, aws: AwsSimulator) -> None:
    """A pack that waits for the value stops in the middle of the update, with a part of the program made."""
    project = foreign(tmp_path / "shop", aws, UNKNOWN)
    result = gate(project, "pull-request")
    assert result.code == 1, result.output
    assert "keep-logs@orders" in result.findings()
    assert "cannot be evaluated at preview: property retentionInDays is unknown" in result.output
    assert result.names("keep-logs")
    assert [each["type"] for each in project.state()["deployment"].get("resources", [])] == []
