"""The table of verdicts that `make preview` prints."""

from __future__ import annotations

import json
from pathlib import Path

import policy_report

ZERO = {"pass": 0, "undecidable": 0, "fail": 0, "crash": 0}


def rule(name: str, **counts: int) -> dict[str, object]:
    return {"rule": name, "area": "a", "level": "mandatory", **ZERO, **counts}


def test_every_rule_is_shown_with_its_verdicts(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    rules = [rule("limit-memory", **{"pass": 3, "fail": 1}), rule("pin-image", undecidable=2), rule("bound-logs")]
    file.write_text(json.dumps(rules))
    assert policy_report.table(file).splitlines() == [
        "",
        "Policy rules: 3, of which 1 passed, 1 undecidable, 1 violated, 0 crashed, 1 with nothing to judge",
        "  limit-memory  mandatory  passed 3, violated 1",
        "  pin-image     mandatory  undecidable 2",
        "  nothing to judge: bound-logs",
    ]


def test_a_preview_that_ended_early_is_not_taken_for_one_that_passed(tmp_path: Path) -> None:
    assert "no verdicts" in policy_report.table(tmp_path / "report.json")
