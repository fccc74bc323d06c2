"""The shell blocks of the guide to AWS can be pasted, and say whether they have been run."""

from __future__ import annotations

import re
import subprocess

from tests.project import ROOT

MARKS = ("# Run on the simulator", "# Not run yet")
PAGES = sorted((ROOT / "docs" / "aws").glob("*.md"))


def blocks(page: str) -> list[str]:
    """Return the text of each shell block on a page."""
    return re.findall(r"^ *```sh\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)


def test_a_shell_block_says_whether_it_was_run() -> None:
    guide = [page.read_text(encoding="utf-8") for page in PAGES if page.stem != "trial"]
    assert [block for page in guide for block in blocks(page) if not block.lstrip().startswith(MARKS)] == []


def test_a_shell_block_is_valid_shell() -> None:
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            result = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
            assert result.returncode == 0, f"{page.name}: {result.stderr}"
