"""The fenced code blocks of the documents."""

from __future__ import annotations

import re


def code_blocks(page: str, language: str = r"\w*") -> list[str]:
    """Return the text of each block in this language, a pattern, indented as on the page."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
