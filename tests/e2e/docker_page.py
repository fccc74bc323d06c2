"""The commands that docs/docker.md tells to paste."""

from __future__ import annotations

import re
import textwrap

from tests.project import ROOT


def documented(text: str) -> str:
    """Return the block of commands that contains this text; exactly one does."""
    page = (ROOT / "docs/docker.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
    (block,) = (textwrap.dedent(block) for block in blocks if text in block)
    return block
