"""The verdicts of the policy pack after a preview, as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE_VARIABLE = "KOTAUTH_POLICY_REPORT"
"""Where the pack writes what every rule said (policy/kotauth_policy/report.py)."""


def table(file: Path) -> str:
    """Return a line for each rule that met something to judge, and the names of the others."""
    if not file.exists():
        return "\nPolicy rules: no verdicts, the preview ended before the whole stack was judged."
    rules: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    judged = [rule for rule in rules if any(rule[outcome] for outcome in _WORDS)]
    idle = [rule["rule"] for rule in rules if rule not in judged]
    width = max((len(rule["rule"]) for rule in judged), default=0)
    lines = [f"  {rule['rule']:{width}}  {rule['level']:9}  {_verdict(rule)}" for rule in judged]
    counts = ", ".join(f"{sum(bool(rule[outcome]) for rule in rules)} {word}" for outcome, word in _WORDS.items())
    head = f"Policy rules: {len(rules)}, of which {counts}, {len(idle)} with nothing to judge"
    return "\n".join(["", head, *lines, f"  nothing to judge: {', '.join(idle) or 'none'}"])


_WORDS = {"pass": "passed", "undecidable": "undecidable", "fail": "violated", "crash": "crashed"}


def _verdict(rule: dict[str, Any]) -> str:
    return ", ".join(f"{word} {rule[outcome]}" for outcome, word in _WORDS.items() if rule[outcome])
