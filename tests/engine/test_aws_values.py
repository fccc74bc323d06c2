"""The values and relations of what the committed stacks make, as cfn-lint knows them from AWS's own specifications."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.aws.cloudformation import UntranslatedError, template
from simulators.aws.cloudformation.linting import lint
from tests.engine.aws_stack import AwsStack

MUTED = {
    "W3010": "a template for every region names no zone; the settings of a stack name theirs on purpose",
    "W3691": "takes a major version alone, by which RDS chooses the minor one, for one that is no longer offered",
}
"""Rules that say nothing here. Every other error and warning counts."""

BUCKET = "urn:pulumi:test::test::aws:s3/bucket:Bucket::files"
KEY = "urn:pulumi:test::test::test:index:Part$aws:kms/key:Key::the-key"


def resource(urn: str, inputs: dict[str, Any], refers: dict[str, str] | None = None, **outputs: Any) -> dict[str, Any]:
    return {
        "urn": urn,
        "type": urn.split("::")[2].rpartition("$")[2],
        "id": f"id-of-{urn.rpartition('::')[2]}",
        "inputs": {"__defaults": [], **inputs},
        "outputs": outputs,
        "propertyDependencies": {name: [other] for name, other in (refers or {}).items()},
    }


def alike(name: str) -> str:
    return f"urn:pulumi:test::test::{name}::it"


@pytest.mark.engine
@pytest.mark.parametrize("name", ["production", "staging"])
def test_cfn_lint_finds_nothing(name: str, request: pytest.FixtureRequest) -> None:
    stack: AwsStack = request.getfixturevalue(name)
    found = lint(template(stack.resources().values()))
    assert [each for each in found if each.rule not in MUTED] == []
    assert {each.rule for each in found} == MUTED.keys(), "a rule is muted that has nothing to say"


def test_names_references_and_parts() -> None:
    made = template(
        [
            resource(KEY, {"deletionWindowInDays": 30, "policy": '{"Statement": []}'}, arn="arn:of:the-key"),
            resource(BUCKET, {"bucket": "files", "forceDestroy": True, "tags": {"a": "b"}}),
            resource(
                alike("aws:s3/bucketVersioning:BucketVersioning"),
                {"bucket": "files", "versioningConfiguration": {"status": "Enabled"}},
                {"bucket": BUCKET},
            ),
            resource(
                alike("aws:cloudwatch/logGroup:LogGroup"),
                {"name": "log", "kmsKeyId": "arn:of:the-key", "retentionInDays": 17},
                {"kmsKeyId": KEY},
                arn="arn:of:it",
            ),
            resource(
                alike("aws:kms/alias:Alias"), {"name": "alias/a", "targetKeyId": "id-of-the-key"}, {"targetKeyId": KEY}
            ),
            resource(alike("aws:lambda/invocation:Invocation"), {"functionName": "f"}),
            resource(alike("random:index/randomPassword:RandomPassword"), {"length": 32}),
        ]
    )
    assert made["Resources"] == {
        "KeyTheKey": {
            "Type": "AWS::KMS::Key",
            "Properties": {"PendingWindowInDays": 30, "KeyPolicy": {"Statement": []}},
        },
        "BucketFiles": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": "files",
                "Tags": [{"Key": "a", "Value": "b"}],
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "LoggroupIt": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": "log",
                "KmsKeyId": {"Fn::GetAtt": ["KeyTheKey", "Arn"]},
                "RetentionInDays": 17,
            },
        },
        "AliasIt": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/a", "TargetKeyId": {"Ref": "KeyTheKey"}},
        },
    }


@pytest.mark.parametrize(
    ("urn", "inputs", "reason"),
    [
        (alike("aws:sqs/queue:Queue"), {}, "aws:sqs/queue:Queue has no counterpart in the table"),
        (
            alike("aws:ec2/subnet:Subnet"),
            {"customerOwnedIpv4Pool": "pool"},
            "aws:ec2/subnet:Subnet: customerOwnedIpv4Pool has no counterpart in AWS::EC2::Subnet",
        ),
        (
            alike("aws:ec2/launchTemplate:LaunchTemplate"),
            {"metadataOptions": {"hopLimit": 1}},
            "metadataOptions.hopLimit has no counterpart in AWS::EC2::LaunchTemplate",
        ),
        (
            alike("aws:s3/bucketPolicy:BucketPolicy"),
            {"policy": {"Statement": []}},
            "nothing says what the keys of policy are in AWS::S3::BucketPolicy",
        ),
    ],
)
def test_a_value_without_a_translation_is_named(urn: str, inputs: dict[str, Any], reason: str) -> None:
    with pytest.raises(UntranslatedError, match=reason):
        template([resource(urn, inputs)])
