"""Rules for texts and for lists of texts, which settings separate with commas."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast


def pattern(regex: str, rule: str) -> Callable[[object], str]:
    """Make the parser of a text that ``regex`` matches as a whole; ``rule`` says so in words."""

    def parse(raw: object) -> str:
        if not re.fullmatch(regex, str(raw)):
            raise ValueError(rule)
        return str(raw)

    return parse


def items(raw: object) -> list[str]:
    """Return the items of a list, or of a text with commas, without the empty ones."""
    given = cast("list[object]", list(raw)) if isinstance(raw, list | tuple) else str(raw).split(",")  # pyright: ignore[reportUnknownArgumentType]
    return [str(item).strip() for item in given if str(item).strip()]
