"""The commands that docs/docker.md tells to paste."""

from __future__ import annotations

import textwrap

from tests.code_blocks import code_blocks
from tests.project import ROOT


def documented(text: str) -> str:
    """Return the block of commands that contains this text; exactly one does."""
    page = (ROOT / "docs/docker.md").read_text(encoding="utf-8")
    (block,) = (textwrap.dedent(block) for block in code_blocks(page) if text in block)
    return block
