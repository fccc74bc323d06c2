"""Log groups: encrypted with a key of the account, and kept for a known time."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from ..security.key import customer_managed_key

RETENTION_DAYS = 365
"""Default retention (CloudWatch.16)."""
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""Retentions that CloudWatch Logs accepts (`PutRetentionPolicy`), except 0, which keeps a log for ever."""


def parse_retention(raw: object) -> int:
    """Parse days that a log is kept."""
    text = str(raw)
    days = text.removesuffix(".0")  # Other languages send every number as a float.
    if days not in map(str, RETENTIONS):
        raise ValueError(f"must be a retention of CloudWatch Logs in days: {', '.join(map(str, RETENTIONS))}")
    return int(days)


def log_group(  # noqa: PLR0913 - the name is fixed by few services only
    name: str,
    *,
    retention_days: int,
    key_arn: pulumi.Input[str],
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    group_name: pulumi.Input[str] | None = None,
) -> aws.cloudwatch.LogGroup:
    """Make a log group. Its name is the engine's but where a service fixes it with ``group_name``."""
    return aws.cloudwatch.LogGroup(
        name, name=group_name, retention_in_days=retention_days, kms_key_id=key_arn, tags=tags, opts=opts
    )


def encrypted_log_group(  # noqa: PLR0913 - as above
    name: str,
    *,
    own_key: tuple[str, str],
    key_arn: pulumi.Input[str] | None,
    retention_days: int,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    group_name: pulumi.Input[str] | None = None,
) -> aws.cloudwatch.LogGroup:
    """Make a log group, and a key for it unless one is given; ``own_key`` is that one's name and description."""
    if key_arn is None:
        key_arn = customer_managed_key(*own_key, opts, services=["logs"], tags=tags).arn
    return log_group(name, retention_days=retention_days, key_arn=key_arn, tags=tags, opts=opts, group_name=group_name)
