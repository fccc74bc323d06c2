"""The record of all connections in a VPC, also of the refused ones, in an encrypted log group (EC2.6)."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from ..observability.logs import encrypted_log_group
from ..provider.lookups import Lookups
from ..security.iam import allow, document, trust


def flow_log(  # noqa: PLR0913 - what is logged, where, and for how long
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    retention_days: int,
    key_arn: pulumi.Input[str] | None,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> None:
    """Log the VPC's traffic; ``opts`` must name the parent."""
    lookups = Lookups(opts.parent)
    account = lookups.account
    source = pulumi.Output.concat(
        "arn:",
        lookups.partition,
        ":ec2:",
        lookups.region,
        ":",
        account,
        ":vpc-flow-log/*",
    )
    group = encrypted_log_group(
        f"{name}-group",
        own_key=(f"{name}-key", "Encrypts a flow log"),
        key_arn=key_arn,
        retention_days=retention_days,
        tags=tags,
        opts=opts,
    )
    role = aws.iam.Role(
        f"{name}-role",
        description="Writes a VPC's flow log",
        assume_role_policy=trust(
            "vpc-flow-logs.amazonaws.com",
            {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": source}},
        ),
        tags=tags,
        opts=opts,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-policy",
        role=role.name,
        policy=document(
            allow(
                "Write",
                ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                pulumi.Output.concat(group.arn, ":*"),
            ),
            # It looks its group up by name; AWS allows that for all groups or none.
            allow("LookUp", "logs:DescribeLogGroups", "*"),
        ),
        opts=opts,
    )
    aws.ec2.FlowLog(
        name,
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination=group.arn,
        iam_role_arn=role.arn,
        tags={**tags, "Name": name},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[policy])),
    )
