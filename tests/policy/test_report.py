"""What the pack writes about every rule: passed, violated, undecidable and nothing to judge are four things."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policy.kotauth_policy.report import FILE_VARIABLE
from tests.policy.change import UNKNOWN, put
from tests.policy.program import build
from tests.policy.wire import RULES, analyze, register


def report(file: Path, program: Any) -> dict[str, dict[str, Any]]:
    analyze(register(program))
    return {entry["rule"]: entry for entry in json.loads(file.read_text())}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "report.json"
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    return path


def test_every_rule_is_in_it_and_the_compliant_program_only_passes(file: Path) -> None:
    entries = report(file, build())
    assert set(entries) == {rule.name for rule in RULES}
    assert not [name for name, entry in entries.items() if entry["fail"] or entry["undecidable"] or entry["crash"]]
    assert entries["limit-memory"]["pass"] > 1
    assert entries["limit-memory"]["level"] == "mandatory"


def test_a_violation_and_a_value_that_is_unknown(file: Path) -> None:
    passed = report(file, build())["limit-memory"]["pass"]
    violated = report(file, build(put("server", "memory", 0)))["limit-memory"]
    assert (violated["fail"], violated["pass"]) == (1, passed - 1)
    undecidable = report(file, build(put("server", "memory", UNKNOWN)))["limit-memory"]
    assert (undecidable["undecidable"], undecidable["pass"]) == (1, passed - 1)


def test_a_rule_that_waits_for_the_whole_stack_is_counted_once(file: Path) -> None:
    entry = report(file, build())["trace-secret-key"]
    assert sum(entry[outcome] for outcome in ("pass", "fail", "undecidable", "crash")) == 1


def test_nothing_is_written_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    analyze(register(build()))
    assert not list(tmp_path.iterdir())
