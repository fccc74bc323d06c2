"""A private bucket, and the one for access logs."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pulumi
import pytest

from components.aws.ingress.access_log_bucket import access_log_bucket
from components.aws.security.bucket import private_bucket
from components.aws.security.iam import allow
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.recording import Declared, below_a_parent, declare

NAME = "files-0c0ffee"
ARN = f"arn:aws:s3:::{NAME}"
PLAIN_HTTP = {
    "Sid": "DenyPlainHttp",
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def made(**options: Any) -> Declared:
    return declare(
        lambda: private_bucket("files", below_a_parent(), tags=TAGS, **{"deletion_protection": True, **options})
    )


def access_logs(days: int) -> Declared:
    return declare(
        lambda: access_log_bucket("files", days=days, deletion_protection=True, tags=TAGS, opts=below_a_parent())
    )


def test_it_can_t_be_made_public() -> None:
    declared = made()
    assert declared.named("files-public-access").inputs == {
        "bucket": NAME,
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert declared.named("files-ownership").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert declared.named("files-versioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert {
        r.inputs["bucket"] for r in declared.resources if r.type.startswith("aws:s3/bucket") and r.name != "files"
    } == {NAME}
    assert untagged(declared) == []


def test_it_is_not_deleted_with_what_is_in_it() -> None:
    assert made().named("files").inputs == {"forceDestroy": False, "tags": TAGS}
    assert made(deletion_protection=False).named("files").inputs["forceDestroy"] is True


def test_plain_http_is_denied_beside_what_the_owner_allows() -> None:
    declared = made(statements=lambda arn: [allow("Read", "s3:GetObject", pulumi.Output.concat(arn, "/public/*"))])
    policy = declared.named("files-policy")
    assert statements(policy) == [
        PLAIN_HTTP,
        {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{ARN}/public/*"},
    ]
    assert "files-public-access" in policy.dependencies


def test_s3_encrypts_by_itself_or_with_a_given_key() -> None:
    (rule,) = made().named("files-encryption").inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    (rule,) = made(kms_key_arn="arn:key").named("files-encryption").inputs["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:key"},
        "bucketKeyEnabled": True,
    }


def test_only_old_versions_end_unless_told_otherwise() -> None:
    lifecycle = made().named("files-lifecycle")
    (rule,) = lifecycle.inputs["rules"]
    assert rule == {
        "id": "expire",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrentVersionExpiration": {"noncurrentDays": 30},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    }
    assert "files-versioning" in lifecycle.dependencies


def test_access_logs_are_gone_soon() -> None:
    (rule,) = access_logs(14).named("files-lifecycle").inputs["rules"]
    assert rule["expiration"] == {"days": 14}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 1}


BALANCER = "arn:aws:elasticloadbalancing:eu-central-1"


@pytest.mark.parametrize(
    ("keys", "allowed"),
    [
        ({"aws:SourceAccount": "111122223333"}, True),
        (
            {"aws:SourceArn": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/kotauth/50dc"},
            True,
        ),
        (
            {"aws:SourceArn": "arn:aws:elasticloadbalancing:eu-central-1:444455556666:loadbalancer/app/other/50dc"},
            False,
        ),
        ({"aws:SourceAccount": "444455556666"}, False),
        ({}, False),
    ],
)
def test_only_load_balancers_of_the_account_write_access_logs(keys: dict[str, str], allowed: bool) -> None:
    """Whichever of the two documented keys a request carries."""
    _, *writers = statements(access_logs(30).named("files-policy"))

    def holds(condition: dict[str, dict[str, str]]) -> bool:
        return all(fnmatchcase(keys.get(key, ""), value) for each in condition.values() for key, value in each.items())

    assert any(holds(writer["Condition"]) for writer in writers) is allowed


def test_access_logs_can_t_be_read() -> None:
    plain_http, *writers = statements(access_logs(30).named("files-policy"))
    assert plain_http == PLAIN_HTTP
    assert len(writers) == 2
    for writer in writers:
        del writer["Sid"], writer["Condition"]
        assert writer == {
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{ARN}/AWSLogs/111122223333/*",
        }


def test_load_balancers_can_not_write_with_a_customer_key() -> None:
    (rule,) = access_logs(30).named("files-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
