"""Conditions of IAM statements, as the IAM user guide defines their operators."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

Context = Mapping[str, str | list[str]]
"""The request's condition keys, in lower case. A list is a key with several values."""


class UnknownOperatorError(Exception):
    """The evaluator doesn't know an operator, so it can't judge."""


def matches_pattern(value: str, pattern: str) -> bool:
    """Whether a value fits a pattern with the wildcards of IAM: * and ?."""
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, value, re.DOTALL) is not None


def _arn_like(value: str, pattern: str) -> bool:
    """Compare the six parts of an ARN one by one: a wildcard doesn't reach over a colon."""
    parts, wanted = value.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(wanted) and all(map(matches_pattern, parts, wanted))


def _in_network(value: str, network: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(network)


_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": matches_pattern,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "IpAddress": _in_network,
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, limit: float(value) < float(limit),
    "NumericLessThanEquals": lambda value, limit: float(value) <= float(limit),
    "NumericGreaterThan": lambda value, limit: float(value) > float(limit),
    "NumericGreaterThanEquals": lambda value, limit: float(value) >= float(limit),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
}


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether each operator holds for each of its keys."""
    return all(
        _operator_holds(operator, context.get(key.lower()), [resolve(each, context) for each in as_list(values)])
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _operator_holds(operator: str, found: str | list[str] | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return (found is None) == (wanted == ["true"])
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    if found is None and name != rest:
        return True
    negated = name in _NEGATED
    compare = _COMPARE.get(_NEGATED.get(name, name))
    if compare is None or quantifier not in ("", "ForAnyValue", "ForAllValues"):
        raise UnknownOperatorError(operator)
    # A negated operator wants a value that fits none of the wanted ones, and holds for an absent key.
    fits = [any(compare(value, each) for each in wanted) != negated for value in as_list(found)]
    if quantifier == "ForAllValues":
        return all(fits)
    if quantifier == "ForAnyValue":
        return any(fits)
    return fits[0] if fits else negated


def resolve(text: str, context: Context) -> str:
    """Put the request's values in for policy variables; one without a value matches nothing."""

    def value(match: re.Match[str]) -> str:
        found = context.get(match[1].lower())
        return found if isinstance(found, str) else "\0"

    return re.sub(r"\$\{([^}]+)\}", value, text)


def as_list(value: Any) -> list[str]:
    """Return the value or values as a list of texts."""
    if value is None:
        return []
    values = value if isinstance(value, list) else [value]
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
