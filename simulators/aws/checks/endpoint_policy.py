"""Decides whether a VPC endpoint policy allows a request. A policy that can't be evaluated is an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


class UnjudgedError(Exception):
    """The policy says something that isn't understood here."""


@dataclass(frozen=True)
class Request:
    """One call, in the words of policies."""

    action: str
    resource: str
    context: Mapping[str, str]
    """The condition keys that are known of it."""


def permits(policy: str | None, request: Request) -> bool:
    """Whether it lets the request through; without a policy, an endpoint lets everything through."""
    if not policy:
        return True
    statements = _listed(json.loads(policy).get("Statement", []))
    effects = {statement["Effect"] for statement in statements if _fits(statement, request)}
    return "Allow" in effects and "Deny" not in effects


def _fits(statement: Mapping[str, Any], request: Request) -> bool:
    if unknown := statement.keys() - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}:
        raise UnjudgedError(f"endpoint policies with {', '.join(sorted(unknown))}")
    if statement.get("Principal") not in ("*", {"AWS": "*"}):
        raise UnjudgedError(f"an endpoint policy for {statement.get('Principal')}")
    actions = [str(action).lower() for action in _listed(statement["Action"])]
    return (
        any(fnmatchcase(request.action.lower(), action) for action in actions)
        and any(fnmatchcase(request.resource, resource) for resource in _listed(statement["Resource"]))
        and all(_holds(name, wanted, request) for name, wanted in statement.get("Condition", {}).items())
    )


def _holds(operator: str, wanted: Mapping[str, Any], request: Request) -> bool:
    if operator != "StringEquals":
        raise UnjudgedError(f"condition {operator} of an endpoint policy")
    if unknown := wanted.keys() - request.context.keys():
        raise UnjudgedError(f"condition key {', '.join(sorted(unknown))} of an endpoint policy")
    return all(request.context[key] in _listed(values) for key, values in wanted.items())


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
