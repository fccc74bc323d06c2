"""Fails each update until the new servers are healthy.

When a new group fails, the old one is already marked for deletion: the next `pulumi up` has nothing left to wait for
and would delete the servers that still work. An invocation that failed is no resource yet, so the next `up` asks
anew, and old groups go only at the end of an `up` without errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi

from ...inputs.aws_ids import parse_arn, plain
from ...inputs.declaration import value
from ...inputs.parsing import parse_args
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ..security.iam import allow
from .gate_function import GateInputs, gate_call


@dataclass(frozen=True, kw_only=True)
class _RollGateInputs(GateInputs):
    group_name: pulumi.Input[str] = value()
    target_group_arn: pulumi.Input[str] = value(plain(parse_arn))


class AwsRollGateArgs(TypedDict):
    """Inputs of `AwsRollGate`."""

    group_name: pulumi.Input[str]
    """Name of the Auto Scaling group. A new name starts a new check."""
    target_group_arn: pulumi.Input[str]
    """ARN of the target group in which its instances must be healthy."""
    limit_seconds: NotRequired[int]
    """Seconds to wait. Default 840, which is below Lambda's own limit."""
    log_retention_days: NotRequired[int]
    """Days that the function's log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the log. By default the component creates one."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsRollGate(pulumi.ComponentResource):
    """A Lambda function that fails an update if the host of a new Auto Scaling group isn't healthy in time."""

    result: pulumi.Output[str]
    """Result of the function, known once the group is healthy. Depend on it to wait for the group."""
    function_name: pulumi.Output[str]
    """Name of the function."""

    def __init__(self, name: str, args: AwsRollGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the function and call it."""
        inputs = parse_args(_RollGateInputs, AwsRollGateArgs, name, args)
        super().__init__(token("AwsRollGate"), name, {"limit_seconds": inputs.limit_seconds}, opts)
        self.result, self.function_name = gate_call(
            name,
            "roll_gate",
            waits_until="a new group of servers is healthy",
            # AWS knows no narrower resource for these two reading actions.
            may=allow(
                "ReadHealth",
                ["autoscaling:DescribeAutoScalingGroups", "elasticloadbalancing:DescribeTargetHealth"],
                "*",
            ),
            event={
                "group": inputs.group_name,
                "target_group": inputs.target_group_arn,
                "limit_seconds": inputs.limit_seconds,
            },
            trigger="group",
            retention_days=inputs.log_retention_days,
            key_arn=inputs.kms_key_arn,
            tags=inputs.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs(declared_outputs(self, AwsRollGate))
