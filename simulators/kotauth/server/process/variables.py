"""Reading single variables: plain, from a file, as a number, as a switch."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

FILE_FORMS = frozenset(
    {
        "KAUTH_SECRET_KEY",
        "DB_PASSWORD",
        "KAUTH_BOOTSTRAP_ADMIN_PASSWORD",
        "KAUTH_BOOTSTRAP_API_KEYS",
    }
)
"""Of what is read here these names also have a `_FILE` form; `_FILE` after any other name is not read at all."""


def text(name: str) -> str | None:
    """The value, or None when it isn't set.

    For the names of FILE_FORMS a `<name>_FILE` that isn't blank wins, and its content is trimmed; an empty file is
    an empty value. A missing or unreadable file is no FATAL: the server dies with a stack trace, as the real one does.
    """
    path = os.environ.get(f"{name}_FILE", "") if name in FILE_FORMS else ""
    if not path.strip():
        return os.environ.get(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        traceback.print_exc()
        raise SystemExit(
            f'Exception in thread "main" java.io.FileNotFoundException: {path} ({error.strerror})'
        ) from error


def filled(name: str) -> str | None:
    """The value, with a blank one counting as not set."""
    value = text(name)
    return value if value and value.strip() else None


def number(name: str, default: int) -> int:
    """An integer; anything else silently becomes the default."""
    value = os.environ.get(name, "")
    # int() alone would also take " 5 " and "1_000", which Kotlin's toIntOrNull refuses.
    return int(value) if value.removeprefix("-").isdecimal() else default


def switched_on(name: str) -> bool:
    """Only `true`, in any case, switches on."""
    return os.environ.get(name, "").lower() == "true"
