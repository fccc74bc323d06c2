"""Waivers on the real engine: a use is shown, and what is not current or can't be read stops everything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from policy.kotauth_policy.engine.waiver_file import FILE_VARIABLE
from tests.engine.policy_workspace import SHORT_PASSWORD, Result, Workspace

pytestmark = pytest.mark.engine

LONG_PASSWORD = SHORT_PASSWORD.replace("12", "32")
TODAY = datetime.now(UTC).date()
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)


class Stack(Workspace):
    """A stack whose state can be looked at, and judged by itself."""

    def analyze(self) -> tuple[int, str]:
        """Judge what is deployed, without the program; return exit code and output."""
        done = self._pulumi("policy", "analyze", "--policy-pack", str(self.pack), check=False)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    @property
    def is_empty(self) -> bool:
        """Whether nothing was made."""
        return not json.loads(self._pulumi("stack", "export").stdout)["deployment"].get("resources")


@pytest.fixture
def stack(tmp_path: Path, pulumi_engine: None) -> Stack:
    return Stack(tmp_path, {})


def waive(file: Path, **changed: object) -> None:
    """Write a waiver of the short password."""
    values: dict[str, object] = {
        "rule": "use-long-passwords",
        "urn": "urn:pulumi:test::kotauth-infra::*::short",
        "reason": "The till has twelve keys.",
        "owner": "platform",
        "expires": TOMORROW,
        **changed,
    }
    file.write_text("waivers:\n" + "  - " + "\n    ".join(f"{key}: {value}" for key, value in values.items()) + "\n")


def refusal(result: Result) -> str:
    """Return why a run is refused that breaks nothing but the rule about waivers."""
    assert result.exit_code != 0, result.output
    ((name, (level, message)),) = result.violations.items()
    assert (name, level) == ("keep-waivers-current@kotauth-infra-test", "mandatory")
    return message


def test_a_waived_stack_comes_up_and_its_state_is_judged_alike(stack: Stack) -> None:
    waive(stack.pack / "waivers.yaml")
    result = stack.run("up --yes", SHORT_PASSWORD)
    assert result.exit_code == 0, result.output
    assert {name: level for name, (level, _) in result.violations.items()} == {"use-long-passwords@short": "advisory"}
    assert f"waived until {TOMORROW} by platform: The till has twelve keys." in " ".join(result.output.split())
    assert "create short" in result.operations
    assert not stack.is_empty
    exit_code, output = stack.analyze()
    assert exit_code == 0, output
    assert f"waived until {TOMORROW} by platform" in output
    waive(stack.pack / "waivers.yaml", expires=YESTERDAY)
    exit_code, output = stack.analyze()
    assert exit_code != 0
    assert f"owner platform: expired on {YESTERDAY}" in output
    assert "length: is 12, less than 24" in output


def test_an_unused_one_refuses_before_anything_is_made(stack: Stack) -> None:
    waive(stack.pack / "waivers.yaml")
    message = refusal(stack.run("up --yes", LONG_PASSWORD))
    place = "urn:pulumi:test::kotauth-infra::*::short, line 2, owner platform"
    assert f"waiver of use-long-passwords for {place}" in message
    assert "matches no violation of the rule in this stack" in message
    assert stack.is_empty


def test_an_update_without_preview_is_not_failed_when_all_is_made(stack: Stack) -> None:
    waive(stack.pack / "waivers.yaml")
    result = stack.run("up --yes --skip-preview", LONG_PASSWORD)
    assert result.exit_code == 0, result.output
    assert result.violations["keep-waivers-current@kotauth-infra-test"][0] == "advisory"


@pytest.mark.parametrize("command", ["up --yes", "up --yes --skip-preview"])
def test_an_expired_one_refuses_before_anything_is_made(stack: Stack, command: str) -> None:
    waive(stack.pack / "waivers.yaml", expires=YESTERDAY)
    assert f"expired on {YESTERDAY}" in refusal(stack.run(command, LONG_PASSWORD))
    assert stack.is_empty


def test_a_file_with_a_fault_is_refused_with_its_line(stack: Stack) -> None:
    waive(stack.pack / "waivers.yaml", rule="trace-secret-key")
    result = stack.run("preview", SHORT_PASSWORD)
    assert result.exit_code != 0
    fault = f"{stack.pack}/waivers.yaml are refused: line 2: waiver 1: rule 'trace-secret-key' can't be waived"
    assert fault in " ".join(result.output.split())
    assert not result.violations
    assert not result.operations


def test_the_file_may_be_elsewhere(tmp_path: Path, pulumi_engine: None) -> None:
    waive(tmp_path / "mine.yaml")
    stack = Stack(tmp_path, {FILE_VARIABLE: str(tmp_path / "mine.yaml")})
    waive(stack.pack / "waivers.yaml", reason="")
    assert stack.run("preview", SHORT_PASSWORD).exit_code == 0
    (tmp_path / "mine.yaml").unlink()
    result = stack.run("preview", SHORT_PASSWORD)
    assert result.exit_code != 0
    assert f"variable {FILE_VARIABLE}: {tmp_path}/mine.yaml: No such file" in " ".join(result.output.split())
