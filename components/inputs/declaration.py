"""Declares the values of a constructor or a stack as the fields of a frozen dataclass.

Each field carries its rule and its default:

    @dataclass(frozen=True, kw_only=True)
    class Limits:
        memory: int = value(whole_number("memory in MB", 512, 1024), default=512)
        name: str | None = optional(parse_name)

        @together
        def check_name(self) -> Iterator[Problem]:
            if self.name and self.memory < 600:
                yield Problem("name", self.name, "needs 600 MB: raise {memory}")

A rule is a parser: it takes the raw value and returns the typed one, or raises ``ValueError`` with the rule as its
text. `parsing.py` makes the instances.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

Rule = Callable[[object], Any]

_KEY = "kotauth.inputs"
_TOGETHER = "_kotauth_together"


class Required:
    """Marks a field without a default, whose value is required."""


class Problem(NamedTuple):
    """A value that breaks a rule beside other values; ``{field}`` in the rule becomes the user's name of a field."""

    field: str
    value: object
    rule: str


@dataclass(frozen=True, kw_only=True)
class Value:
    """The declaration of one field."""

    rule: Rule | None = None
    """Parser of the value. None keeps the value as it is, also an Output."""
    default: object = Required
    default_from: Callable[[Any], object] | None = None
    """Computes the default from the fields before it."""
    rule_from: Callable[[Any], Rule] | None = None
    """Computes the rule from the fields before it. Where one of them is bad, `rule` judges the value."""
    is_own_name: bool = False
    """Whether it is the name of the component, which is no input."""
    is_secret: bool = False
    """Whether messages must not show the value."""
    documented: Any = None
    """Documentation of the field; None without any."""


@dataclass(frozen=True)
class Section:
    """A field that holds another dataclass. Its values are given beside the values of the outer dataclass."""

    declared: type[Any]


def value(rule: Rule | None = None, *, default: Any = Required, documented: object = None, secret: bool = False) -> Any:  # noqa: ANN401
    """Declare a field that is required, or has a default where the value is absent or empty.

    Without a rule the value stays as it is. Messages don't show a ``secret`` value.
    """
    return _field(Value(rule=rule, default=default, documented=documented, is_secret=secret))


def derived(
    rule: Rule | None,
    default_from: Callable[[Any], object],
    *,
    rule_from: Callable[[Any], Rule] | None = None,
    documented: object = None,
    secret: bool = False,
) -> Any:  # noqa: ANN401
    """Declare a field whose default depends on the fields before it, and with ``rule_from`` also its rule.

    Messages don't show a ``secret`` value.
    """
    return _field(
        Value(rule=rule, rule_from=rule_from, default_from=default_from, documented=documented, is_secret=secret)
    )


def optional(rule: Rule | None = None, *, documented: object = None, secret: bool = False) -> Any:  # noqa: ANN401
    """Declare a field that is None where the value is absent or empty. Messages don't show a ``secret`` value."""
    return value(rule, default=None, documented=documented, secret=secret)


def own_name(rule: Rule) -> Any:  # noqa: ANN401
    """Declare a field with the name of the component itself."""
    return _field(Value(rule=rule, is_own_name=True))


def section(declared: type[Any]) -> Any:  # noqa: ANN401
    """Declare a field that holds another dataclass, parsed from the same values."""
    return dataclasses.field(metadata={_KEY: Section(declared)})


def together(check: Callable[[T], Iterator[Problem]]) -> Callable[[T], Iterator[Problem]]:
    """Mark a method that checks several fields beside each other.

    A field with a bad value, or with a default that depends on one, has no value. The check stops silently where it
    reads such a field: the bad value is reported already, and what follows from it is not.
    """
    setattr(check, _TOGETHER, True)
    return check


def declared_fields(declared: type[Any]) -> dict[str, Value | Section]:
    """Return the declarations of a dataclass by field: its sections first, then in the order of its own source."""
    entries = {field.name: field.metadata[_KEY] for field in dataclasses.fields(declared)}
    own = [name for name in vars(declared).get("__annotations__", {}) if name in entries]
    ordered = {name: entries[name] for name in [*own, *entries]}
    return dict(sorted(ordered.items(), key=lambda entry: not isinstance(entry[1], Section)))


def declared_values(declared: type[Any]) -> Mapping[str, Value]:
    """Return the declarations of all values by name, those of sections too."""
    values: dict[str, Value] = {}
    for name, entry in declared_fields(declared).items():
        values |= declared_values(entry.declared) if isinstance(entry, Section) else {name: entry}
    return values


def secret_names(declared: type[Any]) -> list[str]:
    """Return the names of the values that messages must not show."""
    return [name for name, entry in declared_values(declared).items() if entry.is_secret]


def checks(declared: type[Any]) -> list[Callable[[Any], Iterator[Problem]]]:
    """Return the methods that check several fields, those of base classes first, in the order of their definition."""
    methods = {name: member for base in reversed(declared.__mro__) for name, member in vars(base).items()}
    return [member for member in methods.values() if getattr(member, _TOGETHER, False)]


def _field(entry: Value) -> Any:  # noqa: ANN401 - takes the type of its annotation
    return dataclasses.field(metadata={_KEY: entry})
