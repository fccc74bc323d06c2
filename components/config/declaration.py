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
    """The documentation of a setting.

    In a text, ``{name}`` becomes the name of another setting as the reader knows it, such as `zoneId` or `zone_id`.
    """

    about: str
    """Effect of the setting, in whole sentences."""
    empty: str
    """Meaning of an absent value. Empty if there is nothing to say."""
    default: str
    """The default as text. Empty if there is none, or if it depends on other settings."""
    development: str
    """Value for a development stack in `Pulumi.yaml`. Empty if it is the default."""
    allowed: str
    """Allowed values. Empty if the text of the rule says them."""
    may_be_plain: Callable[[object], bool]
    """Returns whether a stack may have a value of a secret setting in plain text."""


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
    secret: bool = False,
    may_be_plain: Callable[[object], bool] = lambda _: False,
) -> Any:  # noqa: ANN401 - takes the type of its annotation
    """Declare a setting as the field of a dataclass of settings.

    A setting without a default is required; the default None makes it optional. ``default_from`` computes the default
    from the settings declared before; then ``empty`` must describe it. ``rule_from`` computes the rule from them; then
    ``allowed`` must describe it. Messages don't show a ``secret`` value, and a stack
    must not have it in plain text, unless ``may_be_plain`` accepts it.
    """
    text = "" if default in (Required, None, []) else as_text(default)
    documented = Setting(
        about=about,
        empty=empty or text,
        default=text,
        development=development,
        allowed=allowed,
        may_be_plain=may_be_plain,
    )
    if default_from or rule_from:
        return derived(
            rule, default_from or (lambda _: default), rule_from=rule_from, documented=documented, secret=secret
        )
    return value(rule, default=default, documented=documented, secret=secret)


def as_text(default: object) -> str:
    """Return a value as a user writes it."""
    if isinstance(default, Image):
        return default.reference
    if isinstance(default, list):
        return ",".join(map(str, default))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)
