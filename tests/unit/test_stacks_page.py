"""The commands and outputs in README.md and docs/stacks.md."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from components import AwsDeployment, DockerDeployment
from components.config.stack import camel_case
from tests.code_blocks import code_blocks

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "stacks.md").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*?##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_outputs_are_those_of_the_deployments() -> None:
    section = PAGE.partition("\n## Outputs\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+)", section, re.MULTILINE))
    docker, aws = (set(map(camel_case, inspect.get_annotations(each))) for each in (DockerDeployment, AwsDeployment))
    assert {name for name, target in rows.items() if target in ("both", "Docker")} == docker
    assert {name for name, target in rows.items() if target in ("both", "AWS")} == aws


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_make_command_is_a_target(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = [*code_blocks(text), *re.findall(r"`([^`\n]+)`", text)]
    named = {target for each in code for target in re.findall(r"\bmake (?:-s )?([a-z][a-z-]*)", each)}
    assert named <= TARGETS
