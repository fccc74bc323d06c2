"""Ends an update only when a host without a load balancer is ready, and fails it with the host's own last line.

The host's id alone says nothing: EC2 has one before anything runs. The public name can't be asked either, because
without a hosted zone its record is made by hand, with the address that this very update prints.
"""

from typing import NotRequired, TypedDict

import pulumi

from ...inputs.reader import Inputs
from ...schema.tokens import token
from ..security.iam import allow
from .gate_function import gate_call, take_limits


class AwsBootGateArgs(TypedDict):
    """Inputs of `AwsBootGate`."""

    instance_id: pulumi.Input[str]
    """The host. A new one is waited for anew."""
    log_group_arn: pulumi.Input[str]
    """Log group to which the host carries the lines of its boot."""
    limit_seconds: NotRequired[int]
    """How long to wait. Default 840; Lambda's own limit lies above."""
    log_retention_days: NotRequired[int]
    """Days that the function's log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """Key for the log. By default one is made."""
    tags: NotRequired[dict[str, str]]
    """Tags for every child."""


class AwsBootGate(pulumi.ComponentResource):
    """A function outside the VPC that only reads the hosts' log, and its call for this host."""

    result: pulumi.Output[str]
    """What the function found, known once the host is ready. Depend on it."""
    function_name: pulumi.Output[str]
    """Name of the function."""

    def __init__(self, name: str, args: AwsBootGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the function and call it."""
        inputs = Inputs.of(AwsBootGateArgs, name, args)
        limit, retention = take_limits(inputs)
        inputs.finish()
        super().__init__(token("AwsBootGate"), name, {"limit_seconds": limit}, opts)
        log_group = pulumi.Output.from_input(args["log_group_arn"])
        self.result, self.function_name = gate_call(
            name,
            "boot_gate",
            waits_until="a new host is ready",
            may=allow("ReadBoot", "logs:GetLogEvents", pulumi.Output.concat(log_group, ":*")),
            event={
                # arn:aws:logs:REGION:ACCOUNT:log-group:NAME
                "log_group": log_group.apply(lambda arn: arn.split(":")[6]),
                "instance": args["instance_id"],
                "limit_seconds": limit,
            },
            trigger="instance",
            retention_days=retention,
            key_arn=args.get("kms_key_arn"),
            tags=args.get("tags", {}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"result": self.result, "function_name": self.function_name})
