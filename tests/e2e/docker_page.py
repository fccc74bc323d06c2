"""The commands and configurations that the pages about Docker hosts tell to paste."""

from __future__ import annotations

import textwrap

from tests.code_blocks import code_blocks
from tests.project import ROOT

_PAGES = ("docker.md", "own-proxy.md", "logs.md")


def documented(text: str, language: str = r"\w*") -> str:
    """Return the block in this language, a pattern, that contains this text; exactly one does."""
    pages = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in _PAGES]
    (block,) = (textwrap.dedent(block) for page in pages for block in code_blocks(page, language) if text in block)
    return block
