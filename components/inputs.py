"""Reads raw values into typed ones and reports every bad value at once.

A rule is a parser: it takes the raw value and returns the typed one, or raises ``ValueError`` with the rule as its
text. Settings and components share the parsers, so a rule is written once and each reader names it by its own key.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import pulumi

T = TypeVar("T")

_LONGEST_SHOWN = 120


class InvalidInputError(pulumi.RunError):
    """One or more values break a rule; the message names each key, its value and the rule."""


class Inputs:
    """The raw values of one reader. ``take`` every key, then call ``finish``."""

    def __init__(
        self, values: Mapping[str, object], subject: str, named: Callable[[str], str] = lambda key: key
    ) -> None:
        """Read ``values`` of ``subject``; ``named`` turns a key into the name that the user gave it."""
        self._values = values
        self._subject = subject
        self._named = named
        self._known: set[str] = set()
        self._problems: list[str] = []

    def take(self, key: str, parse: Callable[[object], T], default: T | None = None, *, secret: bool = False) -> T:
        """Return the value of ``key`` parsed, or ``default`` where it is absent or empty.

        A bad value is noted and the default returned, so that the keys after it are still looked at: nothing that
        was read may be used before ``finish``.
        """
        self._known.add(key)
        raw = self._values.get(key)
        if raw is None or raw == "":
            if default is None:
                self.problem(key, "" if raw is None else raw, "is required")
            return default  # pyright: ignore[reportReturnType]
        try:
            return parse(raw)
        except ValueError as error:
            self.problem(key, "[secret]" if secret else raw, str(error))
            return default  # pyright: ignore[reportReturnType]

    def optional(self, key: str, parse: Callable[[object], T], *, secret: bool = False) -> T | None:
        """Return the value of ``key`` parsed, or None where it is absent or empty."""
        self._known.add(key)
        if self._values.get(key) in (None, ""):
            return None
        return self.take(key, parse, secret=secret)

    def problem(self, key: str, value: object, rule: str) -> None:
        """Note that ``value`` of ``key`` breaks ``rule``; for the rules between several values."""
        shown = str(value)
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[:_LONGEST_SHOWN] + "…"
        self._problems.append(f'{self._named(key)} = "{shown}": {rule}')

    def finish(self, also_known: Iterable[str] = ()) -> None:
        """Raise ``InvalidInputError`` with every problem, unknown keys included."""
        known = self._known | set(also_known)
        for key in sorted(set(self._values) - known):
            near = difflib.get_close_matches(key, known, n=1)
            meant = f"; is {self._named(near[0])} meant?" if near else ""
            self.problem(key, self._values[key], "is not known" + meant)
        if self._problems:
            count = len(self._problems)
            head = f"{count} values of {self._subject} are not valid" if count > 1 else f"{self._subject} is not valid"
            raise InvalidInputError("\n  ".join([head + ":", *self._problems]))


def whole_number(what: str, minimum: int, maximum: int, why: str = "") -> Callable[[object], int]:
    """Make the parser of a whole number from ``minimum`` to ``maximum``; ``what`` says what of, with its unit."""
    rule = f"must be {what}, a whole number from {minimum} to {maximum}" + (f" ({why})" if why else "")

    def parse(raw: object) -> int:
        try:
            # Other languages send every number as a float.
            number = float(str(raw))
        except ValueError:
            raise ValueError(rule) from None
        if not number.is_integer() or not minimum <= number <= maximum:
            raise ValueError(rule)
        return int(number)

    return parse


def number(what: str, minimum: float, maximum: float, why: str = "") -> Callable[[object], float]:
    """Make the parser of a number from ``minimum`` to ``maximum``; ``what`` says what of, with its unit."""
    rule = f"must be {what}, a number from {minimum:g} to {maximum:g}" + (f" ({why})" if why else "")

    def parse(raw: object) -> float:
        try:
            value = float(str(raw))
        except ValueError:
            raise ValueError(rule) from None
        if not minimum <= value <= maximum:
            raise ValueError(rule)
        return value

    return parse


def one_of(*choices: str, hint: Mapping[str, str] | None = None) -> Callable[[object], str]:
    """Make the parser of an exact word; ``hint`` explains known words that are refused."""
    rule = "must be exactly " + " or ".join(choices)

    def parse(raw: object) -> str:
        if raw not in choices:
            extra = (hint or {}).get(str(raw))
            raise ValueError(f"{rule}; {extra}" if extra else rule)
        return str(raw)

    return parse


def true_or_false(raw: object) -> bool:
    """Parse ``true`` or ``false``, as text or as a boolean."""
    if isinstance(raw, bool):
        return raw
    if raw not in ("true", "false"):
        raise ValueError("must be exactly true or false")
    return raw == "true"
