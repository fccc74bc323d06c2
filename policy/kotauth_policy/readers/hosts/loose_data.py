"""Reads JSON and YAML of unknown shape: a value of another shape counts as empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import yaml

# libyaml's is twenty times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def as_object(value: object) -> Mapping[str, Any]:
    """Return a mapping, empty for other values."""
    if not isinstance(value, dict):
        return {}
    return {str(key): entry for key, entry in cast("dict[object, Any]", value).items()}


def as_list(value: object) -> list[object]:
    """Return a list, empty for other values."""
    return cast("list[object]", value) if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Return a text or number as text; a list that holds a list nine times, and so on, would fill the memory."""
    return str(value) if isinstance(value, str | int | float) else ""


def as_texts(value: object) -> list[str]:
    """Return the texts and numbers of a list as texts."""
    return [as_text(entry) for entry in as_list(value)]


def json_object(text: str) -> Mapping[str, Any]:
    """Return the object that a JSON text holds."""
    try:
        return as_object(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        return {}


def yaml_object(text: str) -> Mapping[str, Any] | None:
    """Return the object that a YAML text holds, ``None`` where it holds something else."""
    try:
        loaded: object = yaml.load(text, Loader=_LOADER)  # noqa: S506 - one of the two safe ones
    except Exception:  # a date that is none, a number that is none: each ends in another error
        return None
    return as_object(loaded) if loaded is None or isinstance(loaded, dict) else None  # pyright: ignore[reportUnknownArgumentType]
