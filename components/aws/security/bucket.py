"""A private S3 bucket: never public, encrypted, reachable only over TLS, with old versions kept for a while.

It is a function and not a component, because a bucket is always a part of another component.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .iam import Statement, deny, document

_ABORT_UPLOADS_DAYS = 7
_OWNER_ONLY = "BucketOwnerEnforced"
"""Disables access control lists: only policies grant access."""


@dataclass(frozen=True)
class PrivateBucket:
    """A bucket, and the policy that must exist before the bucket is used."""

    bucket: aws.s3.Bucket
    policy: aws.s3.BucketPolicy
    """Resources that write to the bucket with its permissions must depend on it."""


def private_bucket(  # noqa: PLR0913 - one argument for each thing that the bucket's owner decides
    name: str,
    opts: pulumi.ResourceOptions,
    *,
    tags: Mapping[str, pulumi.Input[str]],
    deletion_protection: bool,
    statements: Callable[[pulumi.Output[str]], Sequence[Statement]] = lambda _: (),
    kms_key_arn: pulumi.Input[str] | None = None,
    expire_days: int | None = None,
    old_version_days: int = 30,
) -> PrivateBucket:
    """Make a bucket.

    ``statements`` gets the bucket's ARN and returns what its policy allows. Without ``kms_key_arn`` S3's own key
    encrypts (SSE-S3). With ``deletion_protection`` only an empty bucket can be deleted. ``expire_days`` deletes objects
    so many days after they were written; replaced and deleted ones go ``old_version_days`` later.
    """
    bucket = aws.s3.Bucket(name, force_destroy=not deletion_protection, tags=tags, opts=opts)
    aws.s3.BucketOwnershipControls(
        f"{name}-ownership", bucket=bucket.bucket, rule={"object_ownership": _OWNER_ONLY}, opts=opts
    )
    public_access = aws.s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=bucket.bucket, rules=[_encryption(kms_key_arn)], opts=opts
    )
    versioning = aws.s3.BucketVersioning(
        f"{name}-versioning", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=opts
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.bucket,
        rules=[_lifecycle(expire_days, old_version_days)],
        # S3 refuses a rule on old versions before there are versions.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[versioning])),
    )
    plain_http = deny(
        "DenyPlainHttp",
        "s3:*",
        [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    policy = aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.bucket,
        policy=document(plain_http, *statements(bucket.arn)),
        # S3 answers "conflicting operation" where both are set at once.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[public_access])),
    )
    return PrivateBucket(bucket, policy)


def _encryption(kms_key_arn: pulumi.Input[str] | None) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    if kms_key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key_arn},
        # One key request for many objects.
        "bucket_key_enabled": True,
    }


def _lifecycle(expire_days: int | None, old_version_days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "expire",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": old_version_days},
        "abort_incomplete_multipart_upload": {"days_after_initiation": _ABORT_UPLOADS_DAYS},
    }
    if expire_days is not None:
        rule["expiration"] = {"days": expire_days}
    return rule
