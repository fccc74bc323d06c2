"""A static site twice: a public website bucket, and a private bucket behind CloudFront, as AWS itself advises."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from . import at


def _document(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def public() -> None:
    """Make the public bucket."""
    site = aws.s3.Bucket("site", force_destroy=True, website={"index_document": "index.html"})
    opened = aws.s3.BucketPublicAccessBlock(
        "site-open",
        bucket=site.id,
        block_public_acls=False,
        block_public_policy=False,
        ignore_public_acls=False,
        restrict_public_buckets=False,
    )
    aws.s3.BucketPolicy(
        "site-policy",
        bucket=site.id,
        policy=site.arn.apply(
            lambda arn: _document(
                {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{arn}/*"}
            )
        ),
        opts=pulumi.ResourceOptions(depends_on=[opened]),
    )
    aws.s3.BucketObjectv2("index", bucket=site.id, key="index.html", content="<p>Hello", content_type="text/html")


PUBLIC = at(
    "site",
    "block-public-buckets",
    "encrypt-buckets",
    "version-buckets",
    "disable-bucket-acls",
    "keep-buckets",
    "expire-objects",
)
"""The policy is made of the bucket's ARN: at the first preview its text is unknown."""
PUBLIC_LATER = PUBLIC | at("site-policy", "require-tls-for-buckets")
LATER = {"site": {"id": "site-0a1b2c3", "arn": "arn:aws:s3:::site-0a1b2c3"}}


def behind_cloudfront() -> None:
    """Make the bucket that only CloudFront reads."""
    bucket = aws.s3.Bucket("pages")
    closed = aws.s3.BucketPublicAccessBlock(
        "pages-closed",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    aws.s3.BucketOwnershipControls("pages-owner", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
    aws.s3.BucketServerSideEncryptionConfiguration(
        "pages-encrypted",
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
    )
    aws.s3.BucketVersioning("pages-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    aws.s3.BucketLifecycleConfiguration(
        "pages-lifecycle",
        bucket=bucket.id,
        rules=[
            {
                "id": "old-versions",
                "status": "Enabled",
                "noncurrent_version_expiration": {"noncurrent_days": 90},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
    )
    # CloudFront takes certificates of this region only.
    virginia = aws.Provider("virginia", region="us-east-1")
    certificate = aws.acm.Certificate(
        "certificate",
        domain_name="www.example.org",
        validation_method="DNS",
        opts=pulumi.ResourceOptions(provider=virginia),
    )
    proof = certificate.domain_validation_options[0]
    aws.route53.Record(
        "certificate-proof",
        zone_id="Z0123456789ABC",
        name=proof.resource_record_name.apply(str),
        type=proof.resource_record_type.apply(str),
        records=[proof.resource_record_value.apply(str)],
        ttl=300,
    )
    control = aws.cloudfront.OriginAccessControl(
        "control", origin_access_control_origin_type="s3", signing_behavior="always", signing_protocol="sigv4"
    )
    distribution = aws.cloudfront.Distribution(
        "distribution",
        enabled=True,
        aliases=["www.example.org"],
        default_root_object="index.html",
        origins=[
            {
                "origin_id": "pages",
                "domain_name": bucket.bucket_regional_domain_name,
                "origin_access_control_id": control.id,
            }
        ],
        default_cache_behavior={
            "target_origin_id": "pages",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["GET", "HEAD"],
            "cached_methods": ["GET", "HEAD"],
            "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={
            "acm_certificate_arn": certificate.arn,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        },
    )
    aws.s3.BucketPolicy(
        "pages-policy",
        bucket=bucket.id,
        policy=pulumi.Output.all(bucket.arn, distribution.arn).apply(
            lambda arns: _document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudfront.amazonaws.com"},
                    "Action": "s3:GetObject",
                    "Resource": f"{arns[0]}/*",
                    "Condition": {"StringEquals": {"AWS:SourceArn": arns[1]}},
                },
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arns[0], f"{arns[0]}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            )
        ),
        opts=pulumi.ResourceOptions(depends_on=[closed]),
    )
    aws.route53.Record(
        "name",
        zone_id="Z0123456789ABC",
        name="www.example.org",
        type="A",
        aliases=[
            {
                "name": distribution.domain_name,
                "zone_id": distribution.hosted_zone_id,
                "evaluate_target_health": False,
            }
        ],
    )


BEHIND_CLOUDFRONT: frozenset[str] = frozenset()
"""The pack has no rule about CloudFront itself: no rule reads a distribution."""
