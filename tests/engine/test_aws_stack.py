"""The committed stack prod on the real engine: what is made, in which order, and that nothing is left to do then."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest

from components.aws.deployment import AwsDeployment
from simulators.aws.kinds import table
from tests.engine.aws_stack import DATABASE, GATE_CALL, GROUP, AwsStack, read
from tests.engine.saved_stacks import SLOW

pytestmark = pytest.mark.engine

SECRET_OUTPUTS = {"adminPassword", "checklistApiKey"}
BEFORE_THE_GROUP = (
    DATABASE,
    "ListenerRule kotauth-public-name",
    "LoadBalancer kotauth",
    "CertificateValidation kotauth-certificate-issued",
    "Route kotauth-network-private-eu-central-1a-way-out",
    "Route kotauth-network-private-eu-central-1b-way-out",
    "Route kotauth-network-public-way-out",
    "RouteTableAssociation kotauth-network-private-eu-central-1a-routes-in-eu-central-1a",
    "RouteTableAssociation kotauth-network-private-eu-central-1b-routes-in-eu-central-1b",
    "VpcEndpoint kotauth-network-s3",
    "RolePolicy kotauth-server-rights",
    "InstanceProfile kotauth-server-profile",
    "Invocation kotauth-database-role-call",
    "SecretVersion kotauth-secret-key-version",
    "SecretVersion kotauth-database-password-version",
    "SecretVersion kotauth-admin-password-version",
    "SecretVersion kotauth-api-keys-version",
    "Parameter kotauth-server-boot",
    "BucketObjectv2 kotauth-server-*",
    "LogGroup kotauth-server-log",
    "SecurityGroupIngressRule kotauth-server-*",
    "SecurityGroupEgressRule kotauth-server-*",
    "SecurityGroupIngressRule kotauth-world-443",
)
"""What a host can't start without, or can't be reached without."""


def test_after_an_up_nothing_is_left_to_do(production: AwsStack) -> None:
    assert production.changes() == {}


def test_a_refresh_finds_what_was_made(production: AwsStack) -> None:
    made = len(production.resources())
    assert production.project.pulumi("refresh", "--yes", "--skip-preview").summary == {"unchanged": made - 2}
    # The two providers count as resources of the state, not of the program.
    assert production.up("--refresh").summary == {"unchanged": made - 2}


def test_the_outputs(production: AwsStack) -> None:
    outputs = production.project.outputs()
    shown = read(production.project.pulumi("stack", "output", "--json"))
    assert {name for name, value in shown.items() if value == "[secret]"} == SECRET_OUTPUTS
    assert len(outputs) == len(AwsDeployment.__annotations__)

    aws = production.aws
    (balancer,) = aws.boto3("elbv2").describe_load_balancers()["LoadBalancers"]
    (database,) = aws.boto3("rds").describe_db_instances()["DBInstances"]
    (board,) = aws.boto3("cloudwatch").list_dashboards()["DashboardEntries"]
    secrets = {each["ARN"]: each["Name"] for each in aws.boto3("secretsmanager").list_secrets()["SecretList"]}
    assert {name: outputs[name] for name in ("url", "adminUrl", "readyUrl", "loadBalancerName", "frontendAddress")} == {
        "url": "https://auth.example.org",
        "adminUrl": "https://auth.example.org/admin",
        "readyUrl": "https://auth.example.org/health/ready",
        "loadBalancerName": balancer["LoadBalancerName"],
        "frontendAddress": balancer["DNSName"],
    }
    assert outputs["databaseEndpoint"] == database["Endpoint"]["Address"]
    assert outputs["databaseUrl"] == (
        f"jdbc:postgresql://{database['Endpoint']['Address']}:5432/kotauth"
        "?tcpKeepAlive=true&sslmode=verify-full&sslrootcert=/run/config/database-ca.pem"
    )
    assert outputs["dashboardUrl"].endswith(f"#dashboards/dashboard/{board['DashboardName']}")
    assert outputs["dashboardUrl"].startswith("https://eu-central-1.console.aws.amazon.com/cloudwatch/")
    assert {file: secrets[arn].rpartition("-")[0] for file, arn in outputs["secretArns"].items()} == {
        "secret_key": "kotauth-secret-key",
        "admin_password": "kotauth-admin-password",
        "database_password": "kotauth-database-password",
        "api_keys.json": "kotauth-api-keys",
    }
    groups = aws.boto3("logs").describe_log_groups(logGroupNamePrefix=outputs["logGroup"])["logGroups"]
    assert [group["logGroupName"] for group in groups] == [outputs["logGroup"]]


def test_the_name_points_to_the_load_balancer(production: AwsStack) -> None:
    zones = production.aws.boto3("route53")
    (zone,) = zones.list_hosted_zones()["HostedZones"]
    records = zones.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    (alias,) = [each["AliasTarget"] for each in records if each["Name"] == "auth.example.org." and each["Type"] == "A"]
    assert alias["DNSName"].rstrip(".") == production.project.outputs()["frontendAddress"]


Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def resources(production: AwsStack) -> Resources:
    return production.resources()


def waited_for(resources: Resources, name: str) -> set[str]:
    """Return all that the engine makes before a resource: what it depends on, and what the components around it do."""
    short = {each["urn"]: name for name, each in resources.items()}
    found: set[str] = set()
    todo = [name]
    while todo:
        each = resources[todo.pop()]
        near = {short[urn] for urn in (*each.get("dependencies", ()), *filter(None, [each.get("parent")]))}
        todo += near - found
        found |= near
    return found


@pytest.mark.parametrize("needed", BEFORE_THE_GROUP)
def test_the_group_waits_for_what_its_host_needs(resources: Resources, needed: str) -> None:
    # The gate is a part of the server, and looks at the group.
    found = {name for name in resources if fnmatch.fnmatchcase(name, needed) and "-gate" not in name}
    assert found
    assert found <= waited_for(resources, GROUP)


def test_the_gate_looks_at_the_group_that_is_there(resources: Resources) -> None:
    assert GROUP in waited_for(resources, GATE_CALL)
    assert GATE_CALL not in waited_for(resources, GROUP)


def test_however_slow_they_are_the_group_comes_after_them(production: AwsStack) -> None:
    """The engine keeps to what its state says: each of these took a second longer than everything else."""
    created = [each for each in production.aws.operations if each.operation == "create"]
    slow = {
        pattern: [number for number, each in enumerate(created) if is_meant(pattern, each.type, each.name)]
        for pattern in SLOW["prod"]
    }
    assert all(slow.values())
    names = [f"{each.type.rpartition(':')[2]} {each.name}" for each in created]
    assert max(max(numbers) for numbers in slow.values()) < names.index(GROUP) < names.index(GATE_CALL)


def is_meant(pattern: str, *names: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def test_every_type_of_the_simulator_is_made_by_a_stack(production: AwsStack, staging: AwsStack) -> None:
    """So each type that the simulator knows is previewed, made, refreshed and deleted by the engine."""
    made = {each["type"] for stack in (production, staging) for each in stack.resources().values()}
    assert {token for token in table() if token not in made} == set()
