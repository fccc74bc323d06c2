"""Lambda functions: runtimes, permissions to invoke, secrets, tracing and concurrency.

A function outside a VPC is no violation: a function that calls only AWS needs no access to the network. A function in
a VPC can reach the data, so it needs tracing and a concurrency limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from ...engine.clock import today
from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import Value, seen
from ...engine.verdict import Verdict, fail
from ...readers.aws import lambda_runtimes
from ...readers.aws.conditions import identity
from ...readers.aws.policy_document import open_to_any_principal, statements
from ...readers.aws.resources import FUNCTION_POLICY, FUNCTION_URL, INVOCATION, LAMBDA, LAMBDA_PERMISSION
from ...readers.kotauth.key_fingerprint import is_fingerprint_only
from ...readers.secrets.exposed_values import exposed

AREA = Area("functions")
_SHARED_CALLER = re.compile(r"\*|.*\.amazonaws\.com(\.cn)?|arn:[^:]*:iam::\*:.*")
_NARROWING = {
    "sourceArn": "aws:sourcearn",
    "sourceAccount": "aws:sourceaccount",
    "principalOrgId": "aws:principalorgid",
}
"""Properties of a permission that become a condition of its statement."""


def _is_in_vpc(function: Resource) -> bool:
    place = function.get("vpcConfig")
    return place.is_unknown or bool(place.fields())


@AREA.rule(
    "run-supported-runtimes",
    Severity.HIGH,
    "Run Lambda functions on a runtime that AWS still patches.",
    remedy="Set `runtime` to a newer runtime of the same language.",
    types=(LAMBDA,),
    references=References(hub=("Lambda.2",), checkov=("CKV_AWS_363",)),
    parameters=(
        Parameter(
            "ended", Kind.TEXTS, [], "Runtimes to refuse in addition to those whose deprecation date has passed."
        ),
    ),
)
def run_supported_runtimes(function: Resource, settings: Settings) -> Iterator[Verdict]:
    """A runtime without a published deprecation date is newer than the table and passes.

    A function from an image has no runtime. A layer lists compatible runtimes, not the one that runs, so layers are
    not evaluated.
    """
    runtime, day = _runtime(function)
    if day is not None and day <= today():
        yield fail("runtime", f"is deprecated since {day}{_instead_of(runtime)}")
    elif runtime in map(str.lower, settings.texts("ended")):
        yield fail("runtime", seen(function.get("runtime"), "a runtime that the parameter `ended` refuses"))


@AREA.rule(
    "plan-runtime-upgrades",
    Severity.LOW,
    "Replace the runtime of a Lambda function before AWS deprecates it.",
    level=Level.ADVISORY,
    remedy="Plan a change of `runtime` to a newer runtime of the same language.",
    types=(LAMBDA,),
    references=References(documentation=lambda_runtimes.PAGE),
    parameters=(Parameter("days", Kind.NUMBER, 365, "How many days before its deprecation a runtime is reported."),),
)
def plan_runtime_upgrades(function: Resource, settings: Settings) -> Iterator[Verdict]:
    """AWS announces deprecation dates years ahead, so the rule reports only dates that are near."""
    if function.get("runtime").is_unknown:
        return
    runtime, day = _runtime(function)
    if day is not None and 0 < (day - today()).days <= settings.number("days"):
        yield fail("runtime", f"is deprecated from {day} on{_instead_of(runtime)}")


def _runtime(function: Resource) -> tuple[str, date | None]:
    """Return a function's runtime, and its deprecation date if AWS has announced one."""
    runtime = (function.get("runtime").text() or "").strip().lower()
    return runtime, lambda_runtimes.DEPRECATED.get(runtime)


def _instead_of(runtime: str) -> str:
    """Name the runtime to take instead, for a message."""
    newest = lambda_runtimes.newest_of(runtime)
    return "" if newest == runtime else f"; the newest one is {newest}"


@AREA.rule(
    "forbid-public-functions",
    Severity.CRITICAL,
    "Restrict who may invoke a Lambda function.",
    remedy="Set `principal`, and for an AWS service also `source_arn` or `source_account`. Set `authorization_type`"
    ' of a function URL to "AWS_IAM".',
    types=(LAMBDA_PERMISSION, FUNCTION_URL, FUNCTION_POLICY),
    references=References(hub=("Lambda.1",), checkov=("CKV_AWS_301", "CKV_AWS_364")),
)
def forbid_public_functions(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """An AWS service invokes functions for any account, so its permission must name a source or an account."""
    if resource.type == FUNCTION_URL:
        if resource.get("authorizationType").text() != "AWS_IAM":
            yield fail("authorizationType", "is not AWS_IAM")
    elif resource.type == FUNCTION_POLICY:
        for statement in open_to_any_principal(statements(resource, "policy")):
            yield fail(
                statement.value.path,
                "lets everyone call the function: no condition names an account, organisation or source",
            )
    elif resource.get("functionUrlAuthType").raw == "NONE":
        yield fail("functionUrlAuthType", "is NONE, so everyone may call the function's address")
    elif _SHARED_CALLER.fullmatch(resource.get("principal").text() or "") and not any(map(_is_named, _whose(resource))):
        yield fail("principal", "is everyone, or a service that calls on behalf of every account")


def _whose(permission: Resource) -> list[tuple[str, Value]]:
    return [(key, permission.get(name)) for name, key in _NARROWING.items()]


def _is_named(whose: tuple[str, Value]) -> bool:
    key, value = whose
    says_whom = identity(key)
    return value.is_unknown or (says_whom is not None and bool(value.text()) and says_whom(value.text() or ""))


@AREA.rule(
    "keep-secrets-out-of-functions",
    Severity.CRITICAL,
    "Do not put secrets into the environment or the input of a Lambda function.",
    remedy="Let the function read the secret from Secrets Manager with its role.",
    types=(LAMBDA, INVOCATION),
    references=References(checkov=("CKV_AWS_45",), checklist=(8, 9)),
    waivable=False,
)
def keep_secrets_out_of_functions(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Every user who may view the function can read its environment, and the state stores its input.

    The fingerprint of the secret key is allowed, even if it is marked secret, because it gives no access.
    """
    if resource.type == INVOCATION:
        value, is_fingerprint = resource.get("input"), is_fingerprint_only(resource, "input")
        if not (is_fingerprint and value.is_unknown):
            yield from exposed(resource, "input", replace(value, secret=value.secret and not is_fingerprint))
        return
    variables = resource.get("environment").field("variables")
    if variables.is_unknown or variables.secret:
        yield from exposed(resource, "environment", variables)
        return
    for name, value in variables.fields().items():
        yield from exposed(resource, "environment", value, name=name)


@AREA.rule(
    "trace-functions",
    Severity.LOW,
    "Trace every Lambda function in a VPC, and set its concurrency limit.",
    level=Level.ADVISORY,
    remedy='Set `tracing_config={"mode": "Active"}` and `reserved_concurrent_executions` (-1 for no limit).',
    types=(LAMBDA,),
    when=_is_in_vpc,
    references=References(hub=("Lambda.7",), checkov=("CKV_AWS_50", "CKV_AWS_115")),
)
def trace_functions(function: Resource, _: Settings) -> Iterator[Verdict]:
    """Each execution of a function in a VPC can hold database connections.

    A new AWS account has no concurrency that a function can reserve.
    """
    if function.get("tracingConfig").field("mode").text() != "Active":
        yield fail("tracingConfig.mode", "is not Active")
    reserved = function.get("reservedConcurrentExecutions")
    if not reserved.is_unknown and reserved.number() is None:
        yield fail("reservedConcurrentExecutions", "is not set")
