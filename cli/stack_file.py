"""A stack's file, changed line by line: a YAML library would write it without its comments."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^config: *(?:#.*)?\n(?P<indent> +)?", re.MULTILINE)


def pin(settings: str, name: str, value: str) -> str:
    """Return a stack's file with this setting in it; a line that has it, also as a comment, is the place for it."""
    for mark in ("", "# *"):
        line = re.compile(rf"^( *){mark}(kotauth:{name}:)(?: +[^\s#]+)?", re.MULTILINE)
        if line.search(settings):
            return line.sub(rf"\1\2 {value}", settings, count=1)
    if not (block := _BLOCK.search(settings)):
        raise ValueError("has no config block")
    indent = block["indent"] or "  "
    start = settings.index("\n", block.start()) + 1
    return f"{settings[:start]}{indent}kotauth:{name}: {value}\n{settings[start:]}"
