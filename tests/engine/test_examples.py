"""The examples as their users run them: the library under its own name, another team's network, the real engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simulators.aws import AwsSimulator, aws_simulator
from tests.engine.aws_stack import name_of
from tests.engine.example_project import copied_example, example_project
from tests.project import Project

pytestmark = pytest.mark.engine

Example = tuple[Project, AwsSimulator, dict[str, list[str]]]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[Example]:
    """Yield the example in a network that it didn't make, and the network's subnets by tier."""
    path = copied_example("database-in-your-vpc", tmp_path_factory.mktemp("examples"))
    with aws_simulator(program=path) as aws:
        project = example_project(path, aws.variables)
        ec2 = aws.boto3("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        tiers = {
            tier: [
                ec2.create_subnet(
                    VpcId=vpc, CidrBlock=f"10.1.{third + number}.0/24", AvailabilityZone=f"{ec2.meta.region_name}{zone}"
                )["Subnet"]["SubnetId"]
                for number, zone in enumerate("ab")
            ]
            for tier, third in (("isolated", 0), ("private", 10))
        }
        lists = {
            f"{tier}SubnetIds[{number}]": subnet
            for tier, subnets in tiers.items()
            for number, subnet in enumerate(subnets)
        }
        project.configure(vpcId=vpc, **lists)
        yield project, aws, {**tiers, "vpc": [vpc]}


@pytest.fixture(scope="module")
def steps(example: Example) -> list[dict[str, Any]]:
    """Return the steps of the first preview."""
    output = example[0].preview("--json").output
    return json.loads(output[output.index("{") :])["steps"]


@pytest.fixture(scope="module")
def outputs(example: Example, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Bring the example up and return its outputs."""
    example[0].up()
    return example[0].outputs()


def test_it_previews_and_makes_nothing_of_the_network(steps: list[dict[str, Any]]) -> None:
    assert {step["op"] for step in steps} == {"create"}
    made = {name_of(step["urn"]) for step in steps}
    assert {"Instance identity-instance", "Invocation identity-role-call", "Secret identity-password"} <= made
    network = ("Vpc ", "Subnet ", "RouteTable", "NatGateway", "InternetGateway")
    assert [name for name in made if name.startswith(network)] == []


def test_it_comes_up_where_it_was_told_to(example: Example, outputs: dict[str, Any]) -> None:
    _, aws, places = example
    (database,) = aws.boto3("rds").describe_db_instances()["DBInstances"]
    assert database["DBSubnetGroup"]["VpcId"] == places["vpc"][0]
    subnets = {subnet["SubnetIdentifier"] for subnet in database["DBSubnetGroup"]["Subnets"]}
    assert subnets == set(places["isolated"])
    assert outputs["host"] == database["Endpoint"]["Address"]
    assert (outputs["user"], outputs["passwordSecretVersion"]) == ("kotauth_a", "v1")
    (function,) = aws.boto3("lambda").list_functions()["Functions"]
    assert set(function["VpcConfig"]["SubnetIds"]) == set(places["private"])


def test_a_rotation_gives_the_other_login_a_password(example: Example, outputs: dict[str, Any]) -> None:
    project, aws, _ = example
    secrets, arn = aws.boto3("secretsmanager"), outputs["passwordSecretArn"]
    before = secrets.get_secret_value(SecretId=arn, VersionStage="v1")["SecretString"]
    project.configure(passwordVersion="2")
    since = len(aws.operations)
    project.up()
    # All else stays as the first `up` made it.
    assert {each.name for each in aws.operations[since:]} == {"identity-password-version", "identity-role-call"}
    rotated = project.outputs()
    assert (rotated["user"], rotated["passwordSecretVersion"]) == ("kotauth_b", "v2")
    # Servers of the time before still find theirs.
    assert secrets.get_secret_value(SecretId=arn, VersionStage="v1")["SecretString"] == before
    assert secrets.get_secret_value(SecretId=arn, VersionStage="v2")["SecretString"] != before
    (call,) = [each for each in aws.operations if each.operation == "invoke-function"][1:]
    assert json.loads(call.detail["input"])["login"] == "kotauth_b"
