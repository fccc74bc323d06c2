"""The commands and configurations that docs/docker.md tells to paste."""

from __future__ import annotations

import textwrap

from tests.code_blocks import code_blocks
from tests.project import ROOT


def documented(text: str, language: str = r"\w*") -> str:
    """Return the block in this language, a pattern, that contains this text; exactly one does."""
    page = (ROOT / "docs/docker.md").read_text(encoding="utf-8")
    (block,) = (textwrap.dedent(block) for block in code_blocks(page, language) if text in block)
    return block
