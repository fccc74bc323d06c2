"""Policy documents of AWS, given as text, as an object, or not known yet.

The provider turns an object into text first, so one unknown ARN makes the whole document unknown at a first preview.
Then its origin is evaluated: a document that is made of resources of the stack names those, and is read when it is
known, which is before the resource is made. One that comes from nowhere can't be evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from ...engine.resource import Resource
from ...engine.value import ABSENT, Value, is_given
from ...engine.verdict import MalformedError, UndecidableError
from .actions import is_one_of, matches
from .conditions import Condition, Naming, conditions_of, identity, narrows, spares_only_named


@dataclass(frozen=True)
class Statement:
    """One statement of a document."""

    value: Value

    @property
    def allows(self) -> bool:
        """Whether a statement allows; every effect other than Deny counts as allow."""
        return self.value.field("Effect").text() != "Deny"

    @property
    def actions(self) -> list[Value]:
        """The actions in `Action`, without those in `NotAction`."""
        return list(_listed(self.value.field("Action")))

    @property
    def names_actions(self) -> bool:
        """Whether a statement has a non-empty `Action` or `NotAction`."""
        named = [*self.actions, *_listed(self.value.field("NotAction"))]
        return bool(named) and all(map(is_given, named))

    @property
    def resources(self) -> list[Value]:
        """The resources in `Resource`."""
        return list(_listed(self.value.field("Resource")))

    @property
    def principals(self) -> list[Value]:
        """The principals in `Principal`."""
        principal = self.value.field("Principal")
        if isinstance(principal.raw, str):
            return [principal]
        return [each for value in principal.fields().values() for each in _listed(value)]

    @property
    def federated(self) -> list[Value]:
        """The identity providers in `Principal`."""
        principal = self.value.field("Principal")
        return (
            []
            if isinstance(principal.raw, str) or principal.is_unknown
            else list(_listed(principal.field("Federated")))
        )

    @property
    def conditions(self) -> list[Condition]:
        """The conditions that have to be met."""
        return conditions_of(self.value.field("Condition"))

    def is_about(self, *actions: str) -> bool:
        """Whether a statement names one of these actions, given in lower case."""
        return any(is_one_of(action.text() or "", actions) for action in self.actions)

    def has(self, name: str) -> bool:
        """Whether a member is there."""
        return not self.value.field(name).is_absent


def statements(resource: Resource, property_: str) -> list[Statement]:
    """Return the statements of a document, none while it is unknown and made of resources of the stack.

    A part of it that is unknown has to come from the stack, too. Raises ``UndecidableError`` where one comes from
    elsewhere, ``MalformedError`` where it is no document of AWS's.
    """
    return statements_in(resource, resource.get(property_))


def statements_in(resource: Resource, value: Value) -> list[Statement]:
    """Return the statements of a document that can be a part of a property."""
    unknown = next((leaf for leaf in value.leaves() if leaf.is_unknown), None)
    if unknown and not resource.sources(value.root):
        raise UndecidableError(unknown.path, "is unknown and comes from no resource of this stack")
    if value.is_unknown:
        return []
    statements = [Statement(statement) for statement in _listed(_parsed(value).field("Statement"))]
    # A misspelled key would not be read.
    if not statements or not all(statement.value.is_unknown or statement.names_actions for statement in statements):
        raise MalformedError(value.path, "a policy document whose statements have an Action each")
    return statements


def is_any_principal(principal: Value) -> bool:
    """Whether a principal matches any caller, in one account or in all."""
    return not principal.is_unknown and (
        re.fullmatch(r"\*|arn:[^:]*:(iam|sts)::[^:]*[*?][^:]*:.*", principal.text() or "") is not None
    )


def open_to_any_principal(statements: list[Statement]) -> list[Statement]:
    """Return the statements that allow every caller, limited neither by a condition nor by a deny statement."""
    return still_open(
        [
            statement
            for statement in statements
            if statement.allows and (statement.has("NotPrincipal") or any(map(is_any_principal, statement.principals)))
        ],
        statements,
        identity,
    )


def still_open(wide: list[Statement], statements: list[Statement], naming: Naming) -> list[Statement]:
    """Return the statements that neither their own conditions nor a deny statement limit."""
    open_ones = [statement for statement in wide if not narrows(statement.conditions, naming)]
    refusals = (
        [statement for statement in statements if not statement.allows and _meets_all_others(statement, naming)]
        if open_ones
        else []
    )
    return [statement for statement in open_ones if not any(_covers(refusal, statement) for refusal in refusals)]


def _meets_all_others(refusal: Statement, naming: Naming) -> bool:
    if refusal.has("NotPrincipal"):
        return refusal.value.field("NotPrincipal").raw != "*" and not refusal.has("Condition")
    return any(map(is_any_principal, refusal.principals)) and spares_only_named(refusal.conditions, naming)


def _covers(refusal: Statement, allowed: Statement) -> bool:
    """Whether a deny statement covers all actions and resources of an allow statement."""
    patterns = [(each.text() or "") for each in refusal.actions]
    resources = [each.text() or "" for each in refusal.resources if not each.is_unknown]
    named = [each.text() or "" for each in allowed.resources if not each.is_unknown]
    return (
        not allowed.has("NotAction")
        and all(any(matches(pattern, each.text() or "") for pattern in patterns) for each in allowed.actions)
        and all(any(matches(resource, each) for resource in resources) for each in named)
    )


def _parsed(value: Value) -> Value:
    if not isinstance(value.raw, str):
        return value
    try:
        parsed: object = json.loads(value.raw, object_pairs_hook=_members)
        if isinstance(parsed, dict):
            return _value(value.path, cast("dict[str, Any]", parsed), secret=value.secret)
    except (ValueError, RecursionError, OverflowError):
        pass
    raise MalformedError(value.path, "a JSON document with each key once")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        # AWS does not document which of them counts.
        raise ValueError
    return members


def _value(path: str, raw: Any, *, secret: bool) -> Value:  # noqa: ANN401 - whatever JSON holds
    if isinstance(raw, dict):
        members = cast("dict[str, Any]", raw).items()
        return Value(path, {key: _value(f"{path}.{key}", each, secret=secret) for key, each in members}, secret)
    if isinstance(raw, list):
        elements = enumerate(cast("list[Any]", raw))
        return Value(path, [_value(f"{path}[{at}]", each, secret=secret) for at, each in elements], secret)
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    return Value(path, ABSENT if raw is None else float(raw) if number else raw, secret)


def _listed(value: Value) -> Iterator[Value]:
    """Yield the elements of a list, or a single value that replaces the list."""
    if isinstance(value.raw, list):
        yield from value.raw
    elif not value.is_absent:
        yield value
