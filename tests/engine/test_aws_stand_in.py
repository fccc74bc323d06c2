"""The stand-in for the AWS provider under the real engine: what a program of its own sees over its whole life."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.aws import Operation, StandIn, kinds, lingering, stand_in
from tests.project import ROOT, Project

pytestmark = pytest.mark.engine

PROGRAMS = Path(__file__).with_name("aws") / "programs"
ZONE = "Z0123456789ABCDEFGHIJ"
PASSWORD = "correct horse battery staple"
DATABASE = "aws:rds/instance:Instance"
Run = Callable[..., Project]


@pytest.fixture(scope="module")
def aws(pulumi_engine: None) -> Iterator[StandIn]:
    with stand_in() as running:
        running.hosted_zone("example.org", ZONE)
        yield running


@pytest.fixture
def make_project(tmp_path: Path, aws: StandIn) -> Iterator[Run]:
    """Makes a project of a program, with a stack that is destroyed at the end."""
    made: list[Project] = []

    def make(program: str, **settings: str) -> Project:
        path = tmp_path / f"project-{len(made)}"
        path.mkdir()
        options = "{toolchain: pip, virtualenv: .venv}"
        (path / "Pulumi.yaml").write_text(f"name: try\nruntime: {{name: python, options: {options}}}\n")
        (path / "__main__.py").write_text(program)
        (path / ".venv").symlink_to(ROOT / ".venv")
        project = Project(path, variables=aws.variables)
        project.pulumi("stack", "init", "test")
        project.configure(**{"aws:region": "eu-central-1"}, **settings)
        made.append(project)
        return project

    yield make
    aws.clear()
    for project in made:
        project.destroy(check=False)


def program(name: str) -> str:
    return (PROGRAMS / f"{name}.py").read_text()


def done(aws: StandIn, since: int) -> list[tuple[str, str]]:
    """Return what was done since then, as operation and name."""
    return [(each.operation, each.name) for each in aws.operations[since:]]


def state_of(project: Project) -> dict[str, dict[str, Any]]:
    """Return the resources of the state by name and type, without the providers."""
    found = project.state()["deployment"]["resources"]
    ours = [each for each in found if not each["type"].startswith("pulumi:providers:")]
    return {f"{each['urn'].rpartition('::')[2]} {each['type']}": each for each in ours}


def test_one_of_each_type(make_project: Run, aws: StandIn) -> None:
    project = make_project(program("everything"))
    project.pulumi("config", "set", "--secret", "password", PASSWORD)

    preview = project.preview()
    unknown = {line.split()[0].rstrip(":") for line in preview.output.splitlines() if "[unknown]" in line}
    assert {"vpcId", "endpoint", "result", "version", "targetGroup", "templateVersion", "stored"} <= unknown
    assert "roleName" not in unknown
    assert 'owner: "kotauth"' in preview.output

    before = len(aws.operations)
    assert project.up().summary["created"] == len(state_of(project))
    used = {each["type"] for each in project.state()["deployment"]["resources"] if each["type"].startswith("aws:")}
    assert used == set(kinds.table())
    outputs = project.outputs()
    assert outputs["endpoint"].endswith(".rds.amazonaws.com:5432")
    assert outputs["result"] == "{}"
    assert outputs["templateVersion"] == 1
    assert aws.boto3("ec2").describe_vpcs(VpcIds=[outputs["vpcId"]])["Vpcs"][0]["CidrBlock"] == "10.64.0.0/16"
    administrator = aws.boto3("secretsmanager").get_secret_value(SecretId=outputs["administratorSecret"])
    assert json.loads(administrator["SecretString"])["username"] == "kotauth_admin"

    # A secret of the configuration stays one in every property that it reaches.
    assert outputs["password"] == PASSWORD
    assert PASSWORD not in json.dumps(project.state())

    # Only the function was called, with what the program said.
    (call,) = [each for each in aws.operations[before:] if each.operation == "invoke-function"]
    assert json.loads(call.detail["input"]) == {"a": 1}

    project.preview("--expect-no-changes")
    again = project.up("--refresh")
    assert again.summary == {"unchanged": len(state_of(project))}

    project.destroy()
    vpcs = [each["VpcId"] for each in aws.boto3("ec2").describe_vpcs()["Vpcs"]]
    assert outputs["vpcId"] not in vpcs


class TestChanges:
    """One stack, changed step by step: what is updated, what is replaced, and in which order."""

    @pytest.fixture
    def project(self, make_project: Run) -> Project:
        project = make_project(program("changing"))
        project.up()
        return project

    def change(self, project: Project, aws: StandIn, **settings: str) -> list[tuple[str, str]]:
        """Change settings and return what that did."""
        project.configure(**settings)
        since = len(aws.operations)
        project.up()
        return done(aws, since)

    def test_step_by_step(self, project: Project, aws: StandIn) -> None:
        database = state_of(project)[f"database {DATABASE}"]

        settings = {"class": "db.t4g.medium", "engine": "17", "retention": "30", "port": "5433"}
        assert sorted(self.change(project, aws, **settings)) == [("update", "database"), ("update", "in")]
        (found,) = [
            each
            for each in aws.boto3("rds").describe_db_instances()["DBInstances"]
            if each["DBInstanceIdentifier"] == database["inputs"]["identifier"]
        ]
        assert (found["DBInstanceClass"], found["EngineVersion"], found["BackupRetentionPeriod"]) == (
            "db.t4g.medium",
            "17",
            30,
        )
        assert state_of(project)[f"database {DATABASE}"]["id"] == database["id"] == found["DbiResourceId"]

        # A new value is a new version; the old one is kept for those who still read it.
        assert self.change(project, aws, password="second", label="v2") == [("create", "version")]
        arn = state_of(project)["secret aws:secretsmanager/secret:Secret"]["id"]
        values = {
            stage: aws.boto3("secretsmanager").get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]
            for stage in ("v1", "v2", "AWSCURRENT")
        }
        assert values == {"v1": "first", "v2": "second", "AWSCURRENT": "second"}

        # The new group is there before the old one goes.
        assert self.change(project, aws, userData="2") == [
            ("update", "template"),
            ("create", "servers"),
            ("delete", "servers"),
        ]

        # Any change of the template makes its version unknown; where it stays the same, nothing is replaced.
        project.configure(tag="2")
        assert "replace" in project.preview().output
        assert set(self.change(project, aws)) == {("update", "database"), ("update", "template")}

        # Two with the same name can't exist; where the name is made, the new one comes first.
        operations = self.change(project, aws, description="Second")
        named = [operation for operation, name in operations if name == "named"]
        assert named == ["delete", "create"]
        unnamed = [operation for operation, name in operations if name == "unnamed"]
        assert unnamed == ["create", "delete"]
        assert ("update", "database") in operations
        project.preview("--expect-no-changes")

    def test_a_group_that_never_gets_healthy(self, project: Project, aws: StandIn) -> None:
        old = state_of(project)["servers aws:autoscaling/group:Group"]["id"]
        aws.never_healthy("servers")
        project.configure(userData="2")
        failed = project.up(check=False)
        assert failed.code != 0
        assert "waiting for Auto Scaling Group capacity satisfied: timeout" in failed.output
        assert "timeout: 15m" in failed.output
        groups = [each for each in project.state()["deployment"]["resources"] if "autoscaling/group" in each["type"]]
        assert sorted(bool(each.get("delete")) for each in groups) == [False, True]
        (new,) = [each for each in groups if not each.get("delete")]
        assert new["initErrors"]
        names = [
            each["AutoScalingGroupName"]
            for each in aws.boto3("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        ]
        assert {old, new["id"]} <= set(names)

        # The provider waits only when it makes a group: the next run believes it, and takes the old one away.
        since = len(aws.operations)
        project.up()
        assert done(aws, since) == [("update", "servers"), ("delete", "servers")]
        assert "initErrors" not in state_of(project)["servers aws:autoscaling/group:Group"]


TWO = """\
import pulumi_aws as aws
topic = aws.sns.Topic("topic")
aws.ssm.Parameter("parameter", type="String", value=topic.arn)
"""


def test_a_creation_that_fails_is_done_by_the_next_run(make_project: Run, aws: StandIn) -> None:
    project = make_project(TWO)
    aws.fail_create("aws:ssm/parameter:*", "ParameterLimitExceeded: too many")
    failed = project.up(check=False)
    assert failed.code != 0
    assert "create parameter: ParameterLimitExceeded: too many" in failed.output
    since = len(aws.operations)
    project.up()
    assert done(aws, since) == [("create", "parameter")]


def test_a_throttled_call_is_tried_again(make_project: Run, aws: StandIn) -> None:
    project = make_project(TWO)
    aws.throttle("ssm", "PutParameter", times=2)
    project.up()
    assert "parameter aws:ssm/parameter:Parameter" in state_of(project)
    aws.throttle("secretsmanager")
    with pytest.raises(Exception, match="Rate exceeded"):
        aws.boto3("secretsmanager").list_secrets()


def test_slowness(make_project: Run, aws: StandIn) -> None:
    project = make_project(TWO)
    aws.slow("topic", 3)
    begin = time.monotonic()
    project.up()
    assert time.monotonic() - begin > 3


def test_what_is_gone_is_made_again(make_project: Run, aws: StandIn) -> None:
    project = make_project(TWO)
    project.up()
    name = state_of(project)["parameter aws:ssm/parameter:Parameter"]["id"]
    aws.boto3("ssm").delete_parameter(Name=name)
    since = len(aws.operations)
    project.up("--refresh")
    assert done(aws, since) == [("create", "parameter")]


def test_providers_of_their_own(make_project: Run, aws: StandIn) -> None:
    project = make_project("""\
