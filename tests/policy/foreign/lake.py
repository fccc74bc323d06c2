"""A data lake: one bucket in the old inline form, one whose settings are resources of their own, and a job that reads.

The first belongs to a careful team and has one hole, the second was made in a hurry.
"""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from . import at

ACCOUNT = "123456789012"


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _key() -> aws.kms.Key:
    owner = {"Sid": "Owner", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    # Every caller that comes through S3 of this account, in the words of AWS's own key for S3.
    through_s3 = {
        "Sid": "ThroughS3",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": [ACCOUNT]}},
    }
    return aws.kms.Key("lake", description="Data lake", enable_key_rotation=True, policy=_document(owner, through_s3))


def _raw(key: aws.kms.Key) -> aws.s3.Bucket:
    bucket = aws.s3.Bucket(
        "raw",
        bucket="acme-lake-raw",
        versioning={"enabled": True},
        server_side_encryption_configuration={
            "rule": {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                },
                "bucket_key_enabled": True,
            }
        },
        lifecycle_rules=[
            {
                "id": "cold",
                "enabled": True,
                "abort_incomplete_multipart_upload_days": 3,
                "transitions": [{"days": 90, "storage_class": "GLACIER"}],
                "noncurrent_version_expiration": {"days": 365},
            }
        ],
        policy=_document(
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": {"AWS": ["*"]},
                "Action": ["s3:*"],
                "Resource": ["arn:aws:s3:::acme-lake-raw", "arn:aws:s3:::acme-lake-raw/*"],
                "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
            }
        ),
    )
    aws.s3.BucketOwnershipControls("raw-owner", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
    return bucket


def _curated() -> aws.s3.Bucket:
    bucket = aws.s3.Bucket("curated", force_destroy=True)
    aws.s3.BucketAclV2("curated-acl", bucket=bucket.id, acl="private")
    aws.s3.BucketVersioningV2(
        "curated-versions", bucket=bucket.bucket, versioning_configuration={"status": "Suspended"}
    )
    aws.s3.BucketServerSideEncryptionConfigurationV2(
        "curated-encrypted",
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
    )
    aws.s3.BucketLifecycleConfigurationV2(
        "curated-lifecycle", bucket=bucket.id, rules=[{"id": "all", "status": "Enabled", "expiration": {"days": 730}}]
    )
    aws.s3.BucketPublicAccessBlock(
        "curated-closed",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    # Only requests without a valid signature's age are refused: plain ones are not.
    aws.s3.BucketPolicy(
        "curated-policy",
        bucket=bucket.id,
        policy=pulumi.Output.format(
            '{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Principal": "*", "Action": "s3:*",'
            ' "Resource": "{0}/*", "Condition": {{"NumericGreaterThan": {{"s3:signatureAge": "600000"}}}}}}}}',
            bucket.arn,
        ),
    )
    return bucket


def program() -> None:
    """Make the lake."""
    key = _key()
    raw, curated = _raw(key), _curated()
    trust = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws.iam.Role(
        "job",
        assume_role_policy=_document(trust),
        managed_policy_arns=["arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"],
        inline_policies=[
            {
                "name": "read",
                "policy": pulumi.Output.all(raw=raw.arn, key=key.arn).apply(
                    lambda arns: _document(
                        {
                            "Effect": "Allow",
                            "Action": ["s3:GetObject", "s3:ListBucket"],
                            "Resource": [arns["raw"], f"{arns['raw']}/*"],
                        },
                        {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [arns["key"]]},
                    )
                ),
            },
            {
                "name": "write",
                "policy": _document(
                    {"Effect": "Allow", "Action": ["s3:Put*", "s3:Delete*"], "Resource": "arn:aws:s3:::*"}
                ),
            },
        ],
    )
    aws.glue.Job(
        "clean",
        role_arn=role.arn,
        glue_version="5.0",
        command={"script_location": curated.bucket.apply("s3://{}/jobs/clean.py".format), "python_version": "3"},
    )
    aws.athena.Workgroup("analysts", configuration={"enforce_workgroup_configuration": True})


EXPECTED = (
    at("raw", "block-public-buckets")
    | at("curated", "version-buckets", "disable-bucket-acls", "keep-buckets", "expire-objects")
    # `arn:aws:s3:::*` is every bucket.
    | at("job", "name-changed-resources")
)
"""The policy of the second bucket is made of its ARN: at the first preview its text is unknown."""
EXPECTED_LATER = EXPECTED | at("curated-policy", "require-tls-for-buckets")
LATER = {
    "lake": {"arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"},
    "raw": {"id": "acme-lake-raw", "bucket": "acme-lake-raw", "arn": "arn:aws:s3:::acme-lake-raw"},
    "curated": {"id": "curated-0a1b2c3", "bucket": "curated-0a1b2c3", "arn": "arn:aws:s3:::curated-0a1b2c3"},
    "job": {"arn": f"arn:aws:iam::{ACCOUNT}:role/job-0a1b2c3", "name": "job-0a1b2c3"},
}
