"""The report: the verdicts of all rules on a stack, including passes and waived violations.

The engine shows nothing of a rule that passes, nor whether it passed or met nothing to evaluate.
"""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .report_form import FILE_VARIABLE, SCHEMA_VERSION
from .rule import Rule
from .verdict import Outcome, Verdict
from .waivers import Waiver


@dataclass(frozen=True)
class Finding:
    """A verdict, and the waiver that excuses it if one does."""

    verdict: Verdict
    waiver: Waiver | None = None


class Report:
    """Findings of a run: for each rule and resource the last verdicts, empty for a pass."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Begin with every rule, including rules that no resource of the stack matches."""
        self._rules = rules
        self._findings: dict[str, dict[str, list[Finding]]] = {rule.name: {} for rule in rules}
        self._lock = threading.Lock()

    def add(self, rule: str, urn: str, findings: Sequence[Finding]) -> None:
        """Store a rule's verdicts on a resource; later verdicts replace earlier ones."""
        with self._lock:
            if findings:
                self._findings[rule][urn] = [f for f in findings if f.verdict.outcome is not Outcome.PASS]
            else:
                self._findings[rule].pop(urn, None)

    def uses(self) -> Counter[Waiver]:
        """Count the findings that each waiver excuses."""
        with self._lock:
            findings_of_all = (f for urns in self._findings.values() for findings in urns.values() for f in findings)
            return Counter(finding.waiver for finding in findings_of_all if finding.waiver)

    def unwaived(self) -> list[tuple[str, str]]:
        """Return rule and URN of each finding that no waiver excuses."""
        with self._lock:
            return [
                (rule, urn)
                for rule, urns in self._findings.items()
                for urn, findings in urns.items()
                if any(finding.waiver is None and finding.verdict.outcome is not Outcome.CRASH for finding in findings)
            ]

    def write(self, head: Mapping[str, Any], levels: Mapping[str, str], faults: Mapping[Waiver, str]) -> None:
        """Write the report if a file is configured, with the configured levels and each waiver's fault."""
        file = os.environ.get(FILE_VARIABLE)
        if not file:
            return
        uses = self.uses()
        with self._lock:
            rules = [_rule_entry(rule, levels.get(rule.name), self._findings[rule.name]) for rule in self._rules]
        waivers = [_waiver_entry(waiver, uses[waiver], fault) for waiver, fault in faults.items()]
        document = {"version": SCHEMA_VERSION, **head, "rules": rules, "waivers": waivers}
        Path(file).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _rule_entry(rule: Rule, level: str | None, findings: Mapping[str, Sequence[Finding]]) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "area": rule.area,
        "level": level or rule.level.value,
        "severity": rule.severity.value,
        # Version 1 of the report has this name for the description.
        "sentence": rule.description,
        "remedy": rule.remedy,
        "references": asdict(rule.references),
        "passed": sum(not reported for reported in findings.values()),
        "findings": [_finding_entry(urn, finding) for urn, reported in findings.items() for finding in reported],
    }


def _finding_entry(urn: str, finding: Finding) -> dict[str, Any]:
    verdict, waiver = finding.verdict, finding.waiver
    return {
        "urn": urn,
        "outcome": "waived" if waiver else verdict.outcome.value,
        "path": verdict.path,
        "message": verdict.message,
        "waiver": {"was": verdict.outcome.value, **_answer(waiver)} if waiver else None,
    }


def _waiver_entry(waiver: Waiver, used: int, fault: str) -> dict[str, Any]:
    return {"rule": waiver.rule, "urn": waiver.urn, **_answer(waiver), "used": used, "fault": fault}


def _answer(waiver: Waiver) -> dict[str, str]:
    return {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires.isoformat()}
