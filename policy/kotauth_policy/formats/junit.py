"""The report as JUnit XML: one suite for each area, one case for each rule or finding.

What refuses nothing (advisory, waived, nothing to evaluate) is a skipped case with its text: seen, and not red.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET  # only written here, nothing is parsed
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from ..engine.report_form import KEEP_CURRENT
from .document import (
    Document,
    Finding,
    RuleReport,
    Waiver,
    excuse,
    one_line,
    refuses,
    resource_name,
    said,
)

_TOTALS = {"error": "errors", "failure": "failures", "skipped": "skipped"}


@dataclass(frozen=True)
class _Case:
    name: str
    kind: str = ""
    """Kind of failure; empty where the rule passed."""
    summary: str = ""
    text: str = ""
    outcome: str = ""


def junit(document: Document) -> str:
    """Return the report as an XML document of ASCII characters."""
    suites = [
        _suite(area, (case for rule in rules for case in _cases(rule)))
        for area, rules in groupby(sorted(document["rules"], key=lambda rule: rule["area"]), lambda rule: rule["area"])
    ]
    if document["waivers"]:
        suites.append(_suite("waivers", map(_waiver_case, document["waivers"])))
    root = ET.Element("testsuites", name=f"{document['pack']['name']} {document['project']}/{document['stack']}")
    for total in ("tests", *_TOTALS.values()):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in suites)))
    root.extend(suites)
    ET.indent(root)
    return ET.tostring(root, encoding="us-ascii").decode("ascii") + "\n"


def _suite(area: str, cases: Iterable[_Case]) -> ET.Element:
    made = list(cases)
    totals = {total: str(sum(case.kind == kind for case in made)) for kind, total in _TOTALS.items()}
    suite = ET.Element("testsuite", {"name": area, "tests": str(len(made)), **totals, "time": "0"})
    for case in made:
        element = ET.SubElement(suite, "testcase", name=case.name, classname=area, time="0")
        if case.kind:
            detail = ET.SubElement(element, case.kind, message=case.summary)
            if case.kind != "skipped":
                detail.set("type", case.outcome)
            detail.text = case.text or None
    return suite


def _cases(rule: RuleReport) -> Iterator[_Case]:
    by_resource: dict[str, list[Finding]] = {}
    for finding in rule["findings"]:
        by_resource.setdefault(finding["urn"], []).append(finding)
    for urn, findings in by_resource.items():
        yield _finding_case(rule, urn, findings)
    if by_resource:
        return
    if rule["level"] == "disabled":
        yield _Case(rule["rule"], "skipped", "switched off")
    elif rule["passed"]:
        yield _Case(rule["rule"])
    else:
        yield _Case(rule["rule"], "skipped", "nothing to evaluate")


def _finding_case(rule: RuleReport, urn: str, findings: list[Finding]) -> _Case:
    worst = next((finding for finding in findings if refuses(rule, finding)), findings[0])
    crashed = any(finding["outcome"] == "crash" for finding in findings)
    kind = "error" if crashed else "failure" if refuses(rule, worst) else "skipped"
    lines = [f"{finding['outcome']}: {said(finding)}" for finding in findings]
    return _Case(
        f"{rule['rule']} [{one_line(urn)}]",
        kind,
        f"{rule['level']}: {resource_name(urn)}: {'; '.join(lines)}",
        "\n".join([*lines, rule["sentence"], rule["remedy"]]),
        "crash" if crashed else worst["outcome"],
    )


def _waiver_case(waiver: Waiver) -> _Case:
    name = f"{KEEP_CURRENT} {waiver['rule']} [{one_line(waiver['urn'])}]"
    if not waiver["fault"]:
        return _Case(name)
    return _Case(name, "failure", one_line(waiver["fault"]), excuse(waiver), "waiver")
