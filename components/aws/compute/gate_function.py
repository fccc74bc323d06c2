"""A Lambda function that waits for a condition, and its call during an update; a failed call fails the update.

`boot_gate` and `roll_gate` use it. The engine does not save a failed call as a resource, so the next `pulumi up` calls
the function again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import parse_arn, plain
from ...inputs.declaration import optional, own_name, value
from ...inputs.number import whole_number
from ...inputs.resource_name import parse_resource_name
from ..functions.archive import function_code
from ..observability.logs import RETENTION_DAYS, encrypted_log_group, parse_retention
from ..security.iam import Statement, allow, document, trust

_LAMBDA_SECONDS = 900
"""Longest time limit of Lambda. A function that reaches it ends without saying what it waited for."""


@dataclass(frozen=True, kw_only=True)
class GateInputs:
    """Inputs that all gates share."""

    name: str = own_name(parse_resource_name)
    limit_seconds: int = value(whole_number("seconds", 60, 840, "Lambda ends at 900"), default=840)
    log_retention_days: int = value(parse_retention, default=RETENTION_DAYS)
    kms_key_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    tags: Mapping[str, pulumi.Input[str]] = value(default={})


def gate_call(  # noqa: PLR0913 - one argument for each thing in which gates differ
    name: str,
    code: str,
    *,
    waits_until: str,
    may: Statement,
    event: Mapping[str, pulumi.Input[str | int]],
    trigger: str,
    retention_days: int,
    key_arn: pulumi.Input[str] | None,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Make the function in the folder ``code`` and call it once for each value of ``event[trigger]``.

    Returns the result of the call, and the name of the function.
    """
    logs = encrypted_log_group(
        f"{name}-log",
        own_key=(f"{name}-key", f"Log of {name}"),
        key_arn=key_arn,
        retention_days=retention_days,
        tags=tags,
        opts=opts,
    )
    role = aws.iam.Role(
        f"{name}-role",
        description=f"Waits until {waits_until}",
        assume_role_policy=trust("lambda.amazonaws.com"),
        tags=tags,
        opts=opts,
    )
    write = allow("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(logs.arn, ":*"))
    rights = aws.iam.RolePolicy(f"{name}-rights", role=role.name, policy=document(may, write), opts=opts)
    # No reserved concurrency: a new account has ten executions in all and may reserve none of them.
    function_files = function_code(code)
    function = aws.lambda_.Function(
        name,
        description=f"Waits until {waits_until}",
        role=role.arn,
        runtime=aws.lambda_.Runtime.PYTHON3D13,
        architectures=["arm64"],
        handler=function_files.handler,
        code=function_files.archive,
        timeout=_LAMBDA_SECONDS,
        memory_size=128,
        logging_config={"log_group": logs.name, "log_format": "JSON"},
        tags=tags,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[rights])),
    )
    call = aws.lambda_.Invocation(
        f"{name}-call",
        function_name=function.name,
        input=pulumi.Output.json_dumps(dict(event)),
        triggers={trigger: pulumi.Output.from_input(event[trigger]).apply(str)},
        lifecycle_scope="CREATE_ONLY",
        opts=opts,
    )
    return call.result, function.name
