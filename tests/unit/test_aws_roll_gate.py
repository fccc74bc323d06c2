"""The gate after a roll, as it is declared; what it does is tested in `test_roll_gate_function.py`."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.aws.compute.roll_gate import AwsRollGate
from components.aws.functions.archive import function_code
from components.inputs.error import InvalidInputError
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.aws_outputs import arn
from tests.unit.recording import Declared, declare

TARGETS = arn("elasticloadbalancing", "targetgroup/kotauth/943f017f100becff")


def gate(**more: Any) -> Declared:
    args: Any = {"group_name": "kotauth-0c0ffee", "target_group_arn": TARGETS, "tags": TAGS, **more}
    return declare(lambda: {"result": AwsRollGate("gate", args).result})


@pytest.fixture(scope="module")
def declared() -> Declared:
    return gate()


def test_it_is_asked_anew_for_every_group(declared: Declared) -> None:
    call = declared.named("gate-call").inputs
    assert call["triggers"] == {"group": "kotauth-0c0ffee"}
    assert call["lifecycleScope"] == "CREATE_ONLY"
    assert json.loads(call["input"]) == {"group": "kotauth-0c0ffee", "target_group": TARGETS, "limit_seconds": 840}
    assert call["functionName"] == "gate-0c0ffee"
    assert declared.outputs["result"] == '{"call": "gate-call"}'


def test_it_may_look_and_write_its_own_log_and_nothing_else(declared: Declared) -> None:
    assert statements(declared.named("gate-rights")) == [
        {
            "Sid": "ReadHealth",
            "Effect": "Allow",
            "Action": ["autoscaling:DescribeAutoScalingGroups", "elasticloadbalancing:DescribeTargetHealth"],
            "Resource": "*",
        },
        {
            "Sid": "WriteLog",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": arn("logs", "log-group:gate-log-0c0ffee:*"),
        },
    ]
    assert statements(declared.named("gate-role"), "assumeRolePolicy") == [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
    assert [r.name for r in declared.of_type(":RolePolicy")] == ["gate-rights"]
    assert declared.of_type(":RolePolicyAttachment") == []


def test_the_function(declared: Declared) -> None:
    function = declared.named("gate", ":Function").inputs
    assert "vpcConfig" not in function, "AWS's APIs are not in the VPC, and interfaces would make a destroy slow"
    assert "environment" not in function
    assert function["runtime"] == "python3.13"
    assert function["loggingConfig"] == {"logGroup": "gate-log-0c0ffee", "logFormat": "JSON"}
    assert untagged(declared) == []


def test_it_has_its_rights_before_it_is_called(declared: Declared) -> None:
    assert "gate-rights" in declared.named("gate", ":Function").dependencies


def test_lambda_does_not_end_it_before_it_says_why() -> None:
    function = gate(limit_seconds=840).named("gate", ":Function").inputs
    assert 840 < function["timeout"] <= 900
    with pytest.raises(InvalidInputError, match=r'limit_seconds = "900": must be seconds, .* 840 \(Lambda ends at 900'):
        gate(limit_seconds=900)


def test_its_log_is_encrypted_with_a_given_key_or_with_one_of_its_own(declared: Declared) -> None:
    own = declared.named("gate-log").inputs
    assert own["retentionInDays"] == 365
    assert own["kmsKeyId"] == arn("kms", "key/gate-key-id")
    given = gate(log_retention_days=30, kms_key_arn="arn:key")
    assert given.named("gate-log").inputs == {"retentionInDays": 30, "kmsKeyId": "arn:key", "tags": TAGS}
    assert given.of_type(":Key") == []
    with pytest.raises(
        InvalidInputError, match='log_retention_days = "99": must be a retention of CloudWatch Logs in days'
    ):
        gate(log_retention_days=99)


def test_the_archive_holds_what_the_handler_imports() -> None:
    """Beside Python's own modules, Lambda brings boto3 with botocore."""
    code = function_code("roll_gate")
    assert code.handler == "kotauth.aws.functions.roll_gate.handler.handle"
    assert set(code.archive.assets) == {"kotauth/aws/functions/roll_gate/handler.py"}
    (asset,) = code.archive.assets.values()
    assert isinstance(asset, pulumi.FileAsset)
    tree = ast.parse(Path(asset.path).read_text())
    imported = {node.names[0].name for node in ast.walk(tree) if isinstance(node, ast.Import)}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"__future__", "time", "typing", "boto3", "botocore.exceptions"}
