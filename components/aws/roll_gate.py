"""Stops an update whose new servers never become healthy, again and again until they do.

When a new group fails, the old one is already marked for deletion: the next `pulumi up` has nothing left to wait for
and would delete the servers that still work. An invocation that failed is no resource yet, so the next `up` asks
anew, and old groups go only at the end of an `up` without errors.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ..inputs import Inputs, whole_number
from ..tokens import token
from .functions.archive import function_code
from .iam import allow, document, trust
from .logs import RETENTION_DAYS, encrypted_log_group, parse_retention

_LAMBDA_SECONDS = 900
"""Lambda stops every function after 15 minutes, without a word about the servers."""


class AwsRollGateArgs(TypedDict):
    """Inputs of `AwsRollGate`."""

    group_name: pulumi.Input[str]
    """Name of the Auto Scaling group. A new name asks anew."""
    target_group_arn: pulumi.Input[str]
    """ARN of the target group in which its instances must be healthy."""
    limit_seconds: NotRequired[int]
    """How long to wait. Default 840; Lambda's own limit lies above."""
    log_retention_days: NotRequired[int]
    """Days that the function's log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """Key for the log. By default one is made."""
    tags: NotRequired[dict[str, str]]
    """Tags for every child."""


class AwsRollGate(pulumi.ComponentResource):
    """A function outside the VPC that only looks, and its call for this group."""

    result: pulumi.Output[str]
    """What the function found, known once the group is healthy. Depend on it."""
    function_name: pulumi.Output[str]
    """Name of the function."""

    def __init__(self, name: str, args: AwsRollGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the function and call it."""
        inputs = Inputs.of(AwsRollGateArgs, name, args)
        limit = inputs.take("limit_seconds", whole_number("seconds", 60, 840, "Lambda ends at 900"), 840)
        retention = inputs.take("log_retention_days", parse_retention, RETENTION_DAYS)
        inputs.finish()
        super().__init__(token("AwsRollGate"), name, {"limit_seconds": limit}, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = args.get("tags", {})

        logs = encrypted_log_group(
            f"{name}-log",
            own_key=(f"{name}-key", f"Log of {name}"),
            key_arn=args.get("kms_key_arn"),
            retention_days=retention,
            tags=tags,
            opts=child,
        )
        role = aws.iam.Role(
            f"{name}-role",
            description="Looks at the health of a group of servers",
            assume_role_policy=trust("lambda.amazonaws.com"),
            tags=tags,
            opts=child,
        )
        rights = aws.iam.RolePolicy(
            f"{name}-rights",
            role=role.name,
            policy=document(
                # AWS knows no narrower resource for these two reading actions.
                allow(
                    "ReadHealth",
                    ["autoscaling:DescribeAutoScalingGroups", "elasticloadbalancing:DescribeTargetHealth"],
                    "*",
                ),
                allow("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(logs.arn, ":*")),
            ),
            opts=child,
        )
        # No reserved concurrency: a new account has ten executions in all and may reserve none of them.
        code = function_code("roll_gate")
        function = aws.lambda_.Function(
            name,
            description="Waits until a new group of servers is healthy",
            role=role.arn,
            runtime=aws.lambda_.Runtime.PYTHON3D13,
            architectures=["arm64"],
            handler=code.handler,
            code=code.archive,
            timeout=_LAMBDA_SECONDS,
            memory_size=128,
            logging_config={"log_group": logs.name, "log_format": "JSON"},
            tags=tags,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[rights])),
        )
        self.result = aws.lambda_.Invocation(
            f"{name}-call",
            function_name=function.name,
            input=pulumi.Output.json_dumps(
                {"group": args["group_name"], "target_group": args["target_group_arn"], "limit_seconds": limit}
            ),
            triggers={"group": args["group_name"]},
            lifecycle_scope="CREATE_ONLY",
            opts=child,
        ).result
        self.function_name = function.name
        self.register_outputs({"result": self.result, "function_name": self.function_name})
