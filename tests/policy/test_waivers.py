"""Waivers: what an entry excuses, that each use is shown, and when an entry is itself a violation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pulumi.runtime import proto

from policy.kotauth_policy.engine import report
from policy.kotauth_policy.engine.configuration import Entry
from policy.kotauth_policy.engine.resource import Resource
from policy.kotauth_policy.engine.rule import Settings
from policy.kotauth_policy.engine.servicer import PackServicer
from policy.kotauth_policy.engine.verdict import Verdict
from policy.kotauth_policy.engine.waiver_file import FILE_VARIABLE
from policy.testing.change import UNKNOWN, put
from policy.testing.docker_program import build, envs
from policy.testing.wire import (
    READERS,
    REFUSING,
    RULES,
    Registered,
    Violation,
    analyze,
    configure_request,
    register,
    violations,
)

HERE = "urn:pulumi:stack::project::"
"""Where mocks put all resources."""
LAST_DAY = date(2027, 1, 31)
WRITABLE = put("server", "read_only", False)
READ_ONLY = "mount-root-read-only"
LEVELS: dict[int, str] = {proto.ADVISORY: "advisory", proto.MANDATORY: "mandatory"}
Write = Callable[..., None]


def waiver(**changed: str) -> dict[str, str]:
    return {
        "rule": READ_ONLY,
        "urn": f"{HERE}*::server",
        "reason": "The profiler of January writes beside the program.",
        "owner": "platform",
        "expires": LAST_DAY.isoformat(),
        **changed,
    }


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return what writes the file; today is the last day of the usual waiver."""
    file = tmp_path / "waivers.yaml"
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    on(monkeypatch, LAST_DAY)

    def write(*waivers: dict[str, str]) -> None:
        file.write_text(json.dumps({"waivers": waivers}), encoding="utf-8")

    return write


