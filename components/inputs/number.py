"""Rules for numbers, which other languages than Python send as floats, and settings as text."""

from __future__ import annotations

from collections.abc import Callable


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
