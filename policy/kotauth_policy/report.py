"""What every rule said about the stack, for whoever wants to see more than the violations that the engine prints.

The engine shows nothing of a rule that passes, and nothing tells a rule that passed from one that met nothing to judge.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .rule import Rule
from .verdict import Outcome, Verdict

FILE_VARIABLE = "KOTAUTH_POLICY_REPORT"
"""Names the file that the report is written to; without it nothing is written."""


class Report:
    """Counts of verdicts: rule to outcome to resources."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Begin with every rule, also those that will meet nothing."""
        self._rules = rules
        self._resources: dict[str, dict[str, Outcome]] = {rule.name: {} for rule in rules}
        self._lock = threading.Lock()

    def add(self, rule: str, urn: str, verdicts: Sequence[Verdict]) -> None:
        """Take what a rule said about a resource; the last word counts."""
        if not verdicts:
            return
        worst = max((verdict.outcome for verdict in verdicts), key=_SEVERITY.index)
        with self._lock:
            self._resources[rule][urn] = worst

    def write(self) -> None:
        """Write the report, where one is asked for."""
        file = os.environ.get(FILE_VARIABLE)
        if file:
            with self._lock:
                Path(file).write_text(json.dumps(self._entries(), indent=1) + "\n", encoding="utf-8")

    def _entries(self) -> list[dict[str, str | int]]:
        return [
            {
                "rule": rule.name,
                "area": rule.area,
                "level": rule.level.value,
                **{outcome.value: count for outcome, count in self._counts(rule).items()},
            }
            for rule in self._rules
        ]

    def _counts(self, rule: Rule) -> dict[Outcome, int]:
        counted = Counter(self._resources[rule.name].values())
        return {outcome: counted[outcome] for outcome in _SEVERITY}


_SEVERITY = (Outcome.PASS, Outcome.UNDECIDABLE, Outcome.FAIL, Outcome.CRASH)