def on(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    monkeypatch.setattr("policy.kotauth_policy.engine.waivers.today", lambda: day)


def preview(registered: Registered, pack: PackServicer | None = None, *, dry_run: bool = True) -> list[Violation]:
    pack = pack or PackServicer(RULES, READERS)
    stack = proto.AnalyzerStackConfigureRequest(stack="stack", project="project", dry_run=dry_run)
    pack.ConfigureStack(stack, REFUSING)
    return analyze(registered, servicer=pack)


def levels(found: Iterable[Violation]) -> list[tuple[str, str, str]]:
    return sorted((v.rule, v.resource, LEVELS[v.level]) for v in found)


WAIVED = (READ_ONLY, "server", "advisory")
NOT_CURRENT = ("keep-waivers-current", "", "mandatory")


def test_a_use_is_shown_with_owner_last_day_and_reason(write: Write) -> None:
    write(waiver())
    (violation,) = preview(register(build(WRITABLE)))
    assert levels([violation]) == [WAIVED]
    assert violation.message.splitlines() == [
        "Mount the root file system of every container read-only.",
        "readOnly: is not true",
        "waived until 2027-01-31 by platform: The profiler of January writes beside the program.",
    ]


def test_what_a_preview_does_not_know_is_waived_too(write: Write) -> None:
    write(waiver())
    assert levels(preview(register(build(put("server", "read_only", UNKNOWN))))) == [WAIVED]


def test_a_rule_that_needs_the_whole_stack_is_waived_once(write: Write) -> None:
    write(waiver(rule="separate-database-roles"))
    found = preview(register(build(put("server", "envs", envs(DB_USER="kotauth_admin")))))
    assert levels(found) == [("separate-database-roles", "server", "advisory")]


def test_another_rule_and_another_resource_are_not_waived(write: Write) -> None:
    write(waiver())
    changes = (WRITABLE, put("server", "user", "root"), put("frontend", "read_only", False))
    assert levels(preview(register(build(*changes)))) == [
        (READ_ONLY, "frontend", "mandatory"),
        WAIVED,
        ("run-as-non-root", "server", "mandatory"),
    ]


def test_a_crash_is_not_waived(write: Write) -> None:
    def crash(_: Resource, __: Settings) -> Iterator[Verdict]:
        raise KeyError
        yield

    write(waiver(urn=f"{HERE}*"))
    pack = PackServicer([replace(rule, evaluate=crash) if rule.name == READ_ONLY else rule for rule in RULES], READERS)
    found = preview(register(build()), pack)
    assert (READ_ONLY, "server", "mandatory") in levels(found)
    assert "advisory" not in {level for _, _, level in levels(found)}
    assert NOT_CURRENT in levels(found)


@pytest.mark.parametrize("pattern", [f"{HERE}*", "urn:pulumi:st[ao]ck::*::*", "urn:pulumi:*::pro*::*Container::s?rver"])
def test_a_pattern_is_over_the_whole_urn(write: Write, pattern: str) -> None:
    write(waiver(urn=pattern))
    assert levels(preview(register(build(WRITABLE)))) == [WAIVED]


@pytest.mark.parametrize("name", ["serv", "SERVER", "s?rve", "server?"])
def test_a_pattern_that_is_nearly_right_waives_nothing(write: Write, name: str) -> None:
    write(waiver(urn=f"{HERE}*::{name}"))
    assert levels(preview(register(build(WRITABLE)))) == [NOT_CURRENT, (READ_ONLY, "server", "mandatory")]


@pytest.mark.parametrize(
    "place", ["urn:pulumi:prod::project::*", "urn:pulumi:stac::project*::*", "urn:pulumi:*::other::*"]
)
def test_a_waiver_about_another_stack_is_no_business_of_this_one(
    write: Write, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    write(waiver(urn=place))
    assert preview(register(build())) == []
    on(monkeypatch, date(2030, 1, 1))
    assert preview(register(build())) == []
    assert levels(preview(register(build(WRITABLE)))) == [(READ_ONLY, "server", "mandatory")]


@pytest.mark.parametrize("project", ["other", "projec", "other*"])
@pytest.mark.parametrize("value", [False, UNKNOWN])
def test_a_waiver_that_misses_a_violation_by_its_project_is_named(write: Write, project: str, value: object) -> None:
    urn = f"urn:pulumi:st*::{project}::*::server"
    write(waiver(urn=urn))
    found = preview(register(build(put("server", "read_only", value))))
    assert levels(found) == [("keep-waivers-current", "", "advisory"), (READ_ONLY, "server", "mandatory")]
    (message,) = (violation.message for violation in found if violation.rule == NOT_CURRENT[0])
    assert message.splitlines() == [
        "Remove waivers that are expired or that waive nothing.",
        f'waiver of {READ_ONLY} for {urn}, line 1, owner platform: names the project "{project}", but the project of '
        'this stack is "project"',
        "Correct the project in its `urn` if the waiver is meant for this stack.",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"urn": "urn:pulumi:stack::other::*::frontend"},
        {"urn": "urn:pulumi:prod::other::*::server"},
        {"urn": "urn:pulumi:stack::other::*::server", "rule": "run-as-non-root"},
        {"urn": "urn:pulumi:stack::other::*::server", "expires": "2027-01-30"},
    ],
    ids=["resource", "stack", "rule", "expired"],
)
def test_a_waiver_of_another_project_that_fits_no_violation_is_not_named(write: Write, changed: dict[str, str]) -> None:
    write(waiver(**changed))
    assert levels(preview(register(build(WRITABLE)))) == [(READ_ONLY, "server", "mandatory")]


def test_a_waiver_of_another_project_is_not_named_where_another_one_excuses_the_violation(write: Write) -> None:
    write(waiver(urn="urn:pulumi:stack::other::*::server"), waiver())
    assert levels(preview(register(build(WRITABLE)))) == [WAIVED]


