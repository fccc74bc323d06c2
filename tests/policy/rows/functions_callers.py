"""Who may call a function."""

from __future__ import annotations

import json

import pulumi_aws as aws

from policy.testing.aws_documents import document
from policy.testing.change import Args, Change, From, add

from ..mutation import Case, found, spelled

_RULE = "forbid-public-functions"


def _permission(changed: Args) -> Change:
    body = {"function": From("function", "name"), "action": "lambda:InvokeFunction"}
    return add("permission", aws.lambda_.Permission, {**body, **changed})


def _policy(name: str, *violations: str, **condition: object) -> Case:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*"}
    policy = json.dumps(document({**statement, **({"Condition": condition} if condition else {})}))
    change = add("callers", aws.lambda_.ResourcePolicy, {"resource_arn": From("function", "arn"), "policy": policy})
    return Case(f"a function's policy for {name}", (change,), found(*violations))


_S3 = {"principal": "s3.amazonaws.com"}
_API = "arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/*/*/*"

CASES = (
    *spelled(
        _RULE,
        "permission",
        _permission,
        caught=(
            {"principal": "*"},
            _S3,
            {"principal": "events.amazonaws.com.cn"},
            {**_S3, "source_arn": "*"},
            {**_S3, "source_arn": "arn:aws:s3:::*"},
            {"principal": "apigateway.amazonaws.com", "source_arn": "arn:aws:execute-api:*:*:*/*"},
            {"principal": "*", "principal_org_id": "o-*"},
            {"principal": "*", "source_account": "*"},
            {"principal": "*", "function_url_auth_type": "NONE"},
            {"principal": "*", "function_url_auth_type": "AWS_IAM"},
        ),
        passed=(
            {"principal": "123456789012"},
            {"principal": "arn:aws:iam::123456789012:role/one"},
            {**_S3, "source_arn": "arn:aws:s3:::files"},
            {**_S3, "source_account": "123456789012"},
            {"principal": "apigateway.amazonaws.com", "source_arn": _API},
            {"principal": "events.amazonaws.com", "source_arn": From("alarm", "arn")},
            {"principal": "*", "principal_org_id": "o-a1b2c3d4e5"},
            {"principal": "*", "principal_org_id": "o-a1b2c3d4e5", "function_url_auth_type": "AWS_IAM"},
        ),
    ),
    _policy("any caller", f"{_RULE}@callers"),
    _policy("any caller through TLS", f"{_RULE}@callers", Bool={"aws:SecureTransport": "true"}),
    _policy("an organisation", StringEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"}),
)
