"""Policy documents of AWS, given as text, as an object, or not known yet.

The provider turns an object into text before anyone sees it, so one unknown ARN makes the whole document unknown at a
first preview. Then its origin is judged: a document that is made of resources of the stack names those, and is read
when it is known, which is before the resource is made. One that comes from nowhere can't be judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from ..resource import Resource
from ..value import ABSENT, Value
from ..verdict import MalformedError, UndecidableError
from .aws import is_given


@dataclass(frozen=True)
class Statement:
    """One statement of a document."""

    value: Value

    @property
    def allows(self) -> bool:
        """Whether it gives a right; whatever does not say that it takes one away counts as such."""
        return self.value.field("Effect").text() != "Deny"

    @property
    def actions(self) -> list[Value]:
        """What may be done; an action that is only excluded is none."""
        return list(_listed(self.value.field("Action")))

    @property
    def names_actions(self) -> bool:
        """Whether it says what it is about."""
        named = [*self.actions, *_listed(self.value.field("NotAction"))]
        return bool(named) and all(map(is_given, named))

    @property
    def resources(self) -> list[Value]:
        """What with."""
        return list(_listed(self.value.field("Resource")))

    @property
    def principals(self) -> list[Value]:
        """By whom."""
        principal = self.value.field("Principal")
        if isinstance(principal.raw, str):
            return [principal]
        return [each for value in principal.fields().values() for each in _listed(value)]

    @property
    def conditions(self) -> dict[str, Value]:
        """Key to value of each condition."""
        operators = self.value.field("Condition").fields().values()
        return {key.lower(): value for operator in operators for key, value in operator.fields().items()}

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
    if unknown and not resource.sources(value.path.partition("[")[0]):
        raise UndecidableError(unknown.path, "is unknown and comes from no resource of this stack")
    if value.is_unknown:
        return []
    found = [Statement(each) for each in _listed(_parsed(value).field("Statement"))]
    # A key with a typing error would be one that nobody reads.
    if not found or not all(each.value.is_unknown or each.names_actions for each in found):
        raise MalformedError(value.path, "a policy document whose statements have an Action each")
    return found


def is_everybody(principal: Value) -> bool:
    """Whether a principal is anyone at all."""
    return not principal.is_unknown and principal.text() == "*"


def _parsed(value: Value) -> Value:
    if not isinstance(value.raw, str):
        return value
    try:
        parsed: object = json.loads(value.raw, object_pairs_hook=_members)
        if isinstance(parsed, dict):
            return _value(value.path, cast("dict[str, Any]", parsed), secret=value.secret)
    except (ValueError, RecursionError):
        pass
    raise MalformedError(value.path, "a JSON document with each key once")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        # Which of them AWS takes, nobody knows.
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
    """Yield what is one or a list of them."""
    if isinstance(value.raw, list):
        yield from value.raw
    elif not value.is_absent:
        yield value
