"""The evaluation of identity policies in the simulated AWS: operators, elements, and what a refused call looks like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.engine.aws import StandIn, stand_in, wire
from tests.engine.aws.access import Policies, Request, UnknownOperatorError, definition
from tests.engine.aws.access.conditions import holds

pytestmark = pytest.mark.engine

CONTEXT = {
    "aws:requesttag/stack": "prod",
    "aws:resourcetag/stack": "prod",
    "aws:tagkeys": ["stack", "Name"],
    "aws:principalaccount": "123456789012",
    "ec2:launchtemplate": "arn:aws:ec2:eu-central-1:123456789012:launch-template/lt-1",
    "kms:grantisforawsresource": "true",
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "result"),
    [
        ("StringEquals", "aws:RequestTag/stack", "prod", True),
        ("StringEquals", "aws:RequestTag/stack", ["staging", "prod"], True),
        ("StringEquals", "aws:RequestTag/other", "prod", False),
        ("StringEqualsIfExists", "aws:RequestTag/other", "prod", True),
        ("StringEqualsIfExists", "aws:RequestTag/stack", "staging", False),
        ("StringNotEquals", "aws:RequestTag/other", "prod", True),
        ("StringNotEquals", "aws:RequestTag/stack", ["staging", "prod"], False),
        ("StringLike", "aws:RequestTag/stack", "pr?d*", True),
        ("StringEquals", "aws:RequestTag/stack", "${aws:ResourceTag/stack}", True),
        ("StringEquals", "aws:RequestTag/stack", "${aws:ResourceTag/absent}", False),
        ("ArnLike", "ec2:LaunchTemplate", "arn:aws:ec2:*:123456789012:launch-template/*", True),
        ("ArnLike", "ec2:LaunchTemplate", "arn:aws:ec2:*/*", False),
        ("Bool", "kms:GrantIsForAWSResource", True, True),
        ("Null", "aws:ResourceTag/stack", "false", True),
        ("Null", "aws:ResourceTag/absent", "true", True),
        ("Null", "aws:ResourceTag/absent", "false", False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["stack", "Name", "more"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["stack"], False),
        ("ForAllValues:StringEquals", "aws:absent", ["stack"], True),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["stack"], True),
        ("ForAnyValue:StringEquals", "aws:absent", ["stack"], False),
    ],
)
def test_a_condition(operator: str, key: str, values: Any, result: bool) -> None:
    assert holds({operator: {key: values}}, CONTEXT) is result


def test_an_operator_that_is_not_known_is_named() -> None:
    with pytest.raises(UnknownOperatorError, match="StringMatches"):
        holds({"StringMatches": {"aws:RequestTag/stack": "prod"}}, CONTEXT)


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statements", "is_allowed"),
    [
        ([], False),
        ([allow("ec2:deletevpc")], True),
        ([allow(["ec2:Describe*", "ec2:Delete*"])], True),
        ([allow("ec2:Describe*")], False),
        ([allow("*", "arn:aws:ec2:*:*:vpc/*")], True),
        ([allow("*", "arn:aws:ec2:*:*:subnet/*")], False),
        ([allow("*", "arn:aws:ec2:*:${aws:PrincipalAccount}:vpc/*")], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "ec2:*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:ec2:*:*:vpc/*"}], False),
        ([allow("*"), {"Effect": "Deny", "Action": "ec2:DeleteVpc", "Resource": "*"}], False),
        ([allow("*", Condition={"StringEquals": {"aws:ResourceTag/stack": "staging"}})], False),
    ],
)
def test_a_decision(statements: list[dict[str, Any]], is_allowed: bool) -> None:
    policies = Policies([json.dumps({"Statement": statements})])
    request = Request("ec2:DeleteVpc", "arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-1", CONTEXT)
    assert (policies.refusal(request) is None) is is_allowed


@pytest.mark.parametrize(
    ("action", "type", "key", "is_known"),
    [
        ("ec2:CreateSubnet", "subnet", "aws:RequestTag/kotauth.stack", True),
        ("ec2:CreateSubnet", "vpc", "aws:RequestTag/kotauth.stack", False),
        ("ec2:CreateSubnet", "vpc", "aws:ResourceTag/kotauth.stack", True),
        ("kms:ScheduleKeyDeletion", "key", "aws:ResourceTag/kotauth.stack", True),
        ("kms:DeleteAlias", "alias", "aws:ResourceTag/kotauth.stack", False),
        ("ec2:DeleteVpc", "vpc", "ec2:CreateAction", False),
    ],
)
def test_which_keys_aws_knows(action: str, type: str, key: str, is_known: bool) -> None:
    found = definition.action(action)
    (resource,) = [each for each in found.resources if each.type == type]
    assert found.supports(key, resource) is is_known


@pytest.fixture(scope="module")
def aws() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.mark.parametrize(
    ("actions", "refused"),
    [
        ([], r"ec2:CreateVpc on resource: arn:aws:ec2:eu-central-1:123456789012:vpc/\*"),
        (["ec2:CreateVpc"], r"ec2:CreateTags on resource: arn:aws:ec2:eu-central-1:123456789012:vpc/\*"),
        (
            ["ec2:Create*", "ec2:Describe*"],
            r"ec2:ModifyVpcAttribute on resource: arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-",
        ),
        (["ec2:Create*", "ec2:ModifyVpcAttribute"], "ec2:DescribeVpcs on resource: *"),
    ],
)
def test_a_call_that_is_refused_fails_its_operation(aws: StandIn, actions: list[str], refused: str) -> None:
    inputs = {"cidrBlock": "10.64.0.0/16", "enableDnsHostnames": True, "tags": {"owner": "kotauth"}}
    urn = "urn:pulumi:narrow::kotauth::aws:ec2/vpc:Vpc::network"
    aws.restrict("narrow", json.dumps({"Statement": [allow(actions)] if actions else []}))
    with grpc.insecure_channel(f"127.0.0.1:{aws.port}") as channel:
        stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
        with pytest.raises(grpc.RpcError, match=f"AccessDenied: .* not authorized to perform: {refused}"):
            stub.Create(provider_pb2.CreateRequest(urn=urn, properties=wire.write(inputs)))
