"""What the simulator of the AWS provider promises and the stacks rely on, over the provider's real protocol.

Mistakes in a whole stack, and which layer finds each, are in tests/engine/test_aws_planted_mistakes.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from simulators.aws import AwsSimulator, aws_simulator
from simulators.aws.schema import wire

pytestmark = pytest.mark.engine

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
DATABASE = "aws:rds/instance:Instance"
FUNCTION = "aws:lambda/function:Function"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"
ROLE = "aws:iam/role:Role"
RIGHTS = "aws:iam/rolePolicy:RolePolicy"
TRUST = '{"Version": "2012-10-17", "Statement": []}'
HOST_IMAGE = "ami-0123456789abcdef0"
SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


class Provider:
    """The simulator, spoken to as the engine would."""

    def __init__(self, aws: AwsSimulator) -> None:
        self.aws = aws
        self.role = self.create(ROLE, assumeRolePolicy=TRUST)
        self.vpc = self.create(VPC, cidrBlock="10.64.0.0/16")
        self.subnets = [
            self.create(SUBNET, vpcId=self.vpc, cidrBlock=f"10.64.{row}.0/24", availabilityZone=f"eu-central-1{zone}")
            for row, zone in enumerate("ab")
        ]

    def check(self, token: str, inputs: dict[str, Any], name: str = "it") -> tuple[dict[str, Any], list[str]]:
        """Return the checked inputs and what is wrong with them."""
        request = provider_pb2.CheckRequest(urn=urn(token, name), news=wire.write(inputs))
        answer = self.aws.provider.Check(request)
        return wire.read(answer.inputs), [failure.reason for failure in answer.failures]

    def make(self, token: str, *, preview: bool = False, **inputs: Any) -> provider_pb2.CreateResponse:
        """Make a resource, or plan it; what is refused raises."""
        checked, failures = self.check(token, inputs)
        assert not failures
        properties = wire.write(checked)
        return self.aws.provider.Create(
            provider_pb2.CreateRequest(urn=urn(token), properties=properties, preview=preview)
        )

    def create(self, token: str, **inputs: Any) -> str:
        """Return the id of a new resource."""
        return self.make(token, **inputs).id

    def delete(self, token: str, id: str, **inputs: Any) -> None:
        """Delete a resource; what is refused raises."""
        given = wire.write(inputs)
        self.aws.provider.Delete(provider_pb2.DeleteRequest(urn=urn(token), id=id, properties=given, old_inputs=given))


def urn(token: str, name: str = "it", stack: str = "test") -> str:
    return f"urn:pulumi:{stack}::kotauth::{token}::{name}"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with aws_simulator() as running:
        running.restrict("test")
        yield Provider(running)


def database(**inputs: Any) -> dict[str, Any]:
    return {"instanceClass": "db.t4g.small", "engine": "postgres", "allocatedStorage": 20, **inputs}


def test_a_preview_knows_what_the_program_says_and_nothing_that_aws_computes(provider: Provider) -> None:
    planned = wire.read(provider.make(DATABASE, preview=True, **database(tags={"owner": "kotauth"})).properties)
    assert (planned["engine"], planned["tags"]) == ("postgres", {"owner": "kotauth"})
    assert planned["identifier"].startswith("it"), "policies judge the name that the provider makes"
    assert {planned[name] for name in ("endpoint", "address", "arn", "resourceId")} == {wire.UNKNOWN}


KNOWN_BEFORE: list[tuple[str, dict[str, Any], str]] = [
    (VPC, {"tags": ["a"]}, "tags must be an object, not a list"),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "b", "versioningConfiguration": {"state": "Enabled"}},
        "versioningConfiguration.status is required",
    ),
    (
        TEMPLATE,
        {"metadataOptions": {"httpPutResponseHopLimit": "one"}},
        "metadataOptions.httpPutResponseHopLimit must be a whole number, not a string",
    ),
    (
        TEMPLATE,
        {"blockDeviceMappings": [{"ebs": {"volumeTyp": "gp3"}}]},
        "blockDeviceMappings[0].ebs.volumeTyp is not a property; is volumeType meant?",
    ),
    ("aws:kms/key:Key", {"policy": {"Version": "2012-10-17"}}, "policy must be a string, not an object"),
    (DATABASE, database(maxAllocatedStorage=20), "maxAllocatedStorage 20 must be more than allocatedStorage, 20"),
    (DATABASE, database(backupWindow="23:50-00:10"), 'backupWindow "23:50-00:10" must be at least 30 minutes long'),
    (
        DATABASE,
        database(maintenanceWindow="sunday:03:00-sunday:04:00"),
        'maintenanceWindow "sunday:03:00-sunday:04:00" must have the form ddd:hh24:mi-ddd:hh24:mi',
    ),
    ("aws:ebs/volume:Volume", {"availabilityZone": "z", "type": "gp4"}, 'type "gp4" must be one of gp2, gp3'),
    (
        TEMPLATE,
        {"blockDeviceMappings": [{"ebs": {"volumeType": "gp4"}}]},
        'blockDeviceMappings[0].ebs.volumeType "gp4" is no type of volume',
    ),
]


@pytest.mark.parametrize(("token", "inputs", "reason"), KNOWN_BEFORE, ids=[row[2] for row in KNOWN_BEFORE])
def test_a_mistake_is_known_before_anything_is_made(
    provider: Provider, token: str, inputs: dict[str, Any], reason: str
) -> None:
    _, failures = provider.check(token, inputs)
    assert any(failure.startswith(reason) for failure in failures), failures


ACCEPTED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (VPC, {"enableDnsSupport": "true"}, {"enableDnsSupport": True}),
    ("aws:ebs/volume:Volume", {"availabilityZone": "z", "size": "8"}, {"size": 8}),
    (
        TEMPLATE,
        {"blockDeviceMappings": [{"ebs": {"encrypted": True}}]},
        {"blockDeviceMappings": [{"ebs": {"encrypted": "true"}}]},
    ),
    (
        RIGHTS,
        {"role": "r", "policy": {"Version": "2012-10-17", "Statement": []}},
        {"policy": '{"Statement":[],"Version":"2012-10-17"}'},
    ),
    (RIGHTS, {"role": "r", "policy": {"Statement": [{"Resource": wire.UNKNOWN}]}}, {"policy": wire.UNKNOWN}),
]


@pytest.mark.parametrize(("token", "inputs", "converted"), ACCEPTED)
def test_what_the_real_provider_converts_is_converted(
    provider: Provider, token: str, inputs: dict[str, Any], converted: dict[str, Any]
) -> None:
    checked, failures = provider.check(token, inputs)
    assert not failures
    assert {name: checked[name] for name in converted} == converted


REFUSED_BY_AWS: list[tuple[str, dict[str, Any], str]] = [
    (VPC, {"cidrBlock": "10.0.0.0/33"}, "10.0.0.0/33"),
    (VPC, {"cidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range"),
    (SUBNET, {"vpcId": "$vpc", "cidrBlock": "10.65.0.0/24"}, "InvalidSubnet.Range"),
    (RIGHTS, {"name": "it", "role": "$role", "policy": "{"}, "MalformedPolicyDocument"),
    ("aws:lambda/invocation:Invocation", {"functionName": "none", "input": "{}"}, "ResourceNotFoundException"),
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "none", "policyArn": SSM}, "NoSuchEntity"),
    ("aws:sqs/queue:Queue", {}, "the simulator doesn't know aws:sqs/queue:Queue"),
    (
        SUBNET,
        {"vpcId": "$vpc", "cidrBlock": "10.64.9.0/24", "enableLniAtDeviceIndex": 1},
        "the simulator doesn't know how to tell AWS: enableLniAtDeviceIndex",
    ),
]


@pytest.mark.parametrize(("token", "inputs", "reason"), REFUSED_BY_AWS, ids=[row[2] for row in REFUSED_BY_AWS])
def test_a_mistake_is_known_when_it_is_made(
    provider: Provider, token: str, inputs: dict[str, Any], reason: str
) -> None:
    made = {"$vpc": provider.vpc, "$role": provider.role}
    given = {name: made.get(value, value) for name, value in inputs.items()}
    assert reason in provider.aws.refusal(urn(token), given)


@pytest.mark.parametrize(
    ("actions", "refused"),
    [
        ([], "ec2:CreateVpc on resource: arn:aws:ec2:eu-central-1:123456789012:vpc/*"),
        (["ec2:CreateVpc"], "ec2:CreateTags on resource: arn:aws:ec2:eu-central-1:123456789012:vpc/*"),
        (
            ["ec2:Create*", "ec2:Describe*"],
            "ec2:ModifyVpcAttribute on resource: arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-",
        ),
        (["ec2:Create*", "ec2:ModifyVpcAttribute"], "ec2:DescribeVpcs on resource: *"),
    ],
)
def test_a_call_that_the_deployer_may_not_make_fails_its_operation(
    provider: Provider, actions: list[str], refused: str
) -> None:
    allowed = [{"Effect": "Allow", "Action": actions, "Resource": "*"}] if actions else []
    provider.aws.restrict("narrow", json.dumps({"Statement": allowed}))
    inputs = {"cidrBlock": "10.64.0.0/16", "enableDnsHostnames": True, "tags": {"owner": "kotauth"}}
    said = provider.aws.refusal(urn(VPC, stack="narrow"), inputs)
    assert "AccessDenied: " in said
    assert f"not authorized to perform: {refused}" in said


@pytest.mark.parametrize(
    ("token", "name", "longest"),
    [("aws:lb/loadBalancer:LoadBalancer", "production-kotauth-load-balancer", 32), (ROLE, "r" * 57, 64)],
)
def test_a_name_that_gets_too_long(provider: Provider, token: str, name: str, longest: int) -> None:
    _, failures = provider.check(token, {"assumeRolePolicy": "{}"} if token == ROLE else {}, name)
    assert any(f"plus 7 random chars is longer than maximum length {longest}" in failure for failure in failures)


@pytest.mark.parametrize("keeps_role", [True, False])
def test_lambda_removes_its_interfaces_with_the_functions_role(provider: Provider, keeps_role: bool) -> None:
    """They hold the group until then, and for ever without the role's right."""
    role = provider.create(ROLE, assumeRolePolicy=TRUST)
    right = {"Effect": "Allow", "Action": ["ec2:DeleteNetworkInterface"], "Resource": "*"}
    rights = provider.create(RIGHTS, role=role, policy={"Version": "2012-10-17", "Statement": [right]})
    group = provider.create(SECURITY_GROUP, vpcId=provider.vpc, description="Of a function")
    made = {
        "role": f"arn:aws:iam::123456789012:role/{role}",
        "packageType": "Image",
        "imageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/function:1",
        "vpcConfig": {"subnetIds": provider.subnets[:1], "securityGroupIds": [group]},
    }
    provider.delete(FUNCTION, provider.create(FUNCTION, **made), **made)
    if keeps_role:
        provider.delete(SECURITY_GROUP, group)
    else:
        provider.delete(RIGHTS, rights)
        with pytest.raises(grpc.RpcError, match=f"DependencyViolation: {group} has a dependent object, eni-"):
            provider.delete(SECURITY_GROUP, group)


