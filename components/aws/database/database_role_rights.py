"""IAM permissions of the function that creates the database roles, and the limits on its code."""

from __future__ import annotations

import pulumi

from ..security.iam import Statement, allow

_INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]


def rights(
    secret_arns: list[pulumi.Input[str]],
    key_arns: list[pulumi.Input[str]],
    region: pulumi.Output[str],
    log_group_arn: pulumi.Output[str],
) -> list[Statement]:
    """Return what the function may do: read these secrets through their keys, write its log, join the network."""
    return [
        allow("ReadSecrets", "secretsmanager:GetSecretValue", secret_arns),
        allow(
            "DecryptSecrets",
            "kms:Decrypt",
            key_arns,
            condition={
                "StringEquals": {
                    "kms:ViaService": pulumi.Output.concat("secretsmanager.", region, ".amazonaws.com"),
                    "kms:EncryptionContext:SecretARN": secret_arns,
                }
            },
        ),
        allow("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(log_group_arn, ":*")),
        # AWS names no resource for traces.
        allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
        # Lambda puts the function into the VPC by right of the function's own role, and asks for "*".
        allow("JoinNetwork", _INTERFACES, "*"),
    ]


def no_interfaces(function_arn: pulumi.Output[str]) -> Statement:
    """Take from the function's code what Lambda needs for it. The condition holds for calls of the code only."""
    only_code = {"ArnEquals": {"lambda:SourceFunctionArn": function_arn}}
    return {**allow("NotByCode", _INTERFACES, "*", condition=only_code), "Effect": "Deny"}
