"""The configuration of a stack as a program reads it, without an engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from components.config import stack as settings
from components.inputs.error import InvalidInputError


def as_input(text: str) -> str:
    """Return the name of an input for that of a setting."""
    return re.sub(r"(?=[A-Z])", "_", text).lower()


def load(values: Mapping[str, str], secrets: Collection[str] = ()) -> settings.Stack:
    """Read these values as the settings of a stack; those under ``secrets`` were set as secret."""
    set_all_config({f"kotauth:{key}": value for key, value in values.items()}, [f"kotauth:{key}" for key in secrets])
    try:
        return settings.load(pulumi.Config("kotauth"))
    finally:
        set_all_config({}, [])


def refusals(read: Callable[[Any], object], values: Mapping[str, Any]) -> list[str]:
    """Return the lines about each bad value, without the first, which says whose they are."""
    with pytest.raises(InvalidInputError) as refused:
        read(values)
    return [line.strip() for line in str(refused.value).splitlines()[1:]]
