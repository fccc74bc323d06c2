"""A customer key with rotation, whose policy names who else may use it.

IAM decides access, so the policy allows the account. It names only services that use the key without a role of the
account: CloudWatch Logs for the account's log groups, and CloudWatch and EventBridge for an encrypted topic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import pulumi
import pulumi_aws as aws

from ..provider.lookups import Lookups
from .iam import Statement, allow, document

DELETION_WINDOW_DAYS = 30
"""The longest that AWS offers: a deleted key takes all that it encrypted with it."""

Service = Literal["logs", "alarms"]
"""`logs` writes encrypted log groups. `alarms` are CloudWatch and EventBridge, which publish to an encrypted topic."""


def customer_managed_key(
    name: str,
    description: str,
    opts: pulumi.ResourceOptions,
    *,
    services: Sequence[Service] = (),
    tags: Mapping[str, pulumi.Input[str]],
) -> aws.kms.Key:
    """Make a key and its alias; ``opts`` must name the parent."""
    lookups = Lookups(opts.parent)
    partition, account, region = lookups.partition, lookups.account, lookups.region
    root = pulumi.Output.concat("arn:", partition, ":iam::", account, ":root")
    key = aws.kms.Key(
        name,
        description=description,
        enable_key_rotation=True,
        deletion_window_in_days=DELETION_WINDOW_DAYS,
        # "*" in a key's policy is this key. IAM decides who in the account may do what with it.
        policy=pulumi.Output.json_dumps(
            document(
                allow("Account", "kms:*", "*", principal={"AWS": root}),
                *(_STATEMENTS[service](partition, region, account) for service in services),
            )
        ),
        tags=tags,
        opts=opts,
    )
    aws.kms.Alias(f"{name}-alias", target_key_id=key.key_id, opts=pulumi.ResourceOptions(parent=opts.parent))
    return key


def _logs(partition: pulumi.Output[str], region: pulumi.Output[str], account: pulumi.Output[str]) -> Statement:
    group = pulumi.Output.concat("arn:", partition, ":logs:", region, ":", account, ":log-group:*")
    return allow(
        "Logs",
        ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "*",
        principal={"Service": pulumi.Output.concat("logs.", region, ".amazonaws.com")},
        condition={"StringLike": {"kms:EncryptionContext:aws:logs:arn": group}},
    )


def _alarms(_partition: pulumi.Output[str], _region: pulumi.Output[str], _account: pulumi.Output[str]) -> Statement:
    return allow(
        "Alarms",
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        "*",
        principal={"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
    )


_STATEMENTS: dict[str, Callable[[pulumi.Output[str], pulumi.Output[str], pulumi.Output[str]], Statement]] = {
    "logs": _logs,
    "alarms": _alarms,
}
