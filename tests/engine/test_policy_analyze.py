"""The rules over an exported state, on the real engine: with its secrets, and where nobody can decrypt them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi_policy import proxy
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from engine import environment
from policy.kotauth_policy import formats
from policy.kotauth_policy.report import FILE_VARIABLE
from tests.policy import program
from tests.policy.change import Change, put
from tests.policy.program import build
from tests.policy.wire import register

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
STACK = "urn:pulumi:prod::kotauth-infra::pulumi:pulumi:Stack::kotauth-infra-prod"
UNREADABLE = {"type": "service", "state": {"url": "https://example.org", "owner": "o", "project": "p", "stack": "s"}}
UNKNOWN = {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")}


def exported(*changes: Change) -> dict[str, Any]:
    """Return the state that an `up` of a program leaves, as `pulumi stack export` writes it, secrets encrypted."""
    resources: list[dict[str, Any]] = [{"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack"}]
    for urn, request in register(build(*changes), program.KNOWN).registrations:
        inputs = _stored(json_format.MessageToDict(request.object))
        resources.append(
            {
                "urn": _renamed(urn),
                "custom": True,
                "id": "an-id",
                "type": request.type,
                "inputs": inputs,
                "outputs": inputs,
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


def analyze(folder: Path, *changes: Change) -> tuple[subprocess.CompletedProcess[str], formats.Document]:
    state, report = folder / "export.json", folder / "report.json"
    state.write_text(json.dumps(exported(*changes)))
    done = subprocess.run(
        ["pulumi", "policy", "analyze", "--file", str(state), "--policy-pack", str(ROOT / "policy"), "--color=never"],
        cwd=folder,
        env={**os.environ, **environment(folder), FILE_VARIABLE: str(report)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    return done, formats.read(report.read_text())


def found(report: formats.Document) -> set[tuple[str, str, str]]:
    return {
        (rule["rule"], finding["urn"].rpartition("::")[2], finding["outcome"])
        for rule in report["rules"]
        for finding in rule["findings"]
    }


def test_a_good_state_passes_without_its_secrets(tmp_path: Path) -> None:
    done, report = analyze(tmp_path)
    assert "redacted" in done.stderr
    assert found(report) == set()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (report["project"], report["stack"]) == ("kotauth-infra", "prod")
    assert sum(rule["passed"] > 0 for rule in report["rules"]) > 50


def test_a_violation_in_a_state_is_found_and_reported(tmp_path: Path) -> None:
    done, report = analyze(tmp_path, put("server", "memory", 0), put("frontend", "memory_swap", 1024))
    assert found(report) == {("limit-memory", "server", "fail"), ("limit-swap", "frontend", "fail")}
    assert formats.is_refused(report)
    assert done.returncode != 0


def test_make_reports_a_state_with_the_levels_of_its_stack(tmp_path: Path) -> None:
    state, out = tmp_path / "export.json", tmp_path / "out.json"
    state.write_text(json.dumps(exported(put("frontend", "memory_swap", 1024))))
    command = ["workflow.py", "policy-report", "--file", str(state), "--format", "json", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    # The file of the stack raises the rule.
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert found(formats.read(out.read_text())) == {("limit-swap", "frontend", "fail")}
