"""Identity policies, and the decision about one action on one resource."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .conditions import Context, as_list, holds, matches_pattern, resolve


@dataclass(frozen=True)
class Request:
    """One action on one resource. A call of an API may need several."""

    action: str
    resource: str
    """ARN, or `*` for an action that has no resource."""
    context: Context = field(default_factory=dict)


class Policies:
    """The policies of one identity, evaluated as the IAM user guide says: a deny wins, and silence refuses."""

    def __init__(self, documents: Iterable[str]) -> None:
        """Take the documents as text."""
        self.statements: list[dict[str, Any]] = []
        for text in documents:
            found = json.loads(text)["Statement"]
            self.statements += found if isinstance(found, list) else [found]

    def refusal(self, request: Request) -> str | None:
        """Return why the request is refused, or None if it is allowed."""
        fitting = [each for each in self.statements if _fits(each, request)]
        for statement in fitting:
            if statement["Effect"] == "Deny":
                return f"with an explicit deny in statement {statement.get('Sid', '')}"
        return None if fitting else "because no identity-based policy allows it"


def _fits(statement: dict[str, Any], request: Request) -> bool:
    """Whether a statement speaks of the request."""
    return (
        _names(statement, "Action", request.action.lower(), lambda pattern: pattern.lower())
        and _names(statement, "Resource", request.resource, lambda pattern: resolve(pattern, request.context))
        and holds(statement.get("Condition", {}), request.context)
    )


def _names(statement: dict[str, Any], element: str, value: str, prepare: Any) -> bool:
    patterns = [prepare(each) for each in as_list(statement.get(element, statement.get(f"Not{element}")))]
    return any(matches_pattern(value, pattern) for pattern in patterns) == (element in statement)
