"""The gate as a pipeline runs it, and a program of another team to run it on."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policy.kotauth_policy.formats import read
from policy.testing.wire import RULES
from simulators.aws import AwsSimulator
from tests.project import ROOT, Project

SCRIPT = Path("policy/gate/gate.sh")
REMEDIES = {rule.name: rule.remedy for rule in RULES}
SHOP = """\
import pulumi_aws as aws
import pulumi_random as random

random.RandomPassword("session-key", length=32)
aws.cloudwatch.LogGroup("orders", name="orders", retention_in_days=365)
aws.cloudwatch.LogGroup("payments", name="payments", retention_in_days=365)
"""
"""Nothing to do with Kotauth; keeps the mandatory rules, and breaks encrypt-logs, which is advisory."""


@dataclass(frozen=True)
class Gated:
    """What a run of the gate said and left."""

    code: int
    output: str
    summary: str
    """What the pipeline shows of it."""
    reports: Path

    def findings(self, of: str = "preview") -> set[str]:
        """Return the findings of a report, as rule@resource."""
        document = read((self.reports / f"{of}.json").read_text(encoding="utf-8"))
        return {
            f"{rule['rule']}@{finding['urn'].rpartition('::')[2]}"
            for rule in document["rules"]
            for finding in rule["findings"]
        }

    def sarif(self, of: str = "preview") -> list[dict[str, Any]]:
        """Return what code scanning would show."""
        return json.loads((self.reports / f"{of}.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]

    def names(self, *rules: str) -> bool:
        """Whether the output names these rules and what to do about them."""
        said = " ".join(self.output.split())
        return all(rule in said and " ".join(REMEDIES[rule].split()) in said for rule in rules)


def gate(project: Project, command: str, *arguments: str, script: Path = ROOT / SCRIPT, **variables: str) -> Gated:
    """Run the gate in the project's folder, on its stack."""
    summary, reports = project.path / "summary.md", project.path / "policy-report"
    summary.unlink(missing_ok=True)
    words = ("bash", str(script), command, "--stack", project.stack, *arguments)
    given = {"PYTHON": sys.executable, "GITHUB_STEP_SUMMARY": str(summary), **variables}
    result = project.run(*words, variables=given, timeout=600)
    return Gated(result.code, result.output, summary.read_text() if summary.exists() else "", reports)


def foreign(folder: Path, aws: AwsSimulator, program: str = SHOP) -> Project:
    """Return a project with nothing of this repository but a copy of the policy pack beside the program."""
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "policy", folder / "policy", ignore=shutil.ignore_patterns("venv", "__pycache__"))
    (folder / "policy" / "venv").symlink_to(sys.prefix)
    (folder / "venv").symlink_to(sys.prefix)
    runtime = "{name: python, options: {toolchain: pip, virtualenv: venv}}"
    (folder / "Pulumi.yaml").write_text(f"name: shop\nruntime: {runtime}\n")
    (folder / "Pulumi.prod.yaml").write_text("config: {aws:region: eu-central-1}\n")
    (folder / "__main__.py").write_text(program)
    project = Project(folder, "prod", aws.variables)
    project.pulumi("stack", "init", "prod")
    return project
