"""The access logs of a load balancer: queries with live reset links are in them, so they are not kept for long.

S3's own key encrypts the bucket, because load balancers can't write with a customer's.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from .bucket import PrivateBucket, private_bucket
from .iam import allow


def access_log_bucket(
    name: str, *, days: int, deletion_protection: bool, tags: dict[str, str], opts: pulumi.ResourceOptions
) -> PrivateBucket:
    """Make a bucket that the load balancers of this account write to; ``opts`` must name the parent."""
    account = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=opts.parent)).account_id
    return private_bucket(
        name,
        opts,
        tags=tags,
        deletion_protection=deletion_protection,
        expire_days=days,
        old_version_days=1,
        statements=lambda arn: [
            allow(
                "AccessLogs",
                "s3:PutObject",
                pulumi.Output.concat(arn, "/AWSLogs/", account, "/*"),
                principal={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                condition={"StringEquals": {"aws:SourceAccount": account}},
            )
        ],
    )
