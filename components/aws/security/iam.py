"""IAM documents as plain dictionaries.

Outputs stand only at the leaves, so that a policy pack sees actions and conditions at a first preview; a document that
is one Output can't be judged before it exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Statement = dict[str, Any]
Document = Any
"""A dictionary with AWS's own keys, which the SDK takes but its type, with keys of its own, doesn't know."""
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
    """Return a statement that allows the actions; ``principal`` only in documents that hang on a resource."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    if principal:
        statement["Principal"] = dict(principal)
    if condition:
        statement["Condition"] = dict(condition)
    return statement


def deny(sid: str, actions: str | Sequence[str], resources: Values, condition: Condition) -> Statement:
    """Return a statement that denies the actions to everybody where the condition holds (for resource policies)."""
    return {**allow(sid, actions, resources, condition=condition, principal={"AWS": "*"}), "Effect": "Deny"}


def document(*statements: Statement) -> Document:
    """Return the document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str, condition: Condition | None = None) -> Document:
    """Return the trust policy by which one AWS service may take a role on."""
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": dict(condition)} if condition else statement)
