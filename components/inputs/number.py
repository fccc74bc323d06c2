"""Rules for numbers, which other languages than Python send as floats, and settings as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


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


parse_port = whole_number("a TCP port", 1, 65535)


def whole_floats_as_int(value: T) -> T:
    """Return ``value`` with an int for each whole float in it: other languages send every number as a float."""

    def converted(inner: Any) -> Any:  # noqa: ANN401 - anything that can be an input
        if isinstance(inner, dict):
            return {key: converted(item) for key, item in cast("dict[str, Any]", inner).items()}
        if isinstance(inner, list):
            return [converted(item) for item in cast("list[Any]", inner)]
        return int(inner) if isinstance(inner, float) and inner.is_integer() else inner

    return converted(value)
