"""What the stand-in for the AWS provider refuses: planted mistakes, each caught by a layer that somebody else wrote.

They go over the provider's real protocol, without the engine between; how one looks to a user, `test_aws_stand_in`
shows. What only cfn-lint or parliament catch, their own tests plant.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.engine.aws import StandIn, stand_in, wire
from tests.engine.aws_stack import HOST_IMAGE

pytestmark = pytest.mark.engine

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
DATABASE = "aws:rds/instance:Instance"
LISTENER = "aws:lb/listener:Listener"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
ROLE = "aws:iam/role:Role"


@dataclass
class Provider:
    """The stand-in, spoken to as the engine would."""

    stub: Any
    ids: dict[str, str] = field(default_factory=dict)

    def check(self, token: str, inputs: dict[str, Any], name: str = "it") -> tuple[dict[str, Any], list[str]]:
        """Return the checked inputs and what is wrong with them."""
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=urn(token, name), news=wire.write(inputs)))
        return wire.read(answer.inputs), [failure.reason for failure in answer.failures]

    def create(self, token: str, **inputs: Any) -> str:
        """Return the id of a new resource; what is refused raises."""
        checked, failures = self.check(token, inputs)
        assert not failures
        properties = wire.write(checked)
        return self.stub.Create(provider_pb2.CreateRequest(urn=urn(token), properties=properties)).id

    def delete(self, token: str, id: str, **inputs: Any) -> None:
        """Delete a resource; what is refused raises."""
        properties = wire.write(inputs)
        self.stub.Delete(
            provider_pb2.DeleteRequest(urn=urn(token), id=id, properties=properties, old_inputs=properties)
        )


def urn(token: str, name: str = "it") -> str:
    return f"urn:pulumi:test::kotauth::{token}::{name}"


@pytest.fixture(scope="module")
def aws() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture(scope="module")
def provider(aws: StandIn) -> Iterator[Provider]:
    with grpc.insecure_channel(f"127.0.0.1:{aws.port}") as channel:
        found = Provider(provider_pb2_grpc.ResourceProviderStub(channel))
        found.ids["vpc"] = found.create(VPC, cidrBlock="10.64.0.0/16")
        found.ids["role"] = found.create(ROLE, assumeRolePolicy='{"Version": "2012-10-17", "Statement": []}')
        for zone, block in (("a", "10.64.0.0/24"), ("a", "10.64.1.0/24"), ("b", "10.64.2.0/24")):
            id = found.create(SUBNET, vpcId=found.ids["vpc"], cidrBlock=block, availabilityZone=f"eu-central-1{zone}")
            found.ids[f"subnet-{block[6]}{zone}"] = id
        yield found


def database(**inputs: Any) -> dict[str, Any]:
    return {
        "instanceClass": "db.t4g.small",
        "engine": "postgres",
        "allocatedStorage": 20,
        "storageType": "gp3",
        **inputs,
    }


KNOWN_BEFORE: list[tuple[str, dict[str, Any], str]] = [
    (VPC, {"cidrBlok": "10.0.0.0/16"}, "cidrBlok is not a property; is cidrBlock meant?"),
    (VPC, {"enableDnsSupport": "maybe"}, "enableDnsSupport must be true or false, not a string"),
    (VPC, {"tags": ["a"]}, "tags must be an object, not a list"),
    (SUBNET, {}, "vpcId is required"),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "b", "versioningConfiguration": {"state": "Enabled"}},
        "versioningConfiguration.status is required",
    ),
    (
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"metadataOptions": {"httpPutResponseHopLimit": "one"}},
        "metadataOptions.httpPutResponseHopLimit must be a whole number, not a string",
    ),
    (
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"blockDeviceMappings": [{"ebs": {"volumeTyp": "gp3"}}]},
        "blockDeviceMappings[0].ebs.volumeTyp is not a property; is volumeType meant?",
    ),
    ("aws:kms/key:Key", {"policy": {"Version": "2012-10-17"}}, "policy must be a string, not an object"),
    (
        LISTENER,
        {"loadBalancerArn": "arn", "defaultActions": [], "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Rest-2021-06"},
        'sslPolicy "ELBSecurityPolicy-TLS13-1-2-Rest-2021-06" must be one of ELBSecurityPolicy-2016-08',
    ),
    (
        "aws:lb/loadBalancer:LoadBalancer",
        {"desyncMitigationMode": "strict"},
        'desyncMitigationMode "strict" must be one of defensive, monitor, strictest',
    ),
    (DATABASE, database(storageType="gp33"), 'storageType "gp33" must be one of gp2, gp3, io1, standard'),
    (DATABASE, database(allocatedStorage=5), "allocatedStorage 5 is below the 20 GiB that gp3 begins with"),
    (DATABASE, database(maxAllocatedStorage=20), "maxAllocatedStorage 20 must be more than allocatedStorage, 20"),
    (DATABASE, database(backupWindow="1:00-2:00"), 'backupWindow "1:00-2:00" must have the form hh24:mi-hh24:mi'),
    (DATABASE, database(backupWindow="23:50-00:10"), 'backupWindow "23:50-00:10" must be at least 30 minutes long'),
    (
        DATABASE,
        database(maintenanceWindow="sunday:03:00-sunday:04:00"),
        'maintenanceWindow "sunday:03:00-sunday:04:00" must have the form ddd:hh24:mi-ddd:hh24:mi',
    ),
    ("aws:ebs/volume:Volume", {"availabilityZone": "z", "type": "gp4"}, 'type "gp4" must be one of gp2, gp3'),
    (
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"blockDeviceMappings": [{"ebs": {"volumeType": "gp4"}}]},
        'blockDeviceMappings[0].ebs.volumeType "gp4" is no type of volume',
    ),
    (
        INGRESS,
        {"securityGroupId": "sg", "ipProtocol": "tcp", "fromPort": 443, "toPort": 80},
        "fromPort 443 must not be above toPort, 80",
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
        "aws:ec2/launchTemplate:LaunchTemplate",
        {"blockDeviceMappings": [{"ebs": {"encrypted": True}}]},
        {"blockDeviceMappings": [{"ebs": {"encrypted": "true"}}]},
    ),
    (
        "aws:iam/rolePolicy:RolePolicy",
        {"role": "r", "policy": {"Version": "2012-10-17", "Statement": []}},
        {"policy": '{"Statement":[],"Version":"2012-10-17"}'},
    ),
    (
        "aws:iam/rolePolicy:RolePolicy",
        {"role": "r", "policy": {"Statement": [{"Resource": wire.UNKNOWN}]}},
        {"policy": wire.UNKNOWN},
    ),
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
    (SUBNET, {"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24"}, "InvalidVpcID.NotFound"),
    (SUBNET, {"vpcId": "$vpc", "cidrBlock": "10.65.0.0/24"}, "InvalidSubnet.Range"),
    (SUBNET, {"vpcId": "$vpc", "cidrBlock": "10.64.0.128/25"}, "InvalidSubnet.Conflict"),
    ("aws:rds/subnetGroup:SubnetGroup", {"subnetIds": ["$subnet-0a", "$subnet-1a"]}, "at least two Availability Zones"),
    ("aws:lb/loadBalancer:LoadBalancer", {"subnets": ["$subnet-0a"]}, "at least two Availability Zones"),
    ("aws:iam/rolePolicy:RolePolicy", {"role": "$role", "policy": "{"}, "MalformedPolicyDocument"),
    (
        "aws:iam/rolePolicy:RolePolicy",
        {"role": "$role", "policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Permit", "Action": "s3:*"}]}},
        "MalformedPolicyDocument",
    ),
    (
        "aws:lb/targetGroup:TargetGroup",
        {"port": 443, "protocol": "HTTPS", "vpcId": "$vpc", "healthCheck": {"interval": 5, "timeout": 5}},
        "Health check timeout",
    ),
    (
        "aws:lb/targetGroup:TargetGroup",
        {"port": 443, "protocol": "HTTPX", "vpcId": "$vpc"},
        "protocol",
    ),
    ("aws:lambda/invocation:Invocation", {"functionName": "none", "input": "{}"}, "ResourceNotFoundException"),
    ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "none", "policyArn": SSM}, "NoSuchEntity"),
]


@pytest.mark.parametrize(("token", "inputs", "reason"), REFUSED_BY_AWS, ids=[str(row[:2]) for row in REFUSED_BY_AWS])
def test_a_mistake_is_known_when_it_is_made(
    provider: Provider, token: str, inputs: dict[str, Any], reason: str
) -> None:
    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(each) for each in value]
        return provider.ids[value[1:]] if isinstance(value, str) and value.startswith("$") else value

    with pytest.raises(grpc.RpcError) as refused:
        provider.create(token, **{name: filled(value) for name, value in inputs.items()})
    assert reason in str(refused.value.details())


@pytest.mark.parametrize(
    ("token", "name", "longest"),
    [
        ("aws:lb/loadBalancer:LoadBalancer", "production-kotauth-load-balancer", 32),
        ("aws:iam/role:Role", "r" * 57, 64),
    ],
)
def test_a_name_that_gets_too_long(provider: Provider, token: str, name: str, longest: int) -> None:
    _, failures = provider.check(token, {"assumeRolePolicy": "{}"} if token == ROLE else {}, name)
    assert any(f"plus 7 random chars is longer than maximum length {longest}" in failure for failure in failures)


RIGHT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ec2:DeleteNetworkInterface"], "Resource": "*"}],
    }
)
FUNCTION, GROUP_OF_FUNCTION = "aws:lambda/function:Function", "aws:ec2/securityGroup:SecurityGroup"


@pytest.mark.parametrize("keeps_role", [True, False])
def test_lambda_removes_its_interfaces_with_the_functions_role(provider: Provider, keeps_role: bool) -> None:
    """They hold the group until then, and for ever without the role's right."""
    role = provider.create(ROLE, assumeRolePolicy='{"Version": "2012-10-17", "Statement": []}')
    rights = provider.create("aws:iam/rolePolicy:RolePolicy", role=role, policy=RIGHT)
    group = provider.create(GROUP_OF_FUNCTION, vpcId=provider.ids["vpc"], description="Of a function")
    made = {
        "role": f"arn:aws:iam::123456789012:role/{role}",
        "packageType": "Image",
        "imageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/function:1",
        "vpcConfig": {"subnetIds": [provider.ids["subnet-0a"]], "securityGroupIds": [group]},
    }
    provider.delete(FUNCTION, provider.create(FUNCTION, **made), **made)
    if keeps_role:
        provider.delete(GROUP_OF_FUNCTION, group)
    else:
        provider.delete("aws:iam/rolePolicy:RolePolicy", rights)
        with pytest.raises(grpc.RpcError, match=f"DependencyViolation: {group} has a dependent object, eni-"):
            provider.delete(GROUP_OF_FUNCTION, group)


