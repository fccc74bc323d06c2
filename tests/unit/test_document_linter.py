"""The linter of documents, with this project's configuration, finds the faults that it is there for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOOD = "# Page\n\nOne sentence.\nAnother sentence.\n"
FAULTS = {
    "a dead link": ("MD057", "See [the other page](other.md).\n"),
    "a dead anchor": ("MD051", "See [the part](#part).\n"),
    "a dead anchor of another page": ("MD051", "See [the part](good.md#part).\n"),
    "a line of 170 characters": ("MD013", f"A {'long ' * 33}line.\n"),
    "two sentences on one line": ("MD013", "One sentence. Another sentence.\n"),
    "a heading that skips a level": ("MD001", "### Part\n"),
    "code without a language": ("MD040", "```\nmake up\n```\n"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Return page and rule of each fault."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "good.md").write_text(GOOD)
    for name, (_, text) in FAULTS.items():
        (folder / f"{name}.md").write_text(f"# Page\n\n{text}")
    command = [
        str(Path(sys.executable).parent / "rumdl"),
        "check",
        "--no-cache",
        "--config",
        str(ROOT / "pyproject.toml"),
        ".",
    ]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    reports = [line for line in result.stdout.splitlines() if ".md:" in line]
    return {(line.partition(".md:")[0], line.partition("[")[2].partition("]")[0]) for line in reports}


@pytest.mark.parametrize(("name", "rule"), [(name, rule) for name, (rule, _) in FAULTS.items()])
def test_the_linter_finds(name: str, rule: str, found: set[tuple[str, str]]) -> None:
    assert (name, rule) in found


def test_the_linter_finds_nothing_else(found: set[tuple[str, str]]) -> None:
    assert found == {(name, rule) for name, (rule, _) in FAULTS.items()}
