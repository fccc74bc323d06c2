"""The rules over an exported state, on the real engine: with its secrets, and where they can't be decrypted."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pytest

from policy.kotauth_policy import formats
from policy.kotauth_policy.engine.report import FILE_VARIABLE
from policy.testing import docker_program as program
from policy.testing.change import Change, put
from policy.testing.docker_program import build
from policy.testing.wire import register
from tests.engine.exported_state import ROOT, exported, found, make_report
from toolchain import environment

pytestmark = pytest.mark.engine


def our_state(*changes: Change) -> dict[str, Any]:
    """Return the state of our own program on Docker."""
    return exported(register(build(*changes), program.KNOWN))


def analyze(folder: Path, *changes: Change) -> tuple[subprocess.CompletedProcess[str], formats.Document]:
    state, report = folder / "export.json", folder / "report.json"
    state.write_text(json.dumps(our_state(*changes)))
    done = subprocess.run(
        ["pulumi", "policy", "analyze", "--file", str(state), "--policy-pack", str(ROOT / "policy"), "--color=never"],
        cwd=folder,
        env={**os.environ, **environment(folder), FILE_VARIABLE: str(report)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert report.exists(), done.stdout + done.stderr
    return done, formats.read(report.read_text())


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
    """Written as some shells redirect it."""
    state, out = tmp_path / "an export.json", tmp_path / "out.json"
    state.write_text(json.dumps(our_state(put("frontend", "memory_swap", 1024))), encoding="utf-16")
    done = make_report(state, "--out", str(out))
    # The file of the stack raises the rule.
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    report = formats.read(out.read_text())
    assert report["stack"] == "prod"
    assert found(report) == {("limit-swap", "frontend", "fail")}


def test_make_judges_a_resource_that_is_only_read_by_what_was_read(tmp_path: Path) -> None:
    def volumes() -> None:
        for name in ("good", "bad"):
            aws.ebs.Volume(name, availability_zone="eu-central-1a", encrypted=True, size=8)

    state = exported(register(volumes))
    for volume in state["deployment"]["resources"][1:]:
        volume |= {"external": True, "inputs": {}}
        volume["outputs"]["encrypted"] = volume["urn"].endswith("good")
    (tmp_path / "export.json").write_text(json.dumps(state), encoding="utf-8-sig")
    report = formats.read(make_report(tmp_path / "export.json").stdout)
    assert found(report) == {("encrypt-disks", "bad", "fail")}
    assert {rule["rule"]: rule["passed"] for rule in report["rules"] if rule["passed"]} == {
        "encrypt-disks": 1,
        "name-unjudged-resources": 1,
    }
