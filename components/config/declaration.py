"""Declares a setting: its rule, its default and its description.

`Pulumi.yaml`, `docs/settings.md` and the docstrings of the deployments' inputs are written from it by `make settings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..inputs.declaration import Required, Rule, derived, value
from ..inputs.image import Image


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is told about a setting. ``{name}`` in a text becomes the reader's name of another setting."""

    about: str
    """What it decides: whole sentences."""
    empty: str
    """What no value means; empty where there is nothing to say."""
    default: str
    """The default as text; empty where there is none, or where it hangs on other settings."""
    development: str
    """The value that `Pulumi.yaml` gives to a development stack, where it is not the default."""
    allowed: str
    """Which values are allowed; empty where the rule itself says it."""


def setting(  # noqa: PLR0913 - a row of the documentation
    rule: Rule | None = None,
    *,
    about: str,
    default: object = Required,
    default_from: Callable[[Any], object] | None = None,
    rule_from: Callable[[Any], Rule] | None = None,
    empty: str = "",
    development: str = "",
    allowed: str = "",
) -> Any:  # noqa: ANN401 - takes the type of its annotation
    """Declare a setting as the field of a dataclass of settings.

    It is required without a default; None as default makes it optional. ``default_from`` makes the default out of the
    settings before it; then ``empty`` says what it is. ``rule_from`` makes the rule out of them; then ``allowed`` says
    what that is.
    """
    text = "" if default in (Required, None, []) else as_text(default)
    told = Setting(about=about, empty=empty or text, default=text, development=development, allowed=allowed)
    if default_from:
        return derived(rule, default_from, rule_from=rule_from, documented=told)
    return value(rule, default=default, documented=told)


def as_text(default: object) -> str:
    """Return a value as a user writes it."""
    if isinstance(default, Image):
        return default.reference
    if isinstance(default, list):
        return ",".join(map(str, default))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)
