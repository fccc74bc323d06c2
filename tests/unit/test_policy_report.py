"""`make policy-report`: the report alone on standard output, the engine's own words beside it, and an exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli import pulumi_command
from cli.__main__ import main
from tests.policy.reports import document, finding, rule, text

ROOT = pulumi_command.ROOT
PASSED = document(rule("limit-memory", passed=2))
VIOLATED = document(rule("limit-memory", finding()))

ENGINE = """\
#!{python}
import os, shutil, sys
if sys.argv[1:3] == ["stack", "ls"]:
    print('[{{"name": "shop"}}]')
    sys.exit()
print("the engine's own words")
with open({calls!r}, "a") as calls:
    print(*sys.argv[1:], file=calls)
if os.path.exists({report!r}):
    shutil.copy({report!r}, os.environ["KOTAUTH_POLICY_REPORT"])
sys.exit({code})
"""


class Engine:
    """A `pulumi` that says what it was asked, and leaves a report."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._calls, self._report = folder, folder / "calls", folder / "given.json"
        self.leaves(PASSED)

    def leaves(self, report: dict[str, Any] | None, code: int = 0) -> None:
        self._report.unlink(missing_ok=True)
        if report:
            self._report.write_text(text(report))
        program = self._folder / "pulumi"
        names = {"calls": str(self._calls), "report": str(self._report)}
        program.write_text(ENGINE.format(python=sys.executable, code=code, **names))
        program.chmod(0o755)

    @property
    def calls(self) -> str:
        return self._calls.read_text() if self._calls.exists() else ""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    (tmp_path / "Pulumi.shop.yaml").write_text("config: {kotauth:target: aws}\n")
    variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    monkeypatch.setattr(pulumi_command, "ROOT", tmp_path)
    monkeypatch.setattr(pulumi_command, "engine_variables", lambda: variables)
    monkeypatch.delenv("OFFLINE", raising=False)
    return Engine(tmp_path)


def run(*arguments: str, command: str = "policy-report") -> int:
    try:
        return main([command, "--stack", "shop", *arguments])
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0


Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", ["table", "json", "sarif", "junit"])
def test_the_report_is_alone_on_standard_output(name: str, engine: Engine, capfd: Capture) -> None:
    assert run("--format", name) == 0
    shown = capfd.readouterr()
    assert "the engine's own words" in shown.err
    assert "limit-memory" in shown.out
    assert "the engine's own words" not in shown.out
    if name in ("json", "sarif"):
        json.loads(shown.out)
    assert engine.calls.startswith("preview --stack shop --policy-pack policy --policy-pack-config ")


def test_what_refuses_is_shown_and_fails(engine: Engine, capfd: Capture) -> None:
    # Not by the engine's code, which `policy analyze` and `preview` may have other reasons for.
    for code in (0, 255):
        engine.leaves(VIOLATED, code=code)
        assert run() == 1
        shown = capfd.readouterr()
        assert "violated: memory: is not set" in shown.out
        assert "error:" not in shown.err


@pytest.mark.parametrize("code", [0, 1])
def test_no_verdicts_are_not_taken_for_good_ones(code: int, engine: Engine, capfd: Capture) -> None:
    engine.leaves(None, code=code)
    assert run() == 1
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "error: no verdicts" in shown.err


def test_an_engine_that_fails_with_no_rule_s_help_is_an_error(engine: Engine, capfd: Capture) -> None:
    engine.leaves(PASSED, code=255)
    assert run() == 1
    assert "but the engine failed" in capfd.readouterr().err


def test_it_can_be_written_to_a_file(engine: Engine, tmp_path: Path, capfd: Capture) -> None:
    file = tmp_path / "out.json"
    assert run("--format", "json", "--out", str(file)) == 0
    assert json.loads(file.read_text()) == PASSED
    assert capfd.readouterr().out == ""
    assert run("--out", str(tmp_path / "nowhere" / "out")) == 1
    assert "error: the report can't be written" in capfd.readouterr().err


def test_what_is_deployed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--deployed") == 0
    assert engine.calls.startswith("policy analyze --stack shop --policy-pack policy ")
    monkeypatch.setenv("OFFLINE", "1")
    assert run("--deployed") == 1


def test_an_exported_state_has_the_levels_of_its_own_stack(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "staging.json").write_text("{}")
    file = tmp_path / "export.json"
    urn = "urn:pulumi:staging::kotauth-infra::pulumi:pulumi:Stack::kotauth-infra-staging"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": [{"urn": urn}]}}))
    assert run("--file", str(file)) == 0
    # A copy of it, which the engine can read however the file is encoded.
    assert re.match(r"policy analyze --file \S+/export\.json --policy-pack ", engine.calls)
    assert engine.calls.strip().endswith("staging.json")


@pytest.mark.parametrize("content", [None, "{", "{}", '{"deployment": {"resources": []}}', '{"deployment": null}'])
def test_a_file_that_is_no_state(content: str | None, engine: Engine, tmp_path: Path, capfd: Capture) -> None:
    file = tmp_path / "export.json"
    if content is not None:
        file.write_text(content)
    assert run("--file", str(file)) == 1
    shown = capfd.readouterr()
    assert "error: " in shown.err
    assert str(file) in shown.err
    assert engine.calls == ""


def test_a_preview_shows_what_the_rules_object_to_whatever_it_ends_with(engine: Engine, capfd: Capture) -> None:
    engine.leaves(VIOLATED, code=255)
    assert run(command="preview") == 255
    shown = capfd.readouterr().out
    assert "Policy rules: 1, of which 0 passed, 0 undecidable, 1 violated" in shown
    assert "violated: memory: is not set" in shown
    engine.leaves(None, code=1)
    assert run(command="preview") == 1
    assert "no verdicts" in capfd.readouterr().out


def test_a_preview_shows_what_passed_only_where_it_is_asked_to(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.delenv("VERBOSE", raising=False)
    assert run(command="preview") == 0
    shown = capfd.readouterr().out
    assert "Policy rules: 1, of which 1 passed" in shown
    assert "limit-memory" not in shown
    monkeypatch.setenv("VERBOSE", "1")
    assert run(command="preview") == 0
    assert "limit-memory  mandatory  passed 2" in capfd.readouterr().out


def test_make_lists_every_target_and_hands_on_what_is_asked() -> None:
    def make(*arguments: str) -> str:
        return subprocess.run(["make", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    described = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^  make ([a-z-]+) ", make("help"), re.MULTILINE)
    assert listed == described
    assert "policy-report" in listed
    asked = make("--dry-run", "policy-report", "STACK=prod", "FORMAT=sarif", "OUT=a b.sarif", "DEPLOYED=1")
    line = " ".join(asked.replace("\\\n", " ").split())
    assert "-m cli policy-report --stack prod --format sarif --out 'a b.sarif' --deployed" in line


@pytest.mark.parametrize(
    "text",
    ["", "hello", "[]", "{}", '{"version": 3, "deployment": {}}', '{"deployment": {"resources": [{}]}}', "\xf6"],
)
def test_what_is_no_state_is_refused(engine: Engine, tmp_path: Path, capsys: Capture, text: str) -> None:
    state = tmp_path / "export.json"
    state.write_text(text, encoding="latin-1")
    assert run("--file", str(state), "--format", "json") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"error: {state} must be a state with resources, written by `pulumi stack export`\n"
    assert not engine.calls
