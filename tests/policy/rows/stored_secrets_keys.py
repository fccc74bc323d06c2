"""Policies of keys: who may use them."""

from __future__ import annotations

import json

import pulumi_aws as aws

from policy.testing.aws_documents import ACCOUNT, document
from policy.testing.change import Args, Change, add, put

from ..mutation import Case, found, spelled

_RULE = "restrict-key-users"


def _open(principal: object = "*", **condition: object) -> Args:
    statement: Args = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    return {**statement, **({"Condition": condition} if condition else {})}


def _policy(statement: Args) -> Change:
    return put("secrets-key", "policy", json.dumps(document(ACCOUNT, statement)))


_HERE = {"kms:CallerAccount": "123456789012"}
_THROUGH = {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}
_ANY_PRINCIPAL = json.dumps(document(_open()))

CASES = (
    *spelled(
        _RULE,
        "secrets-key",
        _policy,
        caught=(
            _open("*"),
            _open({"AWS": ["*"]}),
            _open({"AWS": "arn:aws:iam::*:root"}),
            _open("*", StringLike={"aws:PrincipalOrgID": "*"}),
            _open("*", StringLike={"aws:PrincipalOrgID": "o-*"}),
            _open("*", StringLike={"kms:CallerAccount": ["123456789012", "*"]}),
            _open("*", StringEquals=_THROUGH),
            _open("*", StringNotEquals=_HERE),
            _open("*", StringEqualsIfExists=_HERE),
            _open("*", **{"ForAllValues:StringEquals": _HERE}),
            _open("*", Null={"kms:CallerAccount": "false"}),
            _open("*", Bool={"kms:GrantIsForAWSResource": True}),
            _open("*", StringLike={"aws:PrincipalArn": "arn:aws:iam::*:role/app"}),
            _open("*", StringEquals={"aws:PrincipalTag/team": "shop"}),
        ),
        passed=(
            _open("*", StringEquals=_HERE),
            _open("*", StringEquals={"kms:CallerAccount": ["123456789012"]}),
            _open({"AWS": "*"}, StringEquals={**_HERE, **_THROUGH}),
            _open("*", stringequals={"KMS:calleraccount": 123456789012}),
            _open("*", StringEquals={"aws:PrincipalOrgID": ["o-a1b2c3d4e5", "o-f6g7h8i9j0"]}),
            _open("*", **{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}),
            _open("*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::123456789012:role/app-*"}),
            _open("*", StringEqualsIfExists=_HERE, Null={"kms:CallerAccount": False}),
            _open({"Service": "logs.eu-central-1.amazonaws.com"}),
            {**_open("*"), "Effect": "Deny"},
        ),
    ),
    *(
        Case(
            f"a key for any principal, by {kind.__name__}",
            (add("open", kind, {**args, "policy": _ANY_PRINCIPAL}),),
            found(f"{_RULE}@open"),
        )
        for kind, args in (
            (aws.kms.KeyPolicy, {"key_id": "1"}),
            (aws.kms.ReplicaKey, {"primary_key_arn": "arn:1"}),
            (aws.kms.ExternalKey, {}),
            (aws.kms.ReplicaExternalKey, {"primary_key_arn": "arn:1"}),
        )
    ),
)
