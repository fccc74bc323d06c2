"""How a stack on AWS is taken down: not by accident, in two commands, and what is left then is what was said."""

from __future__ import annotations

from collections.abc import Iterator

import jmespath
import pytest

from cli import lifecycle, pulumi_command
from cli.stack import Stack
from tests.engine.aws_stack import DATABASE, AwsStack

pytestmark = pytest.mark.engine

GONE = [
    ("ec2", "describe_vpcs", "Vpcs[?!IsDefault].VpcId"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces[?starts_with(Description,'AWS Lambda')][]"),
    ("ec2", "describe_security_groups", "SecurityGroups[?GroupName!='default'].GroupId"),
    ("ec2", "describe_nat_gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
    ("ec2", "describe_addresses", "Addresses[].AllocationId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints[?State!='deleted'].VpcEndpointId"),
    ("ec2", "describe_flow_logs", "FlowLogs[].FlowLogId"),
    ("ec2", "describe_launch_templates", "LaunchTemplates[].LaunchTemplateId"),
    ("ec2", "describe_instances", "Reservations[].Instances[?State.Name!='terminated'][].InstanceId"),
    ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups[].AutoScalingGroupName"),
    ("elbv2", "describe_load_balancers", "LoadBalancers[].LoadBalancerName"),
    ("elbv2", "describe_target_groups", "TargetGroups[].TargetGroupName"),
    ("acm", "list_certificates", "CertificateSummaryList[].CertificateArn"),
    ("rds", "describe_db_instances", "DBInstances[].DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups[].DBSubnetGroupName"),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups[?starts_with(DBParameterGroupName,'kotauth')][]"),
    ("lambda", "list_functions", "Functions[].FunctionName"),
    ("logs", "describe_log_groups", "logGroups[].logGroupName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries[].DashboardName"),
    ("sns", "list_topics", "Topics[].TopicArn"),
    ("s3", "list_buckets", "Buckets[].Name"),
    ("iam", "list_roles", "Roles[?starts_with(RoleName,'kotauth')].RoleName"),
    ("iam", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName"),
    ("ssm", "describe_parameters", "Parameters[?starts_with(Name,'kotauth')].Name"),
]

WITH_THE_FUNCTION = [
    "Function kotauth-database-role",
    "SecurityGroup kotauth-database-role-function",
    "RolePolicy kotauth-database-role-rights",
    "Role kotauth-database-role-function",
]
"""In the order of their deletion."""


def left(stack: AwsStack) -> dict[str, list[str]]:
    """Return what is there, by what lists it."""
    everything = {
        f"{service} {call}": jmespath.search(names, getattr(stack.aws.boto3(service), call)())
        for service, call, names in GONE
    }
    return {what: names for what, names in everything.items() if names}


@pytest.fixture
def made(own_production: AwsStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsStack]:
    """Yield a stack prod as the one that `make` is called for."""
    monkeypatch.setattr(pulumi_command, "ROOT", own_production.project.path)
    for name, value in own_production.project.environment.items():
        monkeypatch.setenv(name, value)
    pulumi_command.engine_variables.cache_clear()
    yield own_production
    pulumi_command.engine_variables.cache_clear()


def test_destroy_refuses(made: AwsStack) -> None:
    before = len(made.resources())
    result = made.project.pulumi("destroy", "--yes", check=False)
    assert result.code
    assert "pulumi state unprotect" in result.output
    assert "kotauth-database-instance" in result.output
    assert not made.done()
    assert len(made.resources()) == before


def test_down_says_how_to_take_it_down(made: AwsStack) -> None:
    with pytest.raises(SystemExit) as refused:
        lifecycle.down(Stack("prod"))
    assert str(refused.value).splitlines()[2:] == [
        '  eval "$(make -s env)"',
        "  pulumi config set deletionProtection false --stack prod && pulumi up --stack prod",
        "  make purge STACK=prod",
    ]
    assert not made.done()


def test_purge_refuses_what_is_protected(made: AwsStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would delete the servers and fail at the database only, which AWS protects."""
    monkeypatch.setattr("builtins.input", lambda _: "prod")
    with pytest.raises(SystemExit) as refused:
        lifecycle.purge(Stack("prod"))
    assert '  eval "$(make -s env)"\n  pulumi config set deletionProtection false --stack prod' in str(refused.value)
    assert not made.done()


def test_the_two_commands_leave_what_they_say(
    made: AwsStack, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    aws = made.aws
    identifier = aws.boto3("rds").describe_db_instances()["DBInstances"][0]["DBInstanceIdentifier"]
    made.project.pulumi("config", "set", "deletionProtection", "false")
    made.up()
    assert {f"{each.operation} {each.name}" for each in made.done()} == {
        "update kotauth-access-logs",
        "update kotauth-server-host",
        "update kotauth",
        f"update {DATABASE.partition(' ')[2]}",
    }
    monkeypatch.setattr("builtins.input", lambda _: "prod")
    lifecycle.purge(Stack("prod"))
    said = capfd.readouterr().out
    deleted = [f"{each.type.rpartition(':')[2]} {each.name}" for each in made.done() if each.operation == "delete"]
    # Lambda removes the function's network interfaces with its role, and they hold the group until then.
    assert [each for each in deleted if each in WITH_THE_FUNCTION] == WITH_THE_FUNCTION
    assert said.endswith(lifecycle.LEFT_ON_AWS + "\n")
    assert "prod" not in made.project.pulumi("stack", "ls").output

    assert left(made) == {}
    snapshots = aws.boto3("rds").describe_db_snapshots()["DBSnapshots"]
    assert [each["DBSnapshotIdentifier"] for each in snapshots] == [f"{identifier}-final"]
    secrets = aws.boto3("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert {each["Name"].rpartition("-")[0] for each in secrets if "DeletedDate" in each} == {
        "kotauth-secret-key",
        "kotauth-admin-password",
        "kotauth-database-password",
        "kotauth-api-keys",
    }
    assert not [each["Name"] for each in secrets if "DeletedDate" not in each]
    keys = aws.boto3("kms")
    states = [keys.describe_key(KeyId=each["KeyId"])["KeyMetadata"] for each in keys.list_keys()["Keys"]]
    # One of AWS's own is there for disks; moto calls it a customer's.
    own = {each["Description"]: each["KeyState"] for each in states if not each["Description"].startswith("Default")}
    assert own == {
        # Without it the snapshot could not be read.
        "Encrypts the database kotauth-database": "Enabled",
        "Secrets of kotauth": "PendingDeletion",
        "Logs and alarms of kotauth": "PendingDeletion",
    }
    records = aws.boto3("route53")
    (zone,) = records.list_hosted_zones()["HostedZones"]
    kinds = {each["Type"] for each in records.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]}
    assert kinds == {"NS", "SOA"}
