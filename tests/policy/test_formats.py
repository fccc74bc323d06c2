"""What is made of a report: for people, for code scanning, for pipelines."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from policy.kotauth_policy.engine.report import FILE_VARIABLE
from policy.kotauth_policy.engine.waivers import KEEP_CURRENT
from policy.kotauth_policy.formats import FORMATS, ReportError, findings, is_refused, read, without_waived
from policy.testing.change import put
from policy.testing.docker_program import build
from policy.testing.wire import analyze, register

from .reports import FRONTEND, document, everything, finding, rule, text, waiver

PACK = Path(__file__).parents[2] / "policy"


def made(name: str, report: dict[str, Any]) -> str:
    return FORMATS[name](read(text(report)))


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the pack itself writes about a program with a fault."""
    file = tmp_path / "report.json"
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    analyze(register(build(put("server", "memory", 0), put("frontend", "memory_swap", 1))))
    return json.loads(file.read_text())


def test_the_pack_and_its_reader_agree(real: dict[str, Any]) -> None:
    assert read(text(real)) == real
    assert json.loads(made("json", real)) == real


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_takes_what_the_pack_writes(name: str, real: dict[str, Any]) -> None:
    assert "limit-memory" in made(name, real)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("{", "is no JSON"),
        ("[]", "is no report of version 1"),
        ('{"version": 2}', "is no report of version 1"),
        ('{"version": 1}', "lacks pack, project, rules, stack, waivers in the report"),
        (text(document(rules={})), "has no list in rules"),
        (text(document({"rule": "a"})), "lacks area, findings"),
        (text(document(rule("a", {"urn": "b"}))), "lacks message, outcome, path, waiver in findings"),
        (text(document(waivers=("a",))), "has no object in waivers"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_report_is_refused(given: str, fault: str) -> None:
    with pytest.raises(ReportError, match=fault):
        read(given)


@pytest.mark.parametrize(
    ("report", "refused"),
    [
        (document(rule("a", passed=1), rule("b", finding("waived")), waivers=(waiver(),)), False),
        (document(rule("a", finding(), level="advisory")), False),
        (document(rule("a", finding("undecidable"), level="advisory")), False),
        (document(rule("a", finding())), True),
        (document(rule("a", finding("undecidable"))), True),
        (document(rule("a", finding("crash"), level="advisory")), True),
        (document(rule("a", passed=1), waivers=(waiver(fault="expired"),)), True),
    ],
)
def test_what_refuses_a_preview(report: dict[str, Any], refused: bool) -> None:
    assert is_refused(read(text(report))) is refused
    cases = ET.fromstring(made("junit", report))  # noqa: S314 - our own
    assert (int(cases.get("failures", "")) + int(cases.get("errors", "")) > 0) is refused
    results = json.loads(made("sarif", report))["runs"][0]["results"]
    assert any(result["level"] == "error" for result in results) is refused


def test_table_every_rule_is_counted_once_and_every_finding_is_shown() -> None:
    lines = made("table", everything()).splitlines()
    assert lines[1] == (
        "Policy rules: 7, of which 1 passed, 0 undecidable, 2 violated, 1 crashed, 1 waived, "
        "1 with nothing to evaluate, 1 switched off; 2 waivers are expired or unused"
    )
    assert lines[2] == "  limit-memory      mandatory  passed 3, undecidable 1, violated 1"
    assert lines[5] == "  trace-secret-key  mandatory  waived 2"
    assert "  nothing to evaluate: forbid-devices" in lines
    assert "  switched off: limit-cpu" in lines
    assert "limit-memory (mandatory, medium): Limit the memory of every container." in lines
    at = lines.index(f"  {FRONTEND}")
    assert lines[at + 1 : at + 3] == ["    undecidable: memory: is not set", "  Set `memory`, in MB."]


def test_table_a_waiver_that_refuses_is_in_the_line_of_counts() -> None:
    kept = rule("a", passed=1)
    assert made("table", document(kept, waivers=(waiver(),))).splitlines()[1].endswith(" with nothing to evaluate")
    line = made("table", document(kept, waivers=(waiver(used=0, fault="matches nothing"),))).splitlines()[1]
    assert line.endswith(", 0 with nothing to evaluate; 1 waiver is expired or unused")


def test_table_the_rules_with_nothing_to_evaluate_fit_a_terminal() -> None:
    names = [f"require-number-{number}" for number in range(150)]
    lines = made("table", document(*map(rule, names))).splitlines()
    assert max(map(len, lines)) <= 120
    assert " ".join(line.strip() for line in lines[2:]) == f"nothing to evaluate: {', '.join(names)}"


def test_findings_are_the_table_without_the_rules_that_nothing_objects_to() -> None:
    whole = made("table", everything()).splitlines()
    brief = findings(read(text(everything()))).splitlines()
    assert brief[:2] == whole[:2]
    assert brief[2:] == whole[whole.index("", 1) :]
    assert len(findings(read(text(document(rule("limit-memory", passed=2))))).splitlines()) == 2


def test_table_a_waiver_says_who_until_when_and_why() -> None:
    lines = made("table", everything()).splitlines()
    excuse = "waived until 2027-01-31 by ops@example.org: the vendor's image needs it"
    assert lines.count(f"    waived: memory: is not set ({excuse})") == 2
    at = lines.index("Waivers (keep-waivers-current):")
    assert lines[at + 1 :] == [
        f"  limit-memory at urn:pulumi:prod::shop::*::server: used 1, {excuse}",
        f"  pin-image at urn:pulumi:prod::shop::*::server: expired on 2026-01-31, unused, {excuse}",
        f"  bound-logs at urn:pulumi:prod::shop::*::server: matches nothing, unused, {excuse}",
    ]


def test_table_no_name_moves_the_cursor() -> None:
    shown = made("table", everything())
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert r"we \"<&>\n\x00\x1b[31m\ud800 grün 🙂".replace(r"\"", '"') in shown


def test_sarif_it_follows_the_schema(real: dict[str, Any]) -> None:
    for report in (everything(), real, document()):
        SarifLog.model_validate_json(made("sarif", report))


def test_sarif_the_schema_would_say_so() -> None:
    broken = made("sarif", everything()).replace('"level": "error"', '"level": "fatal"')
    with pytest.raises(ValueError, match="level"):
        SarifLog.model_validate_json(broken)


def test_sarif_a_result_is_about_a_resource_and_lies_in_a_file() -> None:
    (run,) = json.loads(made("sarif", everything()))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["automationDetails"]["id"] == "kotauth-policy/shop/prod/"
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"] == {"uri": "Pulumi.yaml"}
        assert set(location["physicalLocation"]["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("urn:pulumi:prod::shop::")
    assert run["results"][0]["message"]["text"] == "server: memory: is not set"


def test_sarif_levels_and_suppressions() -> None:
    results = json.loads(made("sarif", everything()))["runs"][0]["results"]
    shown = [(each["ruleId"], each["level"], len(each["suppressions"])) for each in results]
    assert shown == [
        *[("limit-memory", "error", 0)] * 3,
        ("limit-swap", "warning", 0),
        ("pin-image", "error", 0),
        *[("trace-secret-key", "note", 1)] * 2,
        *[("keep-waivers-current", "error", 0)] * 2,
    ]
    assert results[5]["suppressions"] == [
        {
            "kind": "external",
            "justification": "waived until 2027-01-31 by ops@example.org: the vendor's image needs it",
        }
    ]


def test_sarif_a_rule_says_what_to_do_and_where_it_comes_from() -> None:
    documented = rule("keep-buckets", references={**rule("")["references"], "documentation": "https://example.org/"})
    first, second, *_ = json.loads(made("sarif", document(documented, rule("limit-swap", level="advisory"))))["runs"][
        0
    ]["tool"]["driver"]["rules"]
    assert first["help"]["text"].splitlines()[0] == "Set `memory`, in MB."
    assert "- CIS Docker Benchmark 1.6: 5.11" in first["help"]["markdown"]
    assert first["helpUri"] == "https://example.org/"
    assert (
        first["properties"]
        | {
            "hub": ["EC2.8"],
            "checkov": ["CKV_AWS_79"],
            "cis": ["5.11"],
            "security-severity": "5.5",
        }
        == first["properties"]
    )
    assert (first["defaultConfiguration"]["level"], second["defaultConfiguration"]["level"]) == ("error", "warning")


def test_sarif_describes_the_rule_about_waivers_as_the_pack_does() -> None:
    *_, described = json.loads(made("sarif", everything()))["runs"][0]["tool"]["driver"]["rules"]
    texts = [described["id"], described["shortDescription"]["text"], described["help"]["text"]]
    assert texts == [KEEP_CURRENT.name, KEEP_CURRENT.description, KEEP_CURRENT.remedy]


def test_sarif_fingerprints_tell_results_apart_and_outlive_messages() -> None:
    def prints(report: dict[str, Any]) -> list[str]:
        results = json.loads(made("sarif", report))["runs"][0]["results"]
        return [each["partialFingerprints"]["primaryLocationLineHash"] for each in results]

    found = prints(everything())
    assert len(set(found)) == len(found)
    reworded = document(rule("other", passed=1), rule("limit-memory", finding(message="is unset"), finding()))
    assert prints(reworded) == found[:2]


def test_junit_areas_are_suites_and_findings_are_cases() -> None:
    root = ET.fromstring(made("junit", everything()))  # noqa: S314 - our own
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["images", "isolation", "limits", "secret-key", "waivers"]
    kinds = [
        (case.get("classname"), (case.get("name") or "").partition(" ")[0], *(detail.tag for detail in case))
        for case in root.iter("testcase")
    ]
    assert kinds == [
        ("images", "pin-image", "error"),
        ("isolation", "forbid-devices", "skipped"),
        ("limits", "limit-memory", "failure"),
        ("limits", "limit-memory", "failure"),
        ("limits", "limit-swap", "skipped"),
        ("limits", "bound-logs"),
        ("limits", "limit-cpu", "skipped"),
        ("secret-key", "trace-secret-key", "skipped"),
        ("secret-key", "trace-secret-key", "skipped"),
        ("waivers", "keep-waivers-current"),
        ("waivers", "keep-waivers-current", "failure"),
        ("waivers", "keep-waivers-current", "failure"),
    ]


def test_junit_the_totals_are_those_of_the_cases() -> None:
    root = ET.fromstring(made("junit", everything()))  # noqa: S314 - our own
    for parent in (root, *root):
        counted = {
            "tests": len(list(parent.iter("testcase"))),
            "errors": len(list(parent.iter("error"))),
            "failures": len(list(parent.iter("failure"))),
            "skipped": len(list(parent.iter("skipped"))),
        }
        assert {name: int(parent.get(name, "")) for name in counted} == counted


def test_junit_a_failure_says_which_resource_what_and_how_to_mend_it() -> None:
    root = ET.fromstring(made("junit", everything()))  # noqa: S314 - our own
    failure = next(root.iter("failure"))
    assert failure.get("type") == "fail"
    assert failure.get("message") == "mandatory: server: fail: memory: is not set; fail: memory: is not set"
    assert (failure.text or "").splitlines()[-1] == "Set `memory`, in MB."


def test_junit_names_of_cases_are_unique() -> None:
    root = ET.fromstring(made("junit", everything()))  # noqa: S314 - our own
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(names)) == len(names)


def test_what_is_waived_can_be_left_out() -> None:
    report = without_waived(read(text(everything())))
    assert not any(found["outcome"] == "waived" for each in report["rules"] for found in each["findings"])
    assert sum(len(each["findings"]) for each in report["rules"]) == 5


def test_formats_for_machines_are_ascii() -> None:
    for name in ("json", "sarif", "junit"):
        assert made(name, everything()).isascii()


def command(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    # Isolated from the site packages: the standard library has to do.
    return subprocess.run(
        [sys.executable, "-S", "-m", "kotauth_policy", *arguments], cwd=PACK, capture_output=True, check=False
    )


@pytest.mark.parametrize("name", FORMATS)
def test_the_command_line_needs_the_standard_library_alone(name: str, tmp_path: Path) -> None:
    file, out = tmp_path / "report.json", tmp_path / "out"
    file.write_text(text(everything()))
    done = command("render", str(file), "--format", name)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == made(name, everything())
    assert command("render", str(file), "--format", name, "--out", str(out)).stdout == b""
    assert out.read_bytes() == done.stdout


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "No such file"), (b"{", "is no JSON"), (b"\xff", "can't decode")]
)
def test_the_command_line_says_what_is_wrong(content: bytes | None, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    if content is not None:
        file.write_bytes(content)
    done = command("render", str(file))
    assert done.returncode == 1
    assert done.stdout == b""
    message = done.stderr.decode()
    assert message.startswith("error: ")
    assert str(file) in message
    assert fault in message
