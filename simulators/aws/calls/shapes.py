"""Properties in Pulumi's form to members in AWS's, along the shapes that botocore knows, and back.

Names differ by case, plural and now and then entirely: the last are in the table of each type. A property that fits
no member is an error, so nothing that a program says is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..schema.wire import File

_KEYS = (("Key", "Value"), ("TagKey", "TagValue"), ("Name", "Value"))


class UnmappedError(Exception):
    """A property has no member."""


def members(shape: Any, values: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the members for the properties; a name that the table maps to None is left out on purpose.

    Raises:
        UnmappedError: A property fits none.
    """
    mapped: dict[str, Any] = {}
    for name, value in values.items():
        if name in names and names[name] is None:
            continue
        other = names.get(name) or member(shape.members, name)
        if other is None or other not in shape.members:
            raise UnmappedError(f"{name} (of {shape.name})")
        mapped[other] = _to(shape.members[other], value, names)
    return mapped


def member(candidates: Iterable[str], name: str) -> str | None:
    """Return the one of AWS's names that a property has there, whatever its case and number."""
    plain = {candidate.lower(): candidate for candidate in candidates}
    for wanted in _spellings(name):
        if wanted in plain:
            return plain[wanted]
    return None


def _spellings(name: str) -> list[str]:
    low = name.lower()
    return [low, f"{low}s", low.removesuffix("s"), f"{low.removesuffix('y')}ies", re.sub(r"ies$", "y", low)]


def _to(shape: Any, value: Any, names: Mapping[str, str | None]) -> Any:
    match shape.type_name:
        case "structure":
            if isinstance(value, list) and len(value) == 1:
                (value,) = value
            return members(shape, value, names) if isinstance(value, Mapping) else {"Value": value}
        case "list":
            return _to_list(shape, value, names)
        case "map":
            return {name: _to(shape.value, inner, names) for name, inner in value.items()}
        case _:
            return value.content() if isinstance(value, File) else _scalar(shape.type_name, value)


def _to_list(shape: Any, value: Any, names: Mapping[str, str | None]) -> list[Any]:
    if isinstance(value, Mapping):
        inner = getattr(shape.member, "members", {})
        for key, text in _KEYS:
            if {key, text} <= inner.keys():
                return [{key: name, text: inner} for name, inner in value.items()]
    return [_to(shape.member, inner, names) for inner in (value if isinstance(value, list) else [value])]


def _scalar(kind: str, value: Any) -> Any:
    if kind == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("double", "float"):
        return float(value)
    if kind == "boolean":
        return value in (True, "true")
    return str(value).encode() if kind == "blob" else value


def outputs(description: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """Return the plain values of a description under the names of Pulumi's outputs."""
    plain = {name.lower(): value for name, value in description.items()}
    known = {
        name: value
        for name in wanted
        for spelling in _spellings(name)[:3]
        if isinstance(value := plain.get(spelling), (str, int, float, bool))
    }
    return {name: value for name, value in known.items() if value is not None}
