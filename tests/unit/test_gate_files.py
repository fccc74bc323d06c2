"""The gate's files as a team copies them: shell that parses, workflows that may do little and call what exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPT = "policy/gate/gate.sh"
WORKFLOWS = sorted((ROOT / "policy" / "gate" / "github").glob("*.yml"))
RIGHTS = {
    "pull-request": {"contents": "read", "id-token": "write", "security-events": "write", "actions": "read"},
    "drift": {"contents": "read", "id-token": "write"},
}


def bash(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", *arguments], input=text, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(params=WORKFLOWS, ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def workflow(file: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    return {"on" if key is True else key: value for key, value in yaml.safe_load(file.read_text()).items()}


@pytest.fixture
def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    (job,) = workflow["jobs"].values()
    return job["steps"]


def test_there_are_two() -> None:
    assert [file.stem for file in WORKFLOWS] == sorted(RIGHTS)


def test_the_script_parses_and_explains_itself() -> None:
    assert bash("-n", SCRIPT).returncode == 0
    explained = bash(SCRIPT, "--help")
    assert explained.returncode == 0
    text = (ROOT / SCRIPT).read_text()
    options = set(re.search(r"^ +(--stack \|.*)\)$", text, re.MULTILINE)[1].split(" | "))  # type: ignore[index]
    assert options == set(re.findall(r"--[a-z]+", explained.stdout))
    refused = bash(SCRIPT, "approve")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.endswith("error: the command is pull-request or drift, not 'approve'\n")
    assert bash(SCRIPT, "drift").stderr == "error: which stack? --stack is missing; `pulumi stack ls` lists them\n"


def test_a_workflow_has_few_rights(file: Path, workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == RIGHTS[file.stem]
    assert job["timeout-minutes"] <= 60


def test_a_workflow_runs_at_its_time(file: Path, workflow: dict[str, Any]) -> None:
    on = workflow["on"]
    if file.stem == "drift":
        assert on.keys() == {"schedule", "workflow_dispatch"}
        assert len(on["schedule"][0]["cron"].split()) == 5
    else:
        assert on.keys() == {"pull_request"}


def test_a_fork_fails_before_its_program_is_fetched() -> None:
    (job,) = yaml.safe_load((ROOT / "policy/gate/github/pull-request.yml").read_text())["jobs"].values()
    assert "if" not in job
    assert job["steps"][0]["if"] == "github.event.pull_request.head.repo.full_name != github.repository"
    ended = bash("-e", "-c", job["steps"][0]["run"])
    assert ended.returncode == 1
    assert ended.stdout.startswith("::error::")


def test_actions_are_pinned_by_their_major(steps: list[dict[str, Any]]) -> None:
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    for action in used:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@v\d+", action), action


def test_what_a_step_runs(file: Path, steps: list[dict[str, Any]]) -> None:
    runs = [step["run"] for step in steps if "run" in step]
    for run in runs:
        assert bash("-n", text=run).returncode == 0
        # An expression would be pasted into the shell's text before it is read.
        assert "${{" not in run
    (called,) = [run for run in runs if ".sh" in run]
    assert called == f'{SCRIPT} {file.stem} --stack "$STACK"'
    assert (ROOT / SCRIPT).stat().st_mode & 0o111


def test_secrets_reach_only_the_gate(steps: list[dict[str, Any]]) -> None:
    (gate,) = [step for step in steps if "secrets." in str(step)]
    assert SCRIPT in gate["run"]
    (checkout,) = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout["with"]["persist-credentials"] is False


def test_what_was_found_is_shown_after_a_failure_too(file: Path, steps: list[dict[str, Any]]) -> None:
    shown = [step for step in steps if "upload" in step.get("uses", "")]
    assert len(shown) == (2 if "security-events" in RIGHTS[file.stem] else 1)
    for step in shown:
        assert step["if"].startswith("always()")
