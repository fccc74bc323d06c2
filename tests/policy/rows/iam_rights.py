"""What policies give: each action that gives more than it says, and the ways to write actions and resources."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pulumi_aws as aws

from policy.kotauth_policy.readers.aws.actions import DECRYPTIONS, ESCALATIONS, SECRETS
from policy.testing.aws_documents import document
from policy.testing.change import Args, Change, From, add, put

from ..mutation import CAUGHT, NOTHING, PASSED, Case, found

_OWN = "arn:aws:sqs:eu-central-1:123456789012:orders"


def _rights(*statements: Args) -> Change:
    return put("rights", "policy", json.dumps(document(*statements)))


def _allow(action: object, resource: object = "*", condition: object = None) -> Args:
    statement: Args = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, **({} if condition is None else {"Condition": condition})}


def _spelled(rule: str, state: str, statements: Iterable[Args], *others: str) -> Iterable[Case]:
    expected = NOTHING if state == PASSED else found(f"{rule}@rights", *(f"{other}@rights" for other in others))
    for statement in statements:
        name = json.dumps({key: each for key, each in statement.items() if key != "Effect"})
        yield Case(f"{rule}-{state}-{name}", (_rights(statement),), expected, rule=rule, state=state)


_TAGGED = {"StringEquals": {"aws:ResourceTag/team": ["shop"]}}
_ONE_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
_ONE_ROLE = "arn:aws:iam::123456789012:role/one"

ACTIONS = (
    *(case for each in ESCALATIONS for case in _spelled("forbid-escalation", CAUGHT, [_allow(each)])),
    *(case for each in DECRYPTIONS for case in _spelled("name-decryption-keys", CAUGHT, [_allow(each)])),
    *(case for each in SECRETS for case in _spelled("name-changed-resources", CAUGHT, [_allow(each)])),
)

SPELLINGS = (
    *_spelled(
        "forbid-escalation",
        CAUGHT,
        (
            _allow("iam:UpdateLogin*"),
            _allow("iam:CreateRol*"),
            _allow("iam:CreateUse*"),
            _allow("iam:*Policy*"),
            _allow("iam:?assRole", "arn:aws:iam::*:role/*"),
            _allow("IAM:PASSROLE", ["arn:aws:iam::123456789012:role/**"]),
            _allow(
                ["iam:GetRole", "iam:PassRole"],
                condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            ),
            _allow("sts:AssumeRole", condition={"StringLike": {"aws:ResourceTag/team": "*"}}),
            _allow("ssm:SendCommand", "arn:aws:ec2:*:*:instance/*", {"StringNotEquals": {"aws:ResourceTag/a": "b"}}),
            _allow("iam:CreateRole", condition={"StringEqualsIfExists": {"iam:PermissionsBoundary": _ONE_ROLE}}),
        ),
    ),
    *_spelled(
        "forbid-escalation",
        PASSED,
        (
            _allow("iam:PassRole", [_ONE_ROLE]),
            _allow("iam:List*"),
            _allow("iam:GetRolePolicy"),
            _allow(["iam:CreateAccessKey", "iam:UpdateAccessKey"], "arn:aws:iam::*:user/${aws:username}"),
            _allow("sts:GetCallerIdentity"),
            _allow("ssm:SendCommand", "arn:aws:ec2:*:*:instance/*", {"StringEquals": {"ssm:resourceTag/team": "shop"}}),
            _allow(
                "iam:CreateRole", condition={"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::1:policy/b"}}
            ),
            {**_allow("iam:*"), "Effect": "Deny"},
        ),
    ),
    *_spelled(
        "name-allowed-actions",
        CAUGHT,
        (
            _allow("sqs:*", _OWN),
            _allow(["sqs:SendMessage", "SQS:*"], _OWN),
            _allow("*:*", _OWN),
            _allow("sqs:**", _OWN),
            _allow("sqs:?*", _OWN),
            {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": _OWN},
        ),
    ),
    *_spelled(
        "name-allowed-actions",
        PASSED,
        (
            _allow("sqs:SendMessage", _OWN),
            _allow(["sqs:Send*", "sqs:*Message"], _OWN),
            _allow("sqs:Get*", _OWN),
            _allow("ec2:Describe*"),
            {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"},
            {"Effect": "Deny", "NotAction": "sqs:*", "Resource": "*"},
        ),
    ),
    *_spelled(
        "name-changed-resources",
        CAUGHT,
        (
            _allow("sqs:SendMessage"),
            _allow("sqs:Send*", ["**"]),
            _allow("dynamodb:PutItem", "arn:aws:*"),
            _allow("dynamodb:PutItem", "arn:*:*:*:*:*"),
            _allow("SecretsManager:GetSecret*", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:*"),
            _allow("ssm:?etParameter", "arn:aws:ssm:*:*:parameter/*"),
            _allow("ec2:StopInstances", condition={"StringLike": {"ec2:ResourceTag/team": "*"}}),
            _allow("ec2:StopInstances", condition={"Bool": {"aws:MultiFactorAuthPresent": True}}),
            _allow("ec2:StopInstances", condition={"StringEqualsIfExists": {"aws:ResourceTag/team": "shop"}}),
            {"Effect": "Allow", "Action": "sqs:SendMessage", "NotResource": _OWN},
        ),
    ),
    *_spelled(
        "name-changed-resources",
        PASSED,
        (
            _allow("sqs:SendMessage", [_OWN]),
            _allow("s3:PutObject", "arn:aws:s3:::files/*"),
            _allow("ec2:StopInstances", condition=_TAGGED),
            _allow("ec2:CreateVolume", condition={"stringequals": {"aws:RequestTag/team": "shop"}}),
            _allow(["logs:FilterLogEvents", "logs:StartQuery", "cloudwatch:GetMetricData"]),
            _allow(["logs:CreateLogDelivery", "ecs:DiscoverPollEndpoint", "XRay:PutTraceSegments"]),
            _allow("ssmmessages:*Channel"),
            _allow("secretsmanager:GetSecretValue", condition={"StringEquals": {"secretsmanager:ResourceTag/a": "b"}}),
        ),
    ),
    *_spelled(
        "name-decryption-keys",
        CAUGHT,
        (
            _allow("kms:Dec*"),
            _allow("KMS:Decrypt"),
            _allow("kms:ReEncrypt*", "arn:aws:kms:*:*:key/*"),
            _allow("kms:Decrypt", "arn:aws:kms:eu-central-1:123456789012:alias/*"),
            _allow("kms:Decrypt", condition={"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}),
            _allow("kms:Decrypt", condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/*"}}),
            _allow("kms:CreateGrant", condition={"Bool": {"kms:GrantIsForAWSResource": "false"}}),
            _allow("kms:CreateGrant", condition={"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}}),
        ),
    ),
    *_spelled(
        "name-decryption-keys",
        PASSED,
        (
            _allow("kms:Decrypt", [_ONE_KEY]),
            _allow("kms:Describe*"),
            _allow("kms:Decrypt", condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/shop"}}),
            _allow("kms:Decrypt", condition={"StringEquals": {"aws:ResourceTag/team": "shop"}}),
            _allow("kms:GenerateRandom"),
            _allow("kms:CreateGrant", condition={"Bool": {"kms:GrantIsForAWSResource": ["true"]}}),
            {**_allow("kms:Decrypt"), "Effect": "Deny"},
        ),
    ),
)

_ADMIN_BOUNDARY = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}}
SERVICES = (
    Case(
        "a policy of an administrator to attach",
        (_rights(_allow("iam:AttachRolePolicy", condition=_ADMIN_BOUNDARY)),),
        found("forbid-escalation@rights"),
    ),
    Case(
        "all changes of a service, escalation among them",
        (_rights(_allow("lambda:Update*")),),
        found("forbid-escalation@rights", "name-changed-resources@rights"),
    ),
)

_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
_READER = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_LOCAL = "arn:aws:iam::123456789012:policy/AdministratorAccess"
_SSO = {"instance_arn": "arn:aws:sso:::instance/i", "permission_set_arn": "arn:aws:sso:::permissionSet/i/p"}


def _attached(kind: type, policy: str, state: str, **args: object) -> Case:
    rule = "forbid-administrator-policies"
    expected = found(f"{rule}@attached") if state == CAUGHT else NOTHING
    changes = (add("attached", kind, {**args, **_named(kind, policy)}),)
    return Case(f"{rule}-{kind.__name__}-{policy}", changes, expected, rule=rule, state=state)


def _named(kind: type, policy: str) -> Args:
    prefix = "managed_policy" if kind.__module__.startswith("pulumi_aws.ssoadmin") else "policy"
    return {f"{prefix}_arns": [_READER, policy]} if kind.__name__.endswith("Exclusive") else {f"{prefix}_arn": policy}


ATTACHMENTS = (
    *(
        _attached(kind, policy, state, **args)
        for policy, state in ((_ADMIN, CAUGHT), (_READER, PASSED))
        for kind, args in (
            (aws.iam.RolePolicyAttachmentsExclusive, {"role_name": "role"}),
            (aws.iam.UserPolicyAttachmentsExclusive, {"user_name": "me"}),
            (aws.iam.GroupPolicyAttachmentsExclusive, {"group_name": "we"}),
            (aws.iam.PolicyAttachment, {"roles": ["role"]}),
            (aws.iam.GroupPolicyAttachment, {"group": "we"}),
            (aws.ssoadmin.ManagedPolicyAttachment, _SSO),
            (aws.ssoadmin.ManagedPolicyAttachmentsExclusive, _SSO),
        )
    ),
    *(
        _attached(aws.iam.RolePolicyAttachment, policy, state, role="role")
        for policy, state in (
            ("arn:aws-cn:iam::aws:policy/AdministratorAccess", CAUGHT),
            ("arn:aws-us-gov:iam::aws:policy/PowerUserAccess", CAUGHT),
            ("arn:aws:iam::aws:policy/IAMFullAccess", CAUGHT),
            ("arn:aws:iam::aws:policy/AdministratorAccess-Amplify", CAUGHT),
            (_LOCAL, PASSED),
            ("arn:aws:iam::aws:policy/AdministratorAccess-AWSElasticBeanstalk", PASSED),
            ("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess", PASSED),
            ("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", PASSED),
        )
    ),
    Case(
        "an administrator among a role's exclusive policies, made of the stack",
        (
            add("own", aws.iam.Policy, {"policy": json.dumps(document(_allow("sqs:SendMessage", _OWN)))}),
            add(
                "attached",
                aws.iam.RolePolicyAttachmentsExclusive,
                {"role_name": "role", "policy_arns": [From("own", "arn"), _ADMIN]},
            ),
        ),
        found("forbid-administrator-policies@attached"),
    ),
    Case(
        "the rights of a permission set",
        (
            add(
                "permissions",
                aws.ssoadmin.PermissionSetInlinePolicy,
                {**_SSO, "inline_policy": json.dumps(document(_allow("iam:PassRole")))},
            ),
        ),
        found("forbid-escalation@permissions"),
    ),
    # A boundary gives nothing.
    Case("an administrator's policy as a boundary", (put("role", "permissions_boundary", _ADMIN),), NOTHING),
)

CASES = (*ACTIONS, *SPELLINGS, *SERVICES, *ATTACHMENTS)