def test_an_expired_waiver_waives_nothing_and_is_a_violation(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(waiver())
    on(monkeypatch, date(2027, 2, 1))
    found = preview(register(build(WRITABLE)))
    assert levels(found) == [NOT_CURRENT, (READ_ONLY, "server", "mandatory")]
    (message,) = (violation.message for violation in found if violation.rule == NOT_CURRENT[0])
    assert message.splitlines() == [
        "Remove waivers that are expired or that waive nothing.",
        f"waiver of {READ_ONLY} for {HERE}*::server, line 1, owner platform: expired on 2027-01-31",
        "Remove the waiver, or let its owner set a new `expires` date.",
    ]


def test_a_waiver_that_waives_nothing_is_a_violation(write: Write) -> None:
    write(waiver())
    (violation,) = preview(register(build()))
    assert levels([violation]) == [NOT_CURRENT]
    assert violation.message.splitlines() == [
        "Remove waivers that are expired or that waive nothing.",
        f"waiver of {READ_ONLY} for {HERE}*::server, line 1, owner platform: matches no violation of the rule in this "
        "stack, or only violations that an earlier waiver matches",
        "Remove the waiver, or correct its `rule` or its `urn`.",
    ]


def test_a_waiver_behind_a_wider_one_waives_nothing(write: Write) -> None:
    write(waiver(urn=f"{HERE}*"), waiver())
    assert levels(preview(register(build(WRITABLE)))) == [NOT_CURRENT, WAIVED]


def test_a_renewed_waiver_takes_the_place_of_the_expired_one(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(waiver(), waiver(urn=f"{HERE}*", expires="2027-06-30"))
    on(monkeypatch, date(2027, 2, 1))
    assert levels(preview(register(build(WRITABLE)))) == [NOT_CURRENT, WAIVED]


@pytest.mark.parametrize("configuration", [{READ_ONLY: Entry("disabled", {})}, {READ_ONLY: Entry("advisory", {})}])
def test_no_level_hides_a_waiver_that_is_not_current(write: Write, configuration: dict[str, Entry]) -> None:
    write(waiver())
    pack = PackServicer(RULES, READERS)
    pack.Configure(configure_request(configuration), REFUSING)
    assert levels(preview(register(build()), pack)) == [NOT_CURRENT]


def test_an_update_is_stopped_at_its_first_resource_by_an_expired_waiver(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(waiver())
    on(monkeypatch, date(2027, 2, 1))
    pack = PackServicer(RULES, READERS)
    pack.ConfigureStack(proto.AnalyzerStackConfigureRequest(stack="stack", project="project"), REFUSING)
    first, second, *_ = register(build()).analyze_requests()
    assert levels(violations(pack.Analyze(first, REFUSING))) == [NOT_CURRENT]
    assert levels(violations(pack.Analyze(second, REFUSING))) == []


def test_an_update_does_not_fail_after_the_fact_for_what_its_preview_needed(write: Write) -> None:
    write(waiver())
    assert levels(preview(register(build(put("server", "read_only", UNKNOWN))))) == [WAIVED]
    assert levels(preview(register(build()), dry_run=False)) == [("keep-waivers-current", "", "advisory")]


def test_a_state_is_judged_where_no_stack_was_configured(write: Write) -> None:
    """`pulumi policy analyze` says nothing but the resources."""
    write(waiver(), waiver(rule="run-as-non-root"), waiver(urn="urn:pulumi:prod::project::*"))
    assert levels(analyze(register(build(WRITABLE)))) == [NOT_CURRENT, WAIVED]


def test_one_process_serves_several_previews(write: Write) -> None:
    pack = PackServicer(RULES, READERS)
    write(waiver())
    assert levels(preview(register(build(WRITABLE)), pack)) == [WAIVED]
    assert levels(preview(register(build()), pack)) == [NOT_CURRENT]
    write()
    assert levels(preview(register(build(WRITABLE)), pack)) == [(READ_ONLY, "server", "mandatory")]


def test_calls_at_the_same_time_lose_no_use(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.json"
    monkeypatch.setenv(report.FILE_VARIABLE, str(file))
    names = ("server", "frontend", "database", "role")
    write(waiver(urn=f"{HERE}*"), *(waiver(rule="limit-added-capabilities", urn=f"{HERE}*::{name}") for name in names))
    adds = [put(name, "capabilities.adds", ["SYS_ADMIN", "SYS_TIME"]) for name in names]
    registered = register(build(*adds, *(put(name, "read_only", False) for name in names)))
    pack = PackServicer(RULES, READERS)
    with ThreadPoolExecutor(8) as threads:
        asked = [*registered.analyze_requests()] * 5
        responses = list(threads.map(lambda request: pack.Analyze(request, REFUSING), asked))
    assert levels(violations(*responses)).count(WAIVED) == 5
    assert violations(pack.AnalyzeStack(registered.stack_request(), REFUSING)) == []
    used = [entry["used"] for entry in json.loads(file.read_text())["waivers"]]
    assert used == [4, 2, 2, 2, 2]


def test_a_resource_that_keeps_the_rule_at_its_second_look_is_not_counted(write: Write) -> None:
    """The engine asks again about a resource that is replaced."""
    write(waiver())
    pack = PackServicer(RULES, READERS)
    broken, kept = register(build(WRITABLE)), register(build())
    for registered in (broken, kept):
        for request in registered.analyze_requests():
            pack.Analyze(request, REFUSING)
    assert levels(violations(pack.AnalyzeStack(kept.stack_request(), REFUSING))) == [NOT_CURRENT]
