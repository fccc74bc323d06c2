"""The report as SARIF 2.1.0, in the form that GitHub's code scanning takes.

A resource has no line of source that the engine would tell, and code scanning refuses a result without one. So each
result is about the resource by its URN, and is placed at the project's file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from ..engine.report_form import KEEP_CURRENT, KEEP_CURRENT_DESCRIPTION, KEEP_CURRENT_REMEDY
from .document import (
    Document,
    Finding,
    RuleReport,
    Waiver,
    excuse,
    one_line,
    refuses,
    resource_name,
)

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_PROJECT_FILE = "Pulumi.yaml"
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
"""Scores in the middle of the ranges to which code scanning gives these names."""
_LEVELS = {"mandatory": "error", "advisory": "warning", "disabled": "none"}


def sarif(document: Document) -> str:
    """Return the report as one SARIF log of ASCII characters."""
    rules = document["rules"]
    waivers = [waiver for waiver in document["waivers"] if waiver["fault"]]
    described = [_rule(rule) for rule in rules] + ([_WAIVER_RULE] if waivers else [])
    index = {rule["id"]: number for number, rule in enumerate(described)}
    seen: Counter[str] = Counter()
    results = [
        *(_result(rule, finding) for rule in rules for finding in rule["findings"]),
        *map(_waiver_result, waivers),
    ]
    for result in results:
        result["ruleIndex"] = index[result["ruleId"]]
        # The same twice is two results: the number keeps them apart.
        mark = result["partialFingerprints"]
        seen[mark["primaryLocationLineHash"]] += 1
        mark["primaryLocationLineHash"] += f":{seen[mark['primaryLocationLineHash']]}"
    pack = document["pack"]
    run = {
        "tool": {
            "driver": {
                "name": f"{pack['name']}-policy",
                "semanticVersion": pack["version"],
                "rules": described,
            }
        },
        # Stacks don't overwrite each other's results.
        "automationDetails": {"id": f"{pack['name']}-policy/{document['project']}/{document['stack']}/"},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(rule: RuleReport) -> dict[str, Any]:
    references = rule["references"]
    listed = {
        "Security Hub": references["hub"],
        "Checkov": references["checkov"],
        "CIS Docker Benchmark 1.6": references["cis"],
        "Kotauth's production checklist, row": [str(row) for row in references["checklist"]],
    }
    sources = [f"{name}: {', '.join(ids)}" for name, ids in listed.items() if ids]
    more = {"helpUri": references["documentation"]} if references["documentation"] else {}
    return {
        "id": rule["rule"],
        "name": "".join(word.capitalize() for word in rule["rule"].split("-")),
        "shortDescription": {"text": rule["sentence"]},
        "fullDescription": {"text": rule["sentence"]},
        "help": {
            "text": "\n".join([rule["remedy"], *sources]),
            "markdown": "\n".join([rule["remedy"], "", *(f"- {source}" for source in sources)]),
        },
        **more,
        "defaultConfiguration": {"level": _LEVELS[rule["level"]], "enabled": rule["level"] != "disabled"},
        "properties": {
            "tags": ["security", rule["area"]],
            "precision": "very-high",
            "security-severity": _SCORES.get(rule["severity"], "5.5"),
            "area": rule["area"],
            "severity": rule["severity"],
            "hub": references["hub"],
            "checkov": references["checkov"],
            "cis": references["cis"],
            "checklist": references["checklist"],
            "passed": rule["passed"],
        },
    }


_WAIVER_RULE: dict[str, Any] = {
    "id": KEEP_CURRENT,
    "name": "KeepWaiversCurrent",
    "shortDescription": {"text": KEEP_CURRENT_DESCRIPTION},
    "fullDescription": {"text": KEEP_CURRENT_DESCRIPTION},
    "help": {"text": KEEP_CURRENT_REMEDY},
    "defaultConfiguration": {"level": "error", "enabled": True},
    "properties": {"tags": ["security", "waivers"], "security-severity": _SCORES["high"]},
}


def _result(rule: RuleReport, finding: Finding) -> dict[str, Any]:
    waiver = finding["waiver"]
    suppression = {"kind": "external", "justification": excuse(waiver)} if waiver else None
    crashed = "the rule crashed: " if finding["outcome"] == "crash" else ""
    return {
        **_about(finding["urn"], rule["rule"], finding["path"]),
        # Not every reader knows suppressions: what is waived must not look like what refuses.
        "level": "note" if waiver else "error" if refuses(rule, finding) else "warning",
        "message": {"text": f"{resource_name(finding['urn'])}: {crashed}{one_line(finding['message'])}"},
        # Of all results or of none, says the standard.
        "suppressions": [suppression] if suppression else [],
        "properties": {"outcome": finding["outcome"], "path": finding["path"]},
    }


def _waiver_result(waiver: Waiver) -> dict[str, Any]:
    return {
        **_about(waiver["urn"], KEEP_CURRENT, waiver["rule"]),
        "level": "error",
        "message": {"text": f"waiver for {waiver['rule']}: {one_line(waiver['fault'])} ({excuse(waiver)})"},
        "suppressions": [],
        "properties": {"outcome": "fail"},
    }


def _about(urn: str, rule: str, part: str) -> dict[str, Any]:
    region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
    subject = "\0".join((rule, urn, part)).encode("utf-8", "surrogatepass")
    return {
        "ruleId": rule,
        "kind": "fail",
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _PROJECT_FILE}, "region": region},
                "logicalLocations": [
                    {"name": resource_name(urn), "fullyQualifiedName": one_line(urn), "kind": "resource"}
                ],
            }
        ],
        # Code scanning compares this one alone, and would make its own of the line, which is the same for all.
        "partialFingerprints": {"primaryLocationLineHash": hashlib.sha256(subject).hexdigest()[:32]},
    }
