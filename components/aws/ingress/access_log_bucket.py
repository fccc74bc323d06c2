"""The access logs of a load balancer. They hold queries with valid reset links, so retention is short.

S3's own key encrypts the bucket, because load balancers can't write with a customer's.

Two statements let this account's load balancers in: AWS's guide ("Enable access logs for your Application Load
Balancer") puts `aws:SourceArn` into the condition, others `aws:SourceAccount`. Both in one condition would have to hold
together, so a request that carries only one of them would be refused, and with it the load balancer.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from ..provider.lookups import Lookups
from ..security.bucket import PrivateBucket, private_bucket
from ..security.iam import Condition, allow


def access_log_bucket(
    name: str,
    *,
    days: int,
    deletion_protection: bool,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> PrivateBucket:
    """Make a bucket that the load balancers of this account write to; ``opts`` must name the parent."""
    lookups = Lookups(opts.parent)
    account = lookups.account
    balancers = pulumi.Output.concat(
        "arn:",
        lookups.partition,
        ":elasticloadbalancing:",
        lookups.region,
        ":",
        account,
        ":loadbalancer/*",
    )
    conditions: dict[str, Condition] = {
        "AccessLogsOfAccount": {"StringEquals": {"aws:SourceAccount": account}},
        "AccessLogsOfBalancers": {"ArnLike": {"aws:SourceArn": balancers}},
    }
    return private_bucket(
        name,
        opts,
        tags=tags,
        deletion_protection=deletion_protection,
        expire_days=days,
        old_version_days=1,
        statements=lambda arn: [
            allow(
                sid,
                "s3:PutObject",
                pulumi.Output.concat(arn, "/AWSLogs/", account, "/*"),
                principal={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                condition=condition,
            )
            for sid, condition in conditions.items()
        ],
    )
