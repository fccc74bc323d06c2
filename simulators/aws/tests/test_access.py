"""The evaluation of identity policies in the simulated AWS: operators and elements."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulators.aws.access import Policies, Request, UnknownOperatorError, definition
from simulators.aws.access.conditions import holds

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
