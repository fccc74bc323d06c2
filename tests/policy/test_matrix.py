"""The mutation matrix is complete: each rule has an exact violation and all four states, in its area's module."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest

from policy.kotauth_policy.catalogue import all_rules
from policy.kotauth_policy.rule import Level, Rule

from . import aws_program, program
from .change import put
from .mutation import NOTHING, Case, Impossible
from .program import build
from .wire import analyze, register

STATES = {"known", "secret", "unknown", "absent"}
RULES = all_rules()


def entries(rule: Rule) -> list[Case | Impossible]:
    module = importlib.import_module(f"tests.policy.test_{rule.area.replace('-', '_')}")
    return [entry for entry in module.TABLE if entry.rule == rule.name]


@pytest.mark.parametrize("program", [program, aws_program], ids=["Docker", "AWS"])
@pytest.mark.parametrize("known", [False, True], ids=["first preview", "after an update"])
def test_the_compliant_program_breaks_nothing(program: Any, *, known: bool) -> None:
    assert analyze(register(build(of=program.compliant), program.KNOWN if known else None)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_each_state(rule: Rule) -> None:
    assert {entry.state for entry in entries(rule)} == STATES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_is_triggered_alone(rule: Rule) -> None:
    known = [entry.expected for entry in entries(rule) if isinstance(entry, Case) and entry.state == "known"]
    assert any({violation.partition("@")[0] for violation in expected} == {rule.name} for expected in known)


def test_an_impossible_state_says_why() -> None:
    assert all(entry.why for rule in RULES for entry in entries(rule) if isinstance(entry, Impossible))


def test_a_row_that_finds_something_else_fails() -> None:
    with pytest.raises(AssertionError, match="missing"):
        Case("nothing is changed", (), frozenset({"pin-image@server"})).check()
    with pytest.raises(AssertionError, match="unexpected"):
        Case("something is", (put("server", "privileged", True),), NOTHING).check()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_is_written_down(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert re.fullmatch(r"[A-Z][^.]*(\.localhost[^.]*)?\.", rule.sentence), "one sentence"
    assert rule.remedy
    assert any(vars(rule.references).values())
    assert rule.judge.__doc__
    assert rule.level is Level.MANDATORY or rule.waivable


def test_the_message_names_property_and_remedy() -> None:
    (case, *_) = [e for rule in RULES if rule.name == "mount-root-read-only" for e in entries(rule)]
    assert isinstance(case, Case)
    (violation,) = case.check()
    assert violation.message.splitlines() == [
        "Mount the root file system of every container read-only.",
        "readOnly: is not true",
        "Set `read_only=True` and list what must be writable in `tmpfs` or on a volume.",
    ]
