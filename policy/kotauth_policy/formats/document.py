"""Reads the report that the pack writes, with the standard library alone.

What makes a table or a file for a pipeline of it runs beside the pack or long afterwards, without the engine's SDK.
"""

from __future__ import annotations

import json
from typing import Any, Literal, TypedDict, cast

from ..engine import report_form
from ..engine.report_form import SCHEMA_VERSION

Verdict = Literal["crash", "fail", "undecidable", "waived", "pass", "disabled", "idle"]


class Waived(TypedDict):
    """The waiver of a finding."""

    was: str
    reason: str
    owner: str
    expires: str


class Finding(TypedDict):
    """One finding of a rule on a resource."""

    urn: str
    outcome: Literal["fail", "undecidable", "crash", "waived"]
    path: str
    message: str
    waiver: Waived | None


class References(TypedDict):
    """The catalogues and documents that require a rule."""

    cis: list[str]
    checklist: list[int]
    hub: list[str]
    checkov: list[str]
    documentation: str


class RuleReport(TypedDict):
    """The findings of one rule on the stack."""

    rule: str
    area: str
    level: Literal["mandatory", "advisory", "disabled"]
    severity: str
    sentence: str
    remedy: str
    references: References
    passed: int
    findings: list[Finding]


class Waiver(TypedDict):
    """A waiver that applies to the stack."""

    rule: str
    urn: str
    reason: str
    owner: str
    expires: str
    used: int
    fault: str


class Pack(TypedDict):
    """The policy pack that wrote the report."""

    name: str
    version: str


class Document(TypedDict):
    """The whole report."""

    version: int
    pack: Pack
    project: str
    stack: str
    rules: list[RuleReport]
    waivers: list[Waiver]


class ReportError(Exception):
    """The input is not a report; the message gives the reason."""


def read(text: str) -> Document:
    """Return the report in a text; raise ``ReportError`` where it is none, or one of another version."""
    try:
        loaded: Any = json.loads(text)
    except ValueError as error:
        raise ReportError(f"is no JSON: {error}") from None
    document = cast("dict[str, Any]", loaded) if isinstance(loaded, dict) else {}
    if document.get("version") != SCHEMA_VERSION:
        raise ReportError(f"is no report of version {SCHEMA_VERSION} of the policy pack")
    _require(document, Document, "the report")
    _require(document["pack"], Pack, "pack")
    for rule in _members(document, "rules", RuleReport):
        _require(rule["references"], References, f"{rule['rule']}.references")
        for finding in _members(rule, "findings", Finding):
            if finding["waiver"] is not None:
                _require(finding["waiver"], Waived, f"{rule['rule']}.findings.waiver")
    _members(document, "waivers", Waiver)
    return cast("Document", document)


def _members(parent: dict[str, Any], name: str, kind: type) -> list[dict[str, Any]]:
    members = parent[name]
    if not isinstance(members, list):
        raise ReportError(f"has no list in {name}")
    for member in cast("list[Any]", members):
        _require(member, kind, name)
    return cast("list[dict[str, Any]]", members)


def _require(value: object, kind: type, where: str) -> None:
    if not isinstance(value, dict):
        raise ReportError(f"has no object in {where}")
    missing = sorted(set(kind.__annotations__) - set(cast("dict[str, Any]", value)))
    if missing:
        raise ReportError(f"lacks {', '.join(missing)} in {where}")


def verdict(rule: RuleReport) -> Verdict:
    """Return the worst verdict of a rule on any resource, so that each rule counts once."""
    outcomes = {finding["outcome"] for finding in rule["findings"]}
    for outcome in ("crash", "fail", "undecidable", "waived"):
        if outcome in outcomes:
            return outcome
    if rule["level"] == "disabled":
        return "disabled"
    return "pass" if rule["passed"] else "idle"


def refuses(rule: RuleReport, finding: Finding) -> bool:
    """Whether a finding refuses the preview; a crash does so at every level."""
    if finding["outcome"] == "crash":
        return True
    return finding["outcome"] in ("fail", "undecidable") and rule["level"] == "mandatory"


def is_refused(document: Document) -> bool:
    """Whether anything refuses the preview."""
    faulty = any(waiver["fault"] for waiver in document["waivers"])
    return faulty or any(refuses(rule, finding) for rule in document["rules"] for finding in rule["findings"])


def resource_name(urn: str) -> str:
    """Return the name of a resource in the program."""
    return one_line(urn.rpartition("::")[2])


def one_line(text: str) -> str:
    """Return a text without control characters and line ends, valid in XML, for resource names of any form."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def said(finding: Finding) -> str:
    """Return the text of a finding, with its waiver if it has one."""
    return one_line(finding["message"]) + (f" ({excuse(finding['waiver'])})" if finding["waiver"] else "")


def excuse(waiver: Waiver | Waived) -> str:
    """Return a waiver's owner, end date and reason as text."""
    reason = one_line(" ".join(waiver["reason"].split()))
    return report_form.excuse(one_line(waiver["owner"]), waiver["expires"], reason)


def without_waived(document: Document) -> Document:
    """Return the report without waived findings, for tools that would show them as open."""
    rules = [
        {**rule, "findings": [finding for finding in rule["findings"] if finding["outcome"] != "waived"]}
        for rule in document["rules"]
    ]
    return cast("Document", {**document, "rules": rules})
