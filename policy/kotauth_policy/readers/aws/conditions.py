"""Conditions of AWS policies: to which callers a condition limits a statement.

One evaluator for the conditions of roles, keys, buckets, functions and queues. It follows AWS's reference of condition
operators: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
Conditions of a statement are all required, one value of each is enough, and operators and keys have no case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ...engine.value import ABSENT, OPAQUE, UNKNOWN, Value
from ..networks import is_nearly_all, parse_network

Naming = Callable[[str], "Callable[[str], bool] | None"]
"""What tells for a key in small letters which of its values say exactly whom or what they mean; none for most keys."""

_OPERATOR = re.compile(r"(?:(foranyvalue|forallvalues):)?([a-z]+?)(ifexists)?", re.I)
_EQUALS: Final = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "numericequals"}
)
_DIFFERS: Final = frozenset(
    {"stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike", "notipaddress"}
)


@dataclass(frozen=True)
class Condition:
    """One key of one operator."""

    operator: str
    """Operator in lower case, without prefix and suffix."""
    key: str
    """Key in lower case."""
    values: tuple[Value, ...]
    quantifier: str = ""
    if_exists: bool = False

    @property
    def is_for_services(self) -> bool:
        """Whether a condition exempts calls of AWS services, and nothing else."""
        return self.key in ("aws:principalisawsservice", "aws:viaawsservice") and self.is_flag(expected=False)

    def is_flag(self, *, expected: bool) -> bool:
        """Whether a boolean of the request has to have this value."""
        wanted, other = ("true", "false") if expected else ("false", "true")
        texts = {text_of(value).lower() for value in self.values}
        if self.operator in ("bool", "stringequals", "stringequalsignorecase", "stringlike"):
            return wanted in texts
        return self.operator in ("stringnotequals", "stringnotequalsignorecase", "stringnotlike") and texts == {other}


_LATER: Final = Condition("", "", ())
"""Conditions that the stack makes and only an update knows."""


def conditions_of(block: Value) -> list[Condition]:
    """Return the conditions of a statement's `Condition`."""
    if block.is_unknown:
        return [_LATER]
    conditions: list[Condition] = []
    for operator, keys in block.fields().items():
        if keys.is_unknown:
            conditions.append(_LATER)
            continue
        parts = _OPERATOR.fullmatch(operator)
        quantifier, name, if_exists = parts.groups() if parts else ("", operator, "")
        for key, value in keys.fields().items():
            values = tuple(value.raw) if isinstance(value.raw, list) else (value,)
            conditions.append(Condition(name.lower(), key.lower(), values, (quantifier or "").lower(), bool(if_exists)))
    return conditions


def narrows(conditions: list[Condition], naming: Naming) -> bool:
    """Whether a condition limits a statement to values that `naming` accepts, such as named callers.

    A condition with `IfExists` or `ForAllValues` is also kept where the key is absent, unless `Null` asks for the key.
    """
    present = {
        condition.key
        for condition in conditions
        if condition.operator == "null" and _all(condition, lambda text: text == "false")
    }
    return _LATER in conditions or any(
        condition.operator in _EQUALS
        and (condition.key in present or not (condition.if_exists or condition.quantifier == "forallvalues"))
        and _names(condition, naming)
        for condition in conditions
    )


def spares_only_named(conditions: list[Condition], naming: Naming) -> bool:
    """Whether a deny statement applies to all callers except AWS services and those that its conditions name.

    A negated operator is kept where the key is absent; `ForAnyValue` is not.
    """
    others = [condition for condition in conditions if not condition.is_for_services]
    return bool(others) and all(
        condition.operator in _DIFFERS and condition.quantifier != "foranyvalue" and _names(condition, naming)
        for condition in others
    )


def text_of(value: Value) -> str:
    """Return a condition's value as AWS compares it: a boolean or a number is its spelling."""
    raw = value.raw
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, float):
        return f"{raw:.0f}" if raw.is_integer() else str(raw)
    return raw if isinstance(raw, str) else ""


def is_literal(text: str) -> bool:
    """Whether a text means itself alone: no wildcard, and no variable that the caller fills."""
    return bool(text) and not re.search(r"[*?]|\$\{", text)


def _names(condition: Condition, naming: Naming) -> bool:
    says_whom = naming(condition.key)
    return says_whom is not None and _all(condition, says_whom)


def _all(condition: Condition, is_right: Callable[[str], bool]) -> bool:
    """Whether each value is right; an unknown one comes from the stack, which the document's reader has checked."""
    return bool(condition.values) and all(
        value.raw is UNKNOWN or (value.raw not in (ABSENT, OPAQUE) and is_right(text_of(value)))
        for value in condition.values
    )


def _is_resource_variable(text: str) -> bool:
    """Whether a value is the account or organisation of the resource, which no caller chooses."""
    return re.fullmatch(r"\$\{aws:resource(account|orgid|orgpaths)\}(/\*)?", text, re.I) is not None


def _is_identifier(text: str) -> bool:
    return is_literal(text) or _is_resource_variable(text)


def _is_org_path(text: str) -> bool:
    return is_literal(text.partition("/")[0]) or _is_resource_variable(text)


def _is_arn(text: str) -> bool:
    """Whether an ARN names the account, or where the service leaves that out, the resource."""
    parts = text.split(":", 5)
    if len(parts) < 6:
        return is_literal(text) or any(re.fullmatch(r"\d{12}", part) for part in parts)
    account, resource = parts[4:]
    # Only one customer can have a bucket's name, so AWS's own examples leave its account open.
    by_resource = not account or parts[2] == "s3"
    return (by_resource and is_literal(re.split(r"[/:]", resource)[0])) or (account != "" and _is_identifier(account))


def _is_user_id(text: str) -> bool:
    return is_literal(text.partition(":")[0])


def _is_principal_variable(text: str) -> bool:
    """Whether the resource has to be in the caller's own account or organisation."""
    return re.fullmatch(r"\$\{aws:principal(account|orgid|orgpaths)\}(/\*)?", text, re.I) is not None


def _is_network(text: str) -> bool:
    network = parse_network(text)
    return network is not None and not is_nearly_all(network)


_IDENTITIES: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(
        (
            *("aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "aws:vpceaccount", "kms:calleraccount"),
            *("s3:dataaccesspointaccount", "aws:principalorgid", "aws:sourceorgid", "aws:vpceorgid"),
            *("aws:sourcevpc", "aws:sourcevpce", "aws:principalservicename", "aws:principalservicenameslist"),
        ),
        _is_identifier,
    ),
    **dict.fromkeys(("aws:principalorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths"), _is_org_path),
    **dict.fromkeys(
        (
            *("aws:principalarn", "aws:sourcearn", "aws:sourcevpcarn", "s3:dataaccesspointarn"),
            *("ec2:sourceinstancearn", "lambda:sourcefunctionarn"),
        ),
        _is_arn,
    ),
    **dict.fromkeys(("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths"), _is_principal_variable),
    "aws:userid": _is_user_id,
    "aws:sourceip": _is_network,
}
"""Keys that tell who calls, or from where. A tag, a user agent or a calling service tells neither."""


def identity(key: str) -> Callable[[str], bool] | None:
    """Return the check for a condition key that names callers: account, organisation, principal, source or network."""
    return _IDENTITIES.get(key)
