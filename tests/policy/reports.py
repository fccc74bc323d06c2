"""Reports as the pack writes them, for tests of what is made of them."""

from __future__ import annotations

import json
from typing import Any

SERVER = "urn:pulumi:prod::shop::docker:index/container:Container::server"
FRONTEND = "urn:pulumi:prod::shop::my:Part$docker:index/container:Container::frontend"
WAIVER = {"reason": "the vendor's image\n needs it", "owner": "ops@example.org", "expires": "2027-01-31"}


def finding(outcome: str = "fail", urn: str = SERVER, path: str = "memory", **changed: Any) -> dict[str, Any]:
    waiver = {"was": "fail", **WAIVER} if outcome == "waived" else None
    return {"urn": urn, "outcome": outcome, "path": path, "message": f"{path}: is not set", "waiver": waiver, **changed}


def rule(name: str, *findings: dict[str, Any], passed: int = 0, **changed: Any) -> dict[str, Any]:
    return {
        "rule": name,
        "area": "limits",
        "level": "mandatory",
        "severity": "medium",
        "sentence": "Limit the memory of every container.",
        "remedy": "Set `memory`, in MB.",
        "references": {
            "cis": ["5.11"],
            "checklist": [1],
            "hub": ["EC2.8"],
            "checkov": ["CKV_AWS_79"],
            "documentation": "",
        },
        "passed": passed,
        "findings": list(findings),
        **changed,
    }


def waiver(**changed: Any) -> dict[str, Any]:
    pattern = "urn:pulumi:prod::shop::*::server"
    return {"rule": "limit-memory", "urn": pattern, **WAIVER, "used": 1, "fault": "", **changed}


def document(*rules: dict[str, Any], waivers: tuple[dict[str, Any], ...] = (), **changed: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "pack": {"name": "kotauth", "version": "0.1.0"},
        "project": "shop",
        "stack": "prod",
        "rules": list(rules),
        "waivers": list(waivers),
        **changed,
    }


def everything() -> dict[str, Any]:
    """Return a report that has each kind of verdict, waiver and name."""
    odd = 'urn:pulumi:prod::shop::docker:index/container:Container::we "<&>\n\x00\x1b[31m\ud800 grün 🙂 ]]>'
    return document(
        rule("limit-memory", finding(), finding(), finding("undecidable", FRONTEND), passed=3),
        rule("limit-swap", finding(urn=odd, message=f"{odd}: is <odd>"), passed=1, level="advisory", severity="low"),
        rule("pin-image", finding("crash"), level="advisory", area="images", severity="high"),
        rule(
            "trace-secret-key", finding("waived"), finding("waived", FRONTEND), area="secret-key", severity="critical"
        ),
        rule("bound-logs", passed=2),
        rule("forbid-devices", area="isolation"),
        rule("limit-cpu", level="disabled"),
        waivers=(
            waiver(),
            waiver(rule="pin-image", used=0, fault="expired on 2026-01-31"),
            waiver(rule="bound-logs", used=0, fault="matches nothing"),
        ),
    )


def text(report: dict[str, Any]) -> str:
    return json.dumps(report)
