"""Every IAM document of the committed stacks: rights and trust of roles, keys, buckets, topics, endpoints."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from tests.engine.aws_stack import AwsStack
from tests.engine.iam_documents import documents, findings

pytestmark = pytest.mark.engine

MUTED = {
    ("*-key", "Account", "RESOURCE_MISMATCH"): (
        "kms:* is AWS's own default, by which IAM decides; it takes in actions that no single key has"
    ),
    ("*-key", "Logs", "RESOURCE_MISMATCH"): (
        "kms:Describe* is AWS's own example for log groups; it takes in an action that no key has"
    ),
    ("*-key", "Logs", "UNKNOWN_CONDITION_FOR_ACTION"): "as in AWS's own example: what only describes has no context",
    ("kotauth-network-s3", "OwnBuckets", "RESOURCE_STAR"): "any bucket, but of this account: a condition says it",
    ("kotauth-network-secrets", "OwnSecrets", "RESOURCE_STAR"): "any secret, but of this account: a condition says it",
    ("kotauth-database-role-rights", "JoinNetwork", "RESOURCE_STAR"): (
        "Lambda demands these for every resource, and the code itself is denied them"
    ),
    ("kotauth-database-role-confined", "NotByCode", "UNKNOWN_CONDITION_FOR_ACTION"): (
        "lambda:SourceFunctionArn stands in the call of any service that a function's code makes (Lambda's guide)"
    ),
}
"""By document, statement and issue. Everything else counts, a `*` as resource first of all."""
KINDS = {
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:kms/key:Key",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:sns/topicPolicy:TopicPolicy",
}


def test_parliament_finds_nothing(production: AwsStack, staging: AwsStack) -> None:
    found, used = [], set()
    for stack in (production, staging):
        looked_at = documents(stack.resources().values())
        assert {resource["type"] for resource, _ in looked_at} == KINDS
        for resource, text in looked_at:
            for each in findings(resource, text):
                mutes = {
                    row for row in MUTED if all(map(fnmatchcase, (each.document, each.statement, each.issue), row))
                }
                used |= mutes
                found += [] if mutes else [each]
    assert found == []
    assert used == MUTED.keys(), "a muted finding is not reported any more"
