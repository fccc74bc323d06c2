"""docs/controls.md is what the rules say, and names every rule and what is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy.kotauth_policy.formats.controls import controls
from policy.kotauth_policy.rules.omitted import OMITTED
from policy.testing.wire import RULES

PAGE = Path(__file__).parents[2] / "docs" / "controls.md"


def test_the_page_is_what_the_rules_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == controls(RULES, OMITTED), "run `make controls`"


def test_every_rule_has_one_row_and_its_link_leads_to_it() -> None:
    rows = re.findall(r"^\| \[([a-z0-9-]+)\]\((\S+?)\) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == [rule.name for rule in RULES]
    for name, link in rows:
        assert f'"{name}"' in (PAGE.parent / link).read_text(encoding="utf-8")


def test_every_table_is_one() -> None:
    width = 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (cells and width) or cells == width, line
        width = cells


def test_every_area_that_is_linked_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", page, re.MULTILINE)}
    assert {rule.area for rule in RULES} | {"what-is-no-rule"} == titles == set(re.findall(r"\(#([a-z-]+)\)", page))


def test_nothing_outside_of_code_is_taken_for_markup() -> None:
    page = re.sub(r"`[^`]*`|\]\(\S+?\)", "", PAGE.read_text(encoding="utf-8"))
    assert not re.findall(r"(?<!\\)<", page)
    for line in page.splitlines():
        assert len(re.findall(r"(?<!\\)\*", line)) % 2 == 0, line


def test_every_row_of_the_checklist_is_in_the_readme() -> None:
    numbers = re.findall(r"^\| ([\d, ]+) \|", (PAGE.parents[1] / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    listed = {int(number) for cell in numbers for number in cell.split(",")}
    assert {row for rule in RULES for row in rule.references.checklist} <= listed == set(range(1, 13))


@pytest.mark.parametrize("omitted", OMITTED, ids=lambda omitted: omitted.control)
def test_what_is_no_rule_has_a_reason_and_names_rules_that_exist(omitted: object) -> None:
    assert isinstance(omitted, type(OMITTED[0]))
    assert omitted.reason.endswith(".")
    assert set(omitted.instead) <= {rule.name for rule in RULES}


def test_no_reference_is_both_a_rule_s_and_without_one() -> None:
    held = {each for rule in RULES for each in (*rule.references.hub, *rule.references.checkov)}
    left = {each for omitted in OMITTED for each in (*omitted.references.hub, *omitted.references.checkov)}
    # Reversed by a rule, which says so.
    assert held & left == {"SecretsManager.1", "CKV_AWS_304", "CKV2_AWS_57"}
