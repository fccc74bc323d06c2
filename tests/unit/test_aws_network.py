"""The network: what is reachable from where, and what is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from components.aws.network.network import AwsNetwork, AwsNetworkArgs
from components.inputs.error import InvalidInputError
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.aws_outputs import arn
from tests.unit.recording import Declared, declare

ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]


def made(**args: Any) -> Declared:
    given: AwsNetworkArgs = {"zones": ZONES[:2], "tags": TAGS, **args}  # pyright: ignore[reportAssignmentType]

    return declare(lambda: AwsNetwork("net", given))


def routes(declared: Declared) -> dict[str, str]:
    """Return the way out of each subnet, for subnets that have one."""
    ways = {r.inputs["routeTableId"]: r for r in declared.of_type(":Route")}
    assert {way.inputs["destinationCidrBlock"] for way in ways.values()} == {"0.0.0.0/0"}
    return {
        at.inputs["subnetId"]: ways[at.inputs["routeTableId"]].inputs.get("gatewayId")
        or ways[at.inputs["routeTableId"]].inputs["natGatewayId"]
        for at in declared.of_type(":RouteTableAssociation")
        if at.inputs["routeTableId"] in ways
    }


@pytest.fixture(scope="module")
def usual() -> Declared:
    return made()


def test_the_outputs(usual: Declared) -> None:
    assert usual.outputs == {
        "vpc_id": "net-id",
        "public_subnet_ids": ["net-public-eu-central-1a-id", "net-public-eu-central-1b-id"],
        "private_subnet_ids": ["net-private-eu-central-1a-id", "net-private-eu-central-1b-id"],
        "isolated_subnet_ids": ["net-isolated-eu-central-1a-id", "net-isolated-eu-central-1b-id"],
        "public_cidrs": ["10.64.192.0/21", "10.64.200.0/21"],
        "private_cidrs": ["10.64.0.0/18", "10.64.64.0/18"],
        "nat_gateway_ids": ["net-nat-eu-central-1a-id", "net-nat-eu-central-1b-id"],
    }
    assert usual.component_outputs["kotauth:index:AwsNetwork", "net"] == set(usual.outputs)


def test_hosts_have_names(usual: Declared) -> None:
    vpc = usual.named("net", ":Vpc")
    assert vpc.inputs["cidrBlock"] == "10.64.0.0/16"
    assert vpc.inputs["enableDnsHostnames"] is vpc.inputs["enableDnsSupport"] is True


def test_every_subnet_lies_in_its_zone_and_hands_out_no_public_address(usual: Declared) -> None:
    subnets = {r.name: r.inputs for r in usual.of_type(":Subnet")}
    assert len(subnets) == 6
    for name, inputs in subnets.items():
        assert name == f"net-{inputs['tags']['Tier']}-{inputs['availabilityZone']}" == inputs["tags"]["Name"]
        assert inputs["mapPublicIpOnLaunch"] is False


def test_every_zone_has_its_own_way_out_and_the_isolated_tier_has_none(usual: Declared) -> None:
    assert routes(usual) == {
        "net-public-eu-central-1a-id": "net-internet-id",
        "net-public-eu-central-1b-id": "net-internet-id",
        "net-private-eu-central-1a-id": "net-nat-eu-central-1a-id",
        "net-private-eu-central-1b-id": "net-nat-eu-central-1b-id",
    }
    assert {r.name: r.inputs["subnetId"] for r in usual.of_type(":NatGateway")} == {
        "net-nat-eu-central-1a": "net-public-eu-central-1a-id",
        "net-nat-eu-central-1b": "net-public-eu-central-1b-id",
    }
    # Subnets without a table of their own would share the VPC's main one.
    assert len(usual.of_type(":RouteTableAssociation")) == 6


def test_one_gateway_serves_all_zones_where_that_is_asked_for() -> None:
    declared = made(zones=ZONES, nat_gateways="one")
    private = {subnet: way for subnet, way in routes(declared).items() if subnet.startswith("net-private")}
    assert len(private) == 3
    assert set(private.values()) == {"net-nat-eu-central-1a-id"}
    assert len(declared.of_type(":Eip")) == 1


def test_without_a_gateway_only_aws_is_reached() -> None:
    declared = made(nat_gateways="none")
    assert not [subnet for subnet in routes(declared) if not subnet.startswith("net-public")]
    assert declared.of_type(":NatGateway") == declared.of_type(":Eip") == []
    endpoint = declared.named("net-secrets")
    assert endpoint.inputs["serviceName"] == "com.amazonaws.eu-central-1.secretsmanager"
    assert endpoint.inputs["privateDnsEnabled"] is True
    assert endpoint.inputs["subnetIds"] == declared.outputs["private_subnet_ids"][:1]
    (statement,) = statements(endpoint)
    account = {"aws:PrincipalAccount": "111122223333", "aws:ResourceAccount": "111122223333"}
    assert statement["Condition"] == {"StringEquals": account}
    # Its private name is every subnet's, so the public ones are let in, too.
    (way_in,) = declared.of_type(":SecurityGroupIngressRule")
    assert {name: way_in.inputs[name] for name in ("cidrIpv4", "fromPort", "toPort", "ipProtocol")} == {
        "cidrIpv4": declared.named("net", ":Vpc").inputs["cidrBlock"],
        "fromPort": 443,
        "toPort": 443,
        "ipProtocol": "tcp",
    }
    assert [r.name for r in [way_in, *declared.of_type(":SecurityGroup")] if not r.inputs["description"]] == []


def test_s3_passes_no_gateway_and_no_foreign_bucket(usual: Declared) -> None:
    endpoint = usual.named("net-s3")
    assert endpoint.inputs["vpcEndpointType"] == "Gateway"
    assert endpoint.inputs["serviceName"] == "com.amazonaws.eu-central-1.s3"
    tables = {f"net-private-{zone}-routes-id" for zone in ZONES[:2]}
    assert set(endpoint.inputs["routeTableIds"]) == tables
    own, layers = statements(endpoint)
    assert own["Condition"] == {"StringEquals": {"aws:ResourceAccount": "111122223333"}}
    assert own["Action"] == ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation"]
    assert layers["Action"] == "s3:GetObject"
    assert layers["Resource"] == "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"


def test_the_default_security_group_is_closed(usual: Declared) -> None:
    group = usual.named("net-closed")
    assert group.inputs["vpcId"] == "net-id"
    assert not {"ingress", "egress"} & set(group.inputs)


def test_all_traffic_is_recorded_encrypted_for_a_year(usual: Declared) -> None:
    record = usual.named("net-flow-log")
    group = usual.named("net-flow-log-group")
    assert record.inputs["trafficType"] == "ALL"
    assert record.inputs["vpcId"] == "net-id"
    assert record.inputs["logDestination"] == arn("logs", "log-group:net-flow-log-group-0c0ffee")
    # Without the rights, the log stays empty and says nothing.
    assert "net-flow-log-policy" in record.dependencies
    assert group.inputs["retentionInDays"] == 365
    assert group.inputs["kmsKeyId"] == arn("kms", "key/net-flow-log-key-id")
    assert [s["Sid"] for s in statements(usual.named("net-flow-log-key"))] == ["Account", "Logs"]


def test_the_recorder_writes_to_its_own_group_and_serves_this_account(usual: Declared) -> None:
    writes, look_up = statements(usual.named("net-flow-log-policy"))
    assert writes["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    assert writes["Resource"] == arn("logs", "log-group:net-flow-log-group-0c0ffee:*")
    assert (look_up["Action"], look_up["Resource"]) == ("logs:DescribeLogGroups", "*")
    (trust,) = statements(usual.named("net-flow-log-role"), "assumeRolePolicy")
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": arn("ec2", "vpc-flow-log/*")},
    }


def test_a_key_and_a_retention_may_be_given() -> None:
    given = arn("kms", "key/given")
    declared = made(kms_key_arn=given, flow_log_retention_days=30)
    assert declared.of_type(":Key") == []
    group = declared.named("net-flow-log-group")
    assert (group.inputs["kmsKeyId"], group.inputs["retentionInDays"]) == (given, 30)


@pytest.mark.parametrize("nat_gateways", ["per-zone", "one", "none"])
def test_tags_reach_everything(nat_gateways: str) -> None:
    assert untagged(made(nat_gateways=nat_gateways)) == []


@pytest.mark.parametrize("nat_gateways", ["per-zone", "none"])
def test_no_name_twice(nat_gateways: str) -> None:
    names = [r.name for r in made(zones=ZONES, nat_gateways=nat_gateways).resources if not r.is_component]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("args", "rule"),
    [
        ({"cidr": "10.64.0.0/24"}, 'cidr = "10.64.0.0/24": must be between /16 and /22 (got /24)'),
        ({"cidr": "10.64.0.1/16"}, 'cidr = "10.64.0.1/16": must not have host bits'),
        ({"zones": ["eu-central-1a"]}, "must be two or three zones: RDS requires subnets in two zones"),
        ({"zones": []}, "(got 0)"),
        ({"nat_gateways": "two"}, 'nat_gateways = "two": must be exactly per-zone or one or none'),
    ],
)
def test_bad_input(args: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        AwsNetwork("net", {"zones": ZONES, **args})  # pyright: ignore[reportArgumentType]
    assert rule in str(error.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InvalidInputError, match=r"^3 values of AwsNetwork net are not valid"):
        AwsNetwork("net", {"zones": ["x"], "cidr": "x", "nat_gateways": "x"})
