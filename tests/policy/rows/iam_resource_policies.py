"""Policies of secrets, queues, topics and repositories: who is let in."""

from __future__ import annotations

import json

import pulumi_aws as aws

from policy.testing.aws_documents import document
from policy.testing.change import ABSENT, UNKNOWN, Args, Change, From, Secret, add, put

from ..mutation import NOTHING, Case, found, spelled, state

_RULE = "restrict-resource-policies"
_QUEUE = found(f"{_RULE}@queue")
_HOLDERS = (
    (aws.secretsmanager.SecretPolicy, {"secret_arn": "arn:1"}),
    (aws.sqs.QueuePolicy, {"queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"}),
    (aws.sns.Topic, {"kms_master_key_id": "alias/aws/sns"}),
    (aws.sns.TopicPolicy, {"arn": "arn:1"}),
    (aws.ecr.RepositoryPolicy, {"repository": "app"}),
)


def _open(principal: object = "*", **condition: object) -> Args:
    statement: Args = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*"}
    return {**statement, **({"Condition": condition} if condition else {})}


def _queue(policy: object) -> Change:
    return add("queue", aws.sqs.Queue, {} if policy is ABSENT else {"policy": policy})


def _spelled(value: Args | tuple[Args, ...]) -> Change:
    return _queue(json.dumps(document(*value if isinstance(value, tuple) else (value,))))


def _refused(condition: Args, action: object = "sqs:*") -> Args:
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}


_ANY_PRINCIPAL = json.dumps(document(_open()))
_VPCE = {"aws:SourceVpce": "vpce-0a1b2c3d"}

CASES = (
    state(_RULE, "known", (_queue(_ANY_PRINCIPAL),), _QUEUE),
    state(_RULE, "secret", (_queue(Secret(_ANY_PRINCIPAL)),), _QUEUE),
    state(_RULE, "unknown", (_queue(UNKNOWN),), _QUEUE),
    state(_RULE, "absent", (_queue(ABSENT),), NOTHING),
    *spelled(
        _RULE,
        "queue",
        _spelled,
        caught=(
            _open({"AWS": "*"}),
            _open({"AWS": ["*"]}),
            _open("*", StringLike={"aws:PrincipalOrgID": "*"}),
            _open("*", StringEquals={"aws:PrincipalAccount": "${aws:PrincipalAccount}"}),
            _open("*", ArnLike={"aws:SourceArn": "arn:aws:s3:::*"}),
            _open("*", ArnLike={"aws:SourceArn": "arn:aws:sns:*:*:orders"}),
            _open("*", IpAddress={"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/0"]}),
            _open("*", NotIpAddress={"aws:SourceIp": "203.0.113.0/24"}),
            _open("*", Bool={"aws:SecureTransport": "true"}),
            _open("*", StringNotEquals=_VPCE),
            (_open(), _refused({"Bool": {"aws:SecureTransport": "false"}})),
            (_open(), _refused({"StringNotEquals": _VPCE, "Bool": {"aws:SecureTransport": "false"}})),
            (_open(), _refused({"ForAnyValue:StringNotEquals": _VPCE})),
            (_open(), {"Effect": "Deny", "NotPrincipal": "*", "Action": "sqs:*", "Resource": "*"}),
            (_open(), _refused({"StringNotEquals": _VPCE}, "sqs:DeleteQueue")),
        ),
        passed=(
            _open({"Service": "sns.amazonaws.com"}),
            _open({"AWS": "arn:aws:iam::999999999999:root"}),
            _open("*", ArnEquals={"aws:SourceArn": "arn:aws:s3:::files"}),
            _open("*", ArnLike={"aws:SourceArn": "arn:aws:s3:*:*:files"}),
            _open("*", ArnLike={"AWS:SourceArn": "arn:aws:sns:*:123456789012:*"}),
            _open({"AWS": "*"}, StringEquals={"AWS:SourceOwner": "123456789012"}),
            _open("*", StringEquals={"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}),
            _open("*", StringEquals={"aws:ResourceAccount": "${aws:PrincipalAccount}"}),
            _open("*", IpAddress={"aws:SourceIp": "203.0.113.0/24"}),
            _open("*", StringEquals=_VPCE),
            _open("*", StringEquals={"aws:UserAgent": "x"}, StringLike={"aws:userid": "AROAEXAMPLE:*"}),
            (_open(), _refused({"StringNotEquals": _VPCE})),
            (
                _open(),
                _refused({"StringNotEqualsIfExists": _VPCE, "BoolIfExists": {"aws:PrincipalIsAWSService": False}}),
            ),
            (
                _open(),
                {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::1:root"}, "Action": "sqs:*", "Resource": "*"},
            ),
            _refused({"Bool": {"aws:SecureTransport": "false"}}),
        ),
    ),
    *(
        Case(
            f"any principal, by {kind.__name__}",
            (add("open", kind, {**args, "policy": _ANY_PRINCIPAL}),),
            found(f"{_RULE}@open"),
        )
        for kind, args in _HOLDERS
    ),
    Case("a secret whose policy is empty", (put("secret-key-secret", "policy", "{}"),), NOTHING),
    Case(
        "a secret for any principal",
        (put("secret-key-secret", "policy", _ANY_PRINCIPAL),),
        found(f"{_RULE}@secret-key-secret"),
    ),
    Case("a policy made of the queue", (_queue(From("files", "arn", lambda _: _ANY_PRINCIPAL)),), NOTHING),
    Case(
        "a condition that only an update knows",
        (_queue(document(_open("*", ArnEquals={"aws:SourceArn": From("files", "arn")}))),),
        NOTHING,
    ),
    Case(
        "a condition that only an update knows, and a star",
        (_queue(document(_open("*", ArnLike={"aws:SourceArn": [From("files", "arn"), "*"]}))),),
        _QUEUE,
    ),
)
