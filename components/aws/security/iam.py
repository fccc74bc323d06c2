"""IAM documents as plain dictionaries.

Outputs are only at the leaves, so that a policy pack sees actions and conditions at the first preview. A document that
is itself an Output would be unknown there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Statement = dict[str, Any]
Document = Any
"""A dictionary with AWS's keys. The SDK accepts it, but the SDK's type for documents has other keys."""
Values = pulumi.Input[str] | Sequence[pulumi.Input[str]]
Condition = Mapping[str, Mapping[str, Values]]


def allow(
    sid: str,
    actions: str | Sequence[str],
    resources: Values,
    *,
    condition: Condition | None = None,
    principal: Mapping[str, Values] | None = None,
) -> Statement:
    """Return a statement that allows the actions; ``principal`` is for resource policies only."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    if principal:
        statement["Principal"] = dict(principal)
    if condition:
        statement["Condition"] = dict(condition)
    return statement


def deny(sid: str, actions: str | Sequence[str], resources: Values, condition: Condition) -> Statement:
    """Return a statement for a resource policy that denies the actions to all principals if the condition holds."""
    return {**allow(sid, actions, resources, condition=condition, principal={"AWS": "*"}), "Effect": "Deny"}


def document(*statements: Statement) -> Document:
    """Return the document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str, condition: Condition | None = None) -> Document:
    """Return the trust policy that lets one AWS service assume a role."""
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": dict(condition)} if condition else statement)