def test_a_launch_that_fails_at_first(provider: Provider) -> None:
    aws = provider.aws
    aws.image(HOST_IMAGE, "arm64")
    template = provider.create(TEMPLATE, imageId=HOST_IMAGE, instanceType="t4g.small")
    given = {"minSize": 1, "maxSize": 1, "minElbCapacity": 1, "vpcZoneIdentifiers": provider.subnets}
    given["launchTemplate"] = {"id": template, "version": "1"}
    aws.fail_activity(GROUP, times=2)
    with pytest.raises(grpc.RpcError, match="scaling activity"):
        provider.create(GROUP, **given)
    provider.create(GROUP, **given, ignoreFailedScalingActivities=True)
    aws.clear()


def test_what_is_slow_takes_its_time(provider: Provider) -> None:
    """Else a stack whose servers wait for nothing would come up in the right order by chance."""
    provider.aws.slow("aws:sns/*", 0.5)
    begin = time.monotonic()
    provider.create("aws:sns/topic:Topic")
    provider.aws.clear()
    assert time.monotonic() - begin > 0.5


def test_a_change_in_neither_list_is_named(provider: Provider) -> None:
    old, new = wire.write({"enableDns64": False}), wire.write({"enableDns64": True})
    with pytest.raises(grpc.RpcError, match=f"whether a change of enableDns64 of {SUBNET} replaces it"):
        provider.aws.provider.Diff(provider_pb2.DiffRequest(urn=urn(SUBNET), old_inputs=old, news=new))


@pytest.mark.parametrize(
    ("function", "arguments", "says"),
    [
        ("aws:ec2/getVpcs:getVpcs", {}, "the simulator doesn't know the function aws:ec2/getVpcs:getVpcs"),
        (
            "aws:rds/getOrderableDbInstance:getOrderableDbInstance",
            {"engine": "postgres", "engineVersion": "14.20", "instanceClass": "db.t4g.nano"},
            "no RDS DB Instance Classes match the criteria",
        ),
    ],
)
def test_a_lookup_that_finds_nothing(provider: Provider, function: str, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(grpc.RpcError, match=says):
        provider.aws.provider.Invoke(provider_pb2.InvokeRequest(tok=function, args=wire.write(arguments)))