import pulumi
import pulumi_aws as aws
paris = aws.Provider("paris", region="eu-west-3", default_tags={"tags": {"by": "provider"}})
topic = aws.sns.Topic("topic", tags={"of": "topic"}, opts=pulumi.ResourceOptions(provider=paris))
here = aws.sns.Topic("here")
pulumi.export("arns", [topic.arn, here.arn])
pulumi.export("tags", topic.tags_all)
pulumi.export("there", aws.get_region_output(opts=pulumi.InvokeOutputOptions(provider=paris)).region)
""")
    project.up()
    outputs = project.outputs()
    assert [arn.split(":")[3] for arn in outputs["arns"]] == ["eu-west-3", "eu-central-1"]
    assert outputs["tags"] == {"by": "provider", "of": "topic"}
    assert outputs["there"] == "eu-west-3"
    assert outputs["arns"][0] in [each["TopicArn"] for each in aws.boto3("sns", "eu-west-3").list_topics()["Topics"]]


FUNCTION = """\
import json
import pulumi
import pulumi_aws as aws
role = aws.iam.Role("role", assume_role_policy={"Version": "2012-10-17", "Statement": []})
function = aws.lambda_.Function(
    "database-role", runtime="python3.12", handler="a.b", role=role.arn,
    code=pulumi.AssetArchive({"a.py": pulumi.StringAsset("pass")}))
