"""Rules for exact words, and for true and false."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def one_of(*choices: str, hint: Mapping[str, str] | None = None) -> Callable[[object], str]:
    """Make the parser of an exact word; ``hint`` explains known words that are refused."""
    rule = "must be exactly " + " or ".join(choices)

    def parse(raw: object) -> str:
        if raw not in choices:
            extra = (hint or {}).get(str(raw))
            raise ValueError(f"{rule}; {extra}" if extra else rule)
        return str(raw)

    return parse


def true_or_false(raw: object) -> bool:
    """Parse ``true`` or ``false``, as text or as a boolean."""
    if isinstance(raw, bool):
        return raw
    if raw not in ("true", "false"):
        raise ValueError("must be exactly true or false")
    return raw == "true"