GROUP = {"minSize": 1, "maxSize": 1, "minElbCapacity": 1}


@pytest.mark.parametrize("ignored", [False, True])
def test_a_launch_that_fails_at_first(provider: Provider, aws: StandIn, ignored: bool) -> None:
    aws.fail_activity("aws:autoscaling/group:Group")
    aws.image(HOST_IMAGE, "arm64")
    template = provider.create("aws:ec2/launchTemplate:LaunchTemplate", imageId=HOST_IMAGE, instanceType="t4g.small")
    subnets = [provider.ids["subnet-0a"], provider.ids["subnet-2b"]]
    made = {**GROUP, "launchTemplate": {"id": template, "version": "1"}, "vpcZoneIdentifiers": subnets}
    with contextlib.nullcontext() if ignored else pytest.raises(grpc.RpcError, match="scaling activity"):
        provider.create("aws:autoscaling/group:Group", **made, ignoreFailedScalingActivities=ignored)
    aws.clear()


def test_an_unknown_type_is_named(provider: Provider) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        provider.check("aws:sqs/queue:Queue", {})
    assert "the stand-in doesn't know aws:sqs/queue:Queue" in str(refused.value.details())


def test_a_change_that_nobody_decided_on_is_named(provider: Provider) -> None:
    request = provider_pb2.DiffRequest(
        urn=urn(SUBNET), old_inputs=wire.write({"enableDns64": False}), news=wire.write({"enableDns64": True})
    )
    with pytest.raises(grpc.RpcError) as refused:
        provider.stub.Diff(request)
    assert f"whether a change of enableDns64 of {SUBNET} replaces it" in str(refused.value.details())


def test_a_property_that_cannot_reach_aws_is_named(provider: Provider) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        provider.create(SUBNET, vpcId=provider.ids["vpc"], cidrBlock="10.64.9.0/24", enableLniAtDeviceIndex=1)
    assert "the stand-in doesn't know how to tell AWS: enableLniAtDeviceIndex" in str(refused.value.details())


def test_an_unknown_function_is_named(provider: Provider) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        provider.stub.Invoke(provider_pb2.InvokeRequest(tok="aws:ec2/getVpcs:getVpcs"))
    assert "the stand-in doesn't know the function aws:ec2/getVpcs:getVpcs" in str(refused.value.details())


def test_what_is_not_offered_is_not_found(provider: Provider) -> None:
    arguments = wire.write({"engine": "postgres", "engineVersion": "14.20", "instanceClass": "db.t4g.nano"})
    token = "aws:rds/getOrderableDbInstance:getOrderableDbInstance"
    with pytest.raises(grpc.RpcError) as refused:
        provider.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=arguments))
    assert "no RDS DB Instance Classes match the criteria" in str(refused.value.details())
