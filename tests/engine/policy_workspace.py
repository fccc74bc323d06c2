"""A project under the policy pack, driven through the real Pulumi CLI."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime import proto

from policy.testing.wire import RULES
from toolchain import environment

ROOT = Path(__file__).parents[2]
MANDATORY = {rule.name for rule in RULES if rule.level.value == "mandatory"}

SHORT_PASSWORD = """\
import pulumi_random
pulumi_random.RandomPassword("short", length=12)
"""
RECORDING = """\
import base64
from kotauth_policy.catalogue import all_readers, all_rules
from kotauth_policy.engine import servicer

def recorded(kind, answer):
    def record(self, request, context):
        with open({file!r}, "a") as log:
            print(kind, base64.b64encode(request.SerializeToString()).decode(), file=log)
        return answer(self, request, context)
    setattr(servicer.PackServicer, kind, record)

for kind in ("Analyze", "AnalyzeStack"):
    recorded(kind, getattr(servicer.PackServicer, kind))
servicer.serve(all_rules(), all_readers())
"""
"""The pack's entry point, with all that the engine asks written to a file."""
PROJECT = """\
name: kotauth-infra
runtime: {name: python, options: {toolchain: pip, virtualenv: venv}}
"""


@dataclass(frozen=True)
class Result:
    """What one run of the CLI said and did."""

    exit_code: int
    output: str
    violations: dict[str, tuple[str, str]]
    """`rule@resource` to level and message."""
    operations: set[str]
    """`operation resource` of all that was done, or would be."""


class Workspace:
    """A project, a copy of the pack, and an empty state."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.pack, self._project, self._events = folder / "policy", folder / "project", folder / "events.json"
        self._asked = folder / "asked"
        shutil.copytree(ROOT / "policy", self.pack, ignore=shutil.ignore_patterns("venv", "__pycache__"))
        self._project.mkdir()
        (folder / "state").mkdir()
        (self._project / "Pulumi.yaml").write_text(PROJECT)
        for place in (self.pack, self._project):
            (place / "venv").symlink_to(sys.prefix)
        self._environment = {
            **os.environ,
            **environment(self._project),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            # Shows the flag that writes the engine's own events to a file.
            "PULUMI_DEBUG_COMMANDS": "true",
            **variables,
        }
        self._environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)

    def record(self) -> None:
        """From now on, keep what the engine asks the pack in a run."""
        (self.pack / "__main__.py").write_text(RECORDING.format(file=str(self._asked)))

    def asked(self) -> tuple[list[proto.AnalyzeRequest], proto.AnalyzeStackRequest]:
        """Return what the engine asked in the last run: about each resource, and about the stack."""
        messages: dict[str, list[bytes]] = {"Analyze": [], "AnalyzeStack": []}
        for line in self._asked.read_text().splitlines():
            kind, _, message = line.partition(" ")
            messages[kind].append(base64.b64decode(message))
        (stack,) = messages["AnalyzeStack"]
        requests = [proto.AnalyzeRequest.FromString(message) for message in messages["Analyze"]]
        return requests, proto.AnalyzeStackRequest.FromString(stack)

    def run(self, command: str, program: str, *flags: str, stack: str = "test") -> Result:
        """Run the program under the pack."""
        (self._project / "__main__.py").write_text(program)
        for log in (self._events, self._asked):
            log.unlink(missing_ok=True)
        self._pulumi("stack", "select", "--create", stack)
        done = self._pulumi(
            *command.split(), "--policy-pack", str(self.pack), "--event-log", str(self._events), *flags, check=False
        )
        return Result(done.returncode, done.stdout + done.stderr, *self._logged())

    def _pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self._project,
            env=self._environment,
            check=check,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def _logged(self) -> tuple[dict[str, tuple[str, str]], set[str]]:
        violations: dict[str, tuple[str, str]] = {}
        operations: set[str] = set()
        for line in self._events.read_text().splitlines() if self._events.exists() else []:
            event = json.loads(line)
            if found := event.get("policyEvent"):
                name = found["resourceUrn"].rpartition("::")[2]
                violations[f"{found['policyName']}@{name}"] = found["enforcementLevel"], found["message"]
            if made := event.get("resourcePreEvent"):
                operations.add(f"{made['metadata']['op']} {made['metadata']['urn'].rpartition('::')[2]}")
        return violations, operations