call = aws.lambda_.Invocation("call", function_name=function.name, input=json.dumps({"version": 3}))
pulumi.export("login", call.result.apply(lambda result: json.loads(result)["login"]))
"""


def test_the_test_says_what_a_function_answers(make_project: Run, aws: StandIn) -> None:
    project = make_project(FUNCTION)
    aws.invoke_result("database-role", error='{"errorMessage": "the administrator\'s password is refused"}')
    failed = project.up(check=False)
    assert failed.code != 0
    assert "the administrator's password is refused" in failed.output

    asked: list[tuple[str, Any]] = []

    def answer(function: str, payload: Any) -> Any:
        asked.append((function, payload))
        return {"login": f"kotauth_{payload['version']}"}

    aws.invoke_with("database-role", answer)
    project.up()
    assert project.outputs()["login"] == "kotauth_3"
    ((function, payload),) = asked
    assert function.startswith("database-role-")
    assert payload == {"version": 3}


def test_how_a_mistake_looks_to_a_user(make_project: Run) -> None:
    project = make_project("""\
import pulumi_aws as aws
aws.ec2.LaunchTemplate("template", metadata_options={"httpTokens": "required", "hopLimit": 1})
""")
    refused = project.preview(check=False)
    assert refused.code != 0
    assert (
        "aws:ec2/launchTemplate:LaunchTemplate resource 'template' has a problem: "
        "metadataOptions.hopLimit is not a property"
    ) in refused.output


PACK = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ReportViolation, ResourceValidationPolicy

def names(args, report: ReportViolation) -> None:
    if args.resource_type == "aws:sns/topic:Topic":
        report(f"{args.props['name'].partition('-')[0]} is looked at")

PolicyPack("pack", policies=[ResourceValidationPolicy(
    name="names", description="Names.", validate=names, enforcement_level=EnforcementLevel.MANDATORY)])
"""


def test_a_policy_pack_sees_made_names_at_preview(make_project: Run, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: {name: python, options: {toolchain: pip, virtualenv: venv}}\n")
    (pack / "__main__.py").write_text(PACK)
    (pack / "venv").symlink_to(ROOT / ".venv")
    refused = make_project(TWO).preview("--policy-pack", str(pack), check=False)
    assert refused.code != 0
    assert "topic is looked at" in refused.output


@pytest.mark.parametrize("how", ["end of input", "signal"])
def test_the_process_goes_when_its_owner_does(how: str) -> None:
    with stand_in() as running:
        process: subprocess.Popen[str] = running._process
        if how == "signal":
            process.send_signal(signal.SIGTERM)
        else:
            assert process.stdin
            process.stdin.close()
        assert process.wait(10) == 0


def test_operations_say_who_and_what(make_project: Run, aws: StandIn) -> None:
    since = len(aws.operations)
    make_project(TWO).up()
    topic, parameter = aws.operations[since:]
    assert isinstance(topic, Operation)
    assert (topic.operation, topic.type, topic.name) == ("create", "aws:sns/topic:Topic", "topic")
    assert parameter.detail["inputs"]["value"] == topic.detail["id"]


def test_lambda_removes_an_interface_while_another_policy_of_its_role_goes() -> None:
    def get_role_policy(RoleName: str, PolicyName: str) -> Any:  # noqa: N803 - boto3's names
        if PolicyName == "rights":
            raise ClientError({"Error": {"Code": "NoSuchEntity"}}, "GetRolePolicy")
        return {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": ["ec2:DeleteNetworkInterface"]}]}}

    iam = SimpleNamespace(
        list_role_policies=lambda RoleName: {"PolicyNames": ["rights", "clean-up"]},  # noqa: N803
        get_role_policy=get_role_policy,
    )
    removed: list[str] = []
    ec2 = SimpleNamespace(
        describe_network_interfaces=lambda Filters: {  # noqa: N803
            "NetworkInterfaces": [{"Description": "AWS Lambda VPC ENI-role", "NetworkInterfaceId": "eni-1"}]
        },
        delete_network_interface=lambda **named: removed.extend(named.values()),
    )
    call: Any = SimpleNamespace(id="subnet-1", client=ec2, of_aws=lambda service: iam)
    lingering.remove(call, "subnet-id")
    assert removed == ["eni-1"]
