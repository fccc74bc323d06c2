"""docs/schema.yaml is the interface of the components, and CHANGELOG.md names what broke since the last release."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from cli.schema import members, snapshot
from cli.schema.snapshot import Change, Snapshot
from components import COMPONENTS
from components.schema.tokens import token

IN_GIT = Snapshot.read(snapshot.FILE.read_text(encoding="utf-8"))
CHANGELOG = (snapshot.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
DATABASE, SPEC = "kotauth:index:AwsDatabase", "kotauth:index:ContainerSpec"

Edit = Callable[[dict[str, Any]], object]


def edited(edit: Edit) -> Snapshot:
    """Return the snapshot in git after a change of its tokens."""
    tokens = copy.deepcopy({**IN_GIT.tokens})
    edit(tokens)
    return Snapshot(tokens)


def test_the_snapshot_is_the_interface() -> None:
    breaking, others = snapshot.changes(IN_GIT, Snapshot.of(members.current()))
    lines = [*(f"BREAKING {change}" for change in breaking), *map(str, others)]
    assert not lines, "\n".join(["the interface has changed; run `make schema`, and see docs/adding.md:", *lines])


def test_the_file_is_sorted() -> None:
    assert snapshot.FILE.read_text(encoding="utf-8") == IN_GIT.written(), "run `make schema`"


def test_the_changelog_names_each_breaking_change() -> None:
    missing = [str(change) for change in snapshot.missing_entries(IN_GIT, CHANGELOG)]
    assert not missing, "CHANGELOG.md must name each subject in backticks under Unreleased, see docs/adding.md"


def test_the_components_register_the_tokens_of_the_snapshot() -> None:
    """A changed token replaces the resources of every user."""
    registered = {token(component.__name__) for component in COMPONENTS}
    assert registered == {name for name, kinds in IN_GIT.tokens.items() if "fields" not in kinds}


@pytest.mark.parametrize(
    ("edit", "subject", "what"),
    [
        (lambda it: it.pop(DATABASE), DATABASE, "type token is removed"),
        (lambda it: it.pop(SPEC), SPEC, "type token is removed"),
        (lambda it: it[DATABASE]["inputs"].pop("vpcId"), "AwsDatabase.vpcId", "input is removed"),
        (lambda it: it[DATABASE].pop("outputs"), "AwsDatabase.arn", "output is removed"),
        (lambda it: it[SPEC]["fields"].pop("memory"), "ContainerSpec.memory", "field is removed"),
        (
            lambda it: it[DATABASE]["inputs"].update(vpcId="required plain string"),
            "AwsDatabase.vpcId",
            "input was string and is plain string",
        ),
        (
            lambda it: it[DATABASE]["outputs"].update(port="string"),
            "AwsDatabase.port",
            "output was integer and is string",
        ),
        (
            lambda it: it[DATABASE]["inputs"].update(version="required plain integer"),
            "AwsDatabase.version",
            "input is now required",
        ),
        (lambda it: it[SPEC]["fields"].update(new="required string"), "ContainerSpec.new", "field is new and required"),
    ],
)
def test_a_breaking_change_is_named(edit: Edit, subject: str, what: str) -> None:
    breaking, others = snapshot.changes(IN_GIT, edited(edit))
    assert Change(subject, what) in breaking
    assert not others


@pytest.mark.parametrize(
    ("edit", "change"),
    [
        (lambda it: it.update({"kotauth:index:New": {}}), "kotauth:index:New: type token is new"),
        (lambda it: it[DATABASE]["inputs"].update(new="string"), "AwsDatabase.new: input is new"),
        (lambda it: it[DATABASE]["outputs"].update(new="string"), "AwsDatabase.new: output is new"),
        (lambda it: it[DATABASE]["inputs"].update(vpcId="string"), "AwsDatabase.vpcId: input is no longer required"),
    ],
)
def test_an_addition_breaks_nothing_but_is_named(edit: Edit, change: str) -> None:
    breaking, others = snapshot.changes(IN_GIT, edited(edit))
    assert ([], [change]) == (breaking, [str(other) for other in others])


def test_the_snapshot_keeps_the_breaking_changes_until_the_release() -> None:
    earlier = Change("AwsDatabase.gone", "input is removed")
    before = Snapshot({**IN_GIT.tokens, "kotauth:index:Old": {"inputs": {"a": "string"}}}, (earlier,))
    renewed = snapshot.renewed(before, IN_GIT)
    assert renewed.breaking == (earlier, Change("kotauth:index:Old", "type token is removed"))
    assert Snapshot.read(renewed.written()) == renewed


def test_an_entry_counts_only_below_unreleased() -> None:
    changed = Snapshot({}, (Change("AwsDatabase.a", "input is removed"), Change("AwsDatabase.b", "input is removed")))
    text = "# Changelog\n\n## [Unreleased]\n\n- `{}` is gone.\n\n## [1.0.0]\n\n- `AwsDatabase.b` is gone.\n"
    for name in ("AwsDatabase.a", "*.a"):
        assert snapshot.missing_entries(changed, text.format(name)) == [changed.breaking[1]]
