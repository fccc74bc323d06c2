"""Ends an update only when a host without a load balancer is ready, and fails it with the host's own last line.

The instance's id is no sign of readiness: EC2 returns it before anything runs. A request to the public name is no test
either: without a hosted zone, the user creates the DNS record by hand, with the address that this update prints.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi

from ...inputs.aws_ids import parse_arn, plain, resource_id
from ...inputs.declaration import value
from ...inputs.parsing import parse_args
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ..security.iam import allow
from .gate_function import GateInputs, gate_call


@dataclass(frozen=True, kw_only=True)
class _BootGateInputs(GateInputs):
    instance_id: pulumi.Input[str] = value(plain(resource_id("i")))
    log_group_arn: pulumi.Input[str] = value(plain(parse_arn))


class AwsBootGateArgs(TypedDict):
    """Inputs of `AwsBootGate`."""

    instance_id: pulumi.Input[str]
    """Id of the host. A new id starts a new wait."""
    log_group_arn: pulumi.Input[str]
    """Log group in which the host writes its boot log."""
    limit_seconds: NotRequired[int]
    """Seconds to wait. Default 840, which is below Lambda's own limit."""
    log_retention_days: NotRequired[int]
    """Days that the function's log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the log. By default the component creates one."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsBootGate(pulumi.ComponentResource):
    """A Lambda function that fails an update if a host isn't ready in time. It reads the host's log."""

    result: pulumi.Output[str]
    """Result of the function, known once the host is ready. Depend on it to wait for the host."""
    function_name: pulumi.Output[str]
    """Name of the function."""

    def __init__(self, name: str, args: AwsBootGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the function and call it."""
        inputs = parse_args(_BootGateInputs, AwsBootGateArgs, name, args)
        super().__init__(token("AwsBootGate"), name, {"limit_seconds": inputs.limit_seconds}, opts)
        log_group = pulumi.Output.from_input(inputs.log_group_arn)
        self.result, self.function_name = gate_call(
            name,
            "boot_gate",
            waits_until="a new host is ready",
            may=allow("ReadBoot", "logs:GetLogEvents", pulumi.Output.concat(log_group, ":*")),
            event={
                # arn:aws:logs:REGION:ACCOUNT:log-group:NAME
                "log_group": log_group.apply(lambda arn: arn.split(":")[6]),
                "instance": inputs.instance_id,
                "limit_seconds": inputs.limit_seconds,
            },
            trigger="instance",
            retention_days=inputs.log_retention_days,
            key_arn=inputs.kms_key_arn,
            tags=inputs.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs(declared_outputs(self, AwsBootGate))
