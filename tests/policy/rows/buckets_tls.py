"""Policies of buckets: what refuses requests without TLS."""

from __future__ import annotations

import json

from policy.testing.aws_documents import document
from policy.testing.change import ABSENT, Args, Change, put, without

from ..mutation import NOTHING, Case, found, spelled

_RULE = "require-tls-for-buckets"
_ARN = "arn:aws:s3:::files"
_PLAIN = {"Bool": {"aws:SecureTransport": "false"}}


def _refusal(**changed: object) -> Args:
    statement: Args = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [_ARN, f"{_ARN}/*"],
        "Condition": _PLAIN,
    }
    return {key: value for key, value in {**statement, **changed}.items() if value is not ABSENT}


def _when(**condition: object) -> Args:
    return _refusal(Condition=condition)


def _policy(statements: Args | tuple[Args, ...]) -> Change:
    listed = statements if isinstance(statements, tuple) else (statements,)
    return put("files-policy", "policy", json.dumps(document(*listed)))


CASES = (
    *spelled(
        _RULE,
        "files-policy",
        _policy,
        caught=(
            _when(Bool={"aws:SecureTransport": ["true"]}),
            _when(StringNotEquals={"aws:SecureTransport": "false"}),
            _when(Null={"aws:SecureTransport": "true"}),
            _when(NumericLessThan={"s3:TlsVersion": "1.2"}),
            _when(Bool={"aws:SecureTransport": "false"}, NumericLessThan={"s3:TlsVersion": ["1.2"]}),
            _when(Bool={"aws:SecureTransport": "false"}, StringEquals={"aws:PrincipalAccount": "123456789012"}),
            _refusal(Condition=ABSENT),
            _refusal(Action=["s3:GetObject", "s3:PutObject"]),
            _refusal(Action=ABSENT, NotAction="s3:ListBucket"),
            _refusal(Principal={"AWS": ["arn:aws:iam::123456789012:root"]}),
            _refusal(Effect="Allow"),
            _refusal(Resource=_ARN),
            _refusal(Resource=[f"{_ARN}/*"]),
            _refusal(Resource=[_ARN, f"{_ARN}/private/*"]),
        ),
        passed=(
            _refusal(),
            _when(Bool={"aws:SecureTransport": ["false"]}),
            _when(Bool={"aws:SecureTransport": [False]}),
            _when(Bool={"aws:SecureTransport": False}),
            _when(bool={"AWS:SecureTransport": "False"}),
            _when(BoolIfExists={"aws:SecureTransport": "false"}),
            _when(StringEquals={"aws:SecureTransport": "false"}),
            _when(StringNotEquals={"aws:SecureTransport": ["true"]}),
            _when(Bool={"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}),
            _refusal(Principal={"AWS": "*"}),
            _refusal(Principal={"AWS": ["*"]}),
            _refusal(Action=["s3:*"]),
            _refusal(Action="S3:*"),
            _refusal(Action="*"),
            _refusal(Resource=f"{_ARN}*"),
            _refusal(Resource="*"),
            (_refusal(Resource=_ARN), _refusal(Resource=f"{_ARN}/*")),
            (_refusal(), _when(NumericLessThan={"s3:TlsVersion": 1.2})),
        ),
    ),
    Case(
        "a policy of the bucket itself",
        (without("files-policy"), put("files", "policy", json.dumps(document(_refusal())))),
        NOTHING,
    ),
    Case(
        "a policy of the bucket itself that refuses nothing",
        (without("files-policy"), put("files", "policy", json.dumps(document(_refusal(Effect="Allow"))))),
        found(f"{_RULE}@files"),
    ),
)
