"""What the pack writes about every rule: passed, violated, undecidable, waived or nothing to evaluate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import proto

from policy.kotauth_policy.engine import waiver_file
from policy.kotauth_policy.engine.configuration import Entry
from policy.kotauth_policy.engine.report import FILE_VARIABLE
from policy.kotauth_policy.engine.resource import Resource
from policy.kotauth_policy.engine.rule import Rule, Settings
from policy.kotauth_policy.engine.servicer import VERSION, PackServicer
from policy.kotauth_policy.engine.verdict import Verdict
from policy.testing.change import UNKNOWN, Change, put
from policy.testing.docker_program import build
from policy.testing.wire import READERS, REFUSING, RULES, RefusedError, Registered, analyze, configure_request, register

HERE = "urn:pulumi:stack::project::"
NO_MEMORY = put("frontend", "memory", 0)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "report.json"
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    return path


def written(file: Path, *changes: Change, pack: PackServicer | None = None) -> dict[str, dict[str, Any]]:
    """Return the entries of the rules, by name."""
    analyze(register(build(*changes)), servicer=pack)
    return {entry["rule"]: entry for entry in json.loads(file.read_text())["rules"]}


def outcomes(entry: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["outcome"], finding["urn"].rpartition("::")[2]) for finding in entry["findings"]]


def test_every_rule_is_in_it_and_the_compliant_program_only_passes(file: Path) -> None:
    entries = written(file)
    assert list(entries) == [rule.name for rule in RULES]
    assert not [name for name, entry in entries.items() if entry["findings"]]
    assert entries["limit-memory"]["passed"] > 1
    assert entries["encrypt-database"]["passed"] == 0


def test_it_says_whose_it_is_and_what_a_rule_is(file: Path) -> None:
    pack = PackServicer(RULES, READERS)
    pack.ConfigureStack(proto.AnalyzerStackConfigureRequest(stack="prod", project="mine", dry_run=True), REFUSING)
    entry = written(file, pack=pack)["limit-memory"]
    (rule,) = (rule for rule in RULES if rule.name == "limit-memory")
    report = json.loads(file.read_text())
    assert {key: report[key] for key in report if key != "rules"} == {
        "version": 1,
        "pack": {"name": "kotauth", "version": VERSION},
        "project": "mine",
        "stack": "prod",
        "waivers": [],
    }
    assert entry == {
        "rule": "limit-memory",
        "area": "limits",
        "level": "mandatory",
        "severity": "medium",
        "sentence": rule.description,
        "remedy": rule.remedy,
        "references": {
            "cis": list(rule.references.cis),
            "checklist": list(rule.references.checklist),
            "hub": [],
            "checkov": [],
            "documentation": "",
        },
        "passed": entry["passed"],
        "findings": [],
    }


def test_a_state_that_is_analyzed_names_its_stack_itself(file: Path) -> None:
    written(file)
    report = json.loads(file.read_text())
    assert (report["project"], report["stack"]) == ("project", "stack")


def test_a_violation_and_a_value_that_is_unknown(file: Path) -> None:
    passed = written(file)["limit-memory"]["passed"]
    violated = written(file, NO_MEMORY)["limit-memory"]
    assert violated["passed"] == passed - 1
    assert [{key: finding[key] for key in finding if key != "urn"} for finding in violated["findings"]] == [
        {"outcome": "fail", "path": "memory", "message": "memory: is not set", "waiver": None}
    ]
    undecidable = written(file, put("frontend", "memory", UNKNOWN))["limit-memory"]
    assert undecidable["passed"] == passed - 1
    assert outcomes(undecidable) == [("undecidable", "frontend")]
    assert undecidable["findings"][0]["message"] == "cannot be evaluated at preview: property memory is unknown"


def test_a_resource_has_all_of_its_findings(file: Path) -> None:
    entry = written(file, put("server", "capabilities.adds", ["SYS_ADMIN", "SYS_TIME"]))["limit-added-capabilities"]
    assert outcomes(entry) == [("fail", "server")] * 2
    assert len({finding["path"] for finding in entry["findings"]}) == 2


def test_a_crash_is_one_of_its_own_and_holds_no_value(file: Path) -> None:
    def crash(resource: Resource, _: Settings) -> Iterator[Verdict]:
        raise KeyError(resource.get("image").text())
        yield

    def crashing(rule: Rule) -> Rule:
        return replace(rule, evaluate=crash) if rule.name == "pin-image" else rule

    entry = written(file, pack=PackServicer([crashing(rule) for rule in RULES], READERS))["pin-image"]
    assert {outcome for outcome, _ in outcomes(entry)} == {"crash"}
    assert all(finding["message"].startswith("KeyError in test_report.py line") for finding in entry["findings"])


def test_a_waived_finding_says_what_it_was_and_its_waiver_what_it_did(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policy.kotauth_policy.engine.waivers.today", lambda: date(2027, 1, 1))
    answer = {"reason": "It is\nmeasured.", "owner": "Zoë", "expires": "2027-01-31"}
    own = [
        {"rule": "limit-memory", "urn": f"{HERE}*", **answer},
        {"rule": "limit-cpu", "urn": f"{HERE}*", **answer},
        {"rule": "pin-image", "urn": f"{HERE}*", **answer, "expires": "2026-12-31"},
    ]
    other = {"rule": "limit-cpu", "urn": "urn:pulumi:prod::project::*", **answer}
    (tmp_path / "waivers.yaml").write_text(json.dumps({"waivers": [*own, other]}))
    monkeypatch.setenv(waiver_file.FILE_VARIABLE, str(tmp_path / "waivers.yaml"))
    entry = written(file, NO_MEMORY, put("database", "memory", UNKNOWN))["limit-memory"]
    said = {**answer, "reason": "It is measured."}
    assert sorted(outcomes(entry)) == [("waived", "database"), ("waived", "frontend")]
    assert {finding["waiver"].pop("was") for finding in entry["findings"]} == {"fail", "undecidable"}
    assert [finding["waiver"] for finding in entry["findings"]] == [said, said]
    used, unused, expired = json.loads(file.read_text())["waivers"]
    assert used == {"rule": "limit-memory", "urn": f"{HERE}*", **said, "used": 2, "fault": ""}
    assert (unused["used"], unused["fault"][:20]) == (0, "matches no violation")
    assert (expired["used"], expired["fault"]) == (0, "expired on 2026-12-31")


def test_a_level_is_the_configured_one(file: Path) -> None:
    pack = PackServicer(RULES, READERS)
    levels = {"limit-swap": "mandatory", "limit-cpu": "advisory", "limit-memory": "disabled"}
    pack.Configure(configure_request({name: Entry(level, {}) for name, level in levels.items()}), REFUSING)
    entries = written(file, NO_MEMORY, pack=pack)
    assert {name: entries[name]["level"] for name in levels} == levels
    assert (entries["limit-memory"]["passed"], entries["limit-memory"]["findings"]) == (0, [])
    assert entries["trace-functions"]["level"] == "advisory"


def test_a_rule_that_waits_for_the_whole_stack_is_counted_once(file: Path) -> None:
    entry = written(file)["trace-secret-key"]
    assert (entry["passed"], entry["findings"]) == (1, [])


def test_the_last_look_at_a_resource_counts(file: Path) -> None:
    """The engine asks again about a resource that is replaced."""
    pack = PackServicer(RULES, READERS)
    broken, kept = register(build(NO_MEMORY)), register(build())

    def ask(registered: Registered) -> None:
        for request in registered.analyze_requests():
            pack.Analyze(request, REFUSING)

    ask(kept)
    ask(broken)
    assert outcomes(written_now(file, pack, broken)) == [("fail", "frontend")]
    ask(kept)
    assert outcomes(written_now(file, pack, kept)) == []


def written_now(file: Path, pack: PackServicer, registered: Registered) -> dict[str, Any]:
    pack.AnalyzeStack(registered.stack_request(), REFUSING)
    (entry,) = (entry for entry in json.loads(file.read_text())["rules"] if entry["rule"] == "limit-memory")
    return entry


def test_nothing_is_written_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    analyze(register(build()))
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "absent" / "report.json"
    monkeypatch.setenv(FILE_VARIABLE, str(place))
    with pytest.raises(RefusedError, match=f"INVALID_ARGUMENT: the report can't be written: .*{place}: No such file"):
        analyze(register(build()))
