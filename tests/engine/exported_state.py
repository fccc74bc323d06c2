"""States as an `up` leaves them, and what the report says of one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from pulumi_policy import proxy
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policy.kotauth_policy import formats
from policy.testing.wire import Registered

ROOT = Path(__file__).parents[2]
STACK = "urn:pulumi:prod::kotauth-infra::pulumi:pulumi:Stack::kotauth-infra-prod"
UNREADABLE = {"type": "service", "state": {"url": "https://example.org", "owner": "o", "project": "p", "stack": "s"}}
UNKNOWN = {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")}


def exported(registered: Registered) -> dict[str, Any]:
    """Return the state that an `up` of a program leaves, as `pulumi stack export` writes it, secrets encrypted."""
    resources: list[dict[str, Any]] = [{"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack"}]
    for urn, request in registered.registrations:
        inputs = _stored(json_format.MessageToDict(request.object))
        outputs = {**inputs, **_stored(json_format.MessageToDict(registered.outputs[urn]))}
        resources.append(
            {
                "urn": _renamed(urn),
                "custom": True,
                "id": outputs.get("id", "an-id"),
                "type": request.type,
                "inputs": inputs,
                "outputs": outputs,
                "parent": STACK,
                "protect": request.protect,
                "propertyDependencies": {
                    name: [_renamed(each) for each in found.urns]
                    for name, found in request.propertyDependencies.items()
                },
            }
        )
    manifest = {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""}
    deployment = {"manifest": manifest, "secrets_providers": UNREADABLE, "resources": resources}
    return {"version": 3, "deployment": deployment}


def found(report: formats.Document) -> set[tuple[str, str, str]]:
    """Return each finding as rule, resource and outcome."""
    return {
        (rule["rule"], finding["urn"].rpartition("::")[2], finding["outcome"])
        for rule in report["rules"]
        for finding in rule["findings"]
    }


def make_report(state: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run what `make policy-report FILE=… FORMAT=json` runs."""
    command = [sys.executable, "-m", "cli", "policy-report", "--file", str(state), "--format", "json", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


def _renamed(urn: str) -> str:
    return f"urn:pulumi:prod::kotauth-infra::{urn.split('::', 2)[2]}"


def _stored(value: Any) -> Any:
    if isinstance(value, list):
        return [_stored(element) for element in value]
    if isinstance(value, dict):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "ciphertext": "djE6AAAA"}
        return {name: _stored(member) for name, member in value.items()}
    return "known-by-now" if value in UNKNOWN else value
