"""The examples of docs/policies.md are what the pack accepts."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest
import yaml

from policy.kotauth_policy.engine.configuration import Entry, faults
from policy.kotauth_policy.engine.waiver_file import FILE_VARIABLE, read_waivers
from policy.testing.wire import RULES
from tests.code_blocks import code_blocks

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"


def example(language: str) -> str:
    page = PAGE.read_text(encoding="utf-8")
    (block,) = code_blocks(page, language)
    return textwrap.dedent(block)


def test_staging_accepts_the_levels() -> None:
    entries = {
        name: Entry(value, {}) if isinstance(value, str) else Entry(value.pop("enforcementLevel", "mandatory"), value)
        for name, value in json.loads(example("json")).items()
    }
    assert list(faults(entries, RULES, production=False)) == []


def test_the_rules_and_settings_of_the_table_exist() -> None:
    rest = PAGE.read_text(encoding="utf-8").partition("| Violated rule | Setting to correct |\n|---|---|\n")[2]
    rows = [line.split("|") for line in rest.partition("\n\n")[0].splitlines()]
    rules, settings = ({name for row in rows for name in re.findall(r"`(.+?)`", row[column])} for column in (1, 2))
    assert rules
    assert rules - {rule.name for rule in RULES} == set()
    headings = re.findall(r"^### (\w+)$", (PAGE.parent / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert settings
    assert settings - set(headings) == set()


def test_the_waivers_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text(example("yaml"))
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    assert [waiver.rule for waiver in read_waivers(RULES)] == [
        entry["rule"] for entry in yaml.safe_load(example("yaml"))["waivers"]
    ]
