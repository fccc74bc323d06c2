"""A changed program that is registered and analyzed in part is what it is as a whole."""

from __future__ import annotations

import pulumi_docker as docker
import pytest

from policy.testing.change import ABSENT, Change, From, add, put, without
from policy.testing.docker_program import build
from policy.testing.docker_program import compliant as on_docker
from policy.testing.wire import Violation, analyze, register

from .changed import Program, compliant
from .mutation import Case, cases
from .rows import AREAS, table


def agree(changes: tuple[Change, ...], of: Program) -> list[Violation]:
    """Return what the pack finds, which is the same whichever way it hears of it."""
    whole = register(build(*changes, of=of))
    assert compliant(of).registered(changes) == whole
    found = compliant(of).violations(changes)
    assert found == analyze(whole)
    return found


def first_of(area: str) -> Case:
    return next(case for case in cases(table(area)) if case.state == "known" and case.outputs is None)


@pytest.mark.parametrize("area", AREAS)
def test_the_first_row_of_each_area(area: str) -> None:
    case = first_of(area)
    assert agree(case.changes, case.of)
    assert compliant(case.of).violations(()) == [], "it is the compliant program again"


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (put("server", "memory", ABSENT), put("server", "labels", [])),
        (put("server", "envs", [From("key", "result")]),),
        (without("alarm", "backup-dump", "backup-store"),),
        # What names another resource names its type.
        (without("data"), add("data", docker.Network, {}, first=True)),
    ],
)
def test_changes_of_several_kinds(changes: tuple[Change, ...]) -> None:
    assert bool(agree(changes, on_docker)) == bool(changes)


def test_a_resource_that_is_missing_is_missed() -> None:
    with pytest.raises(KeyError):
        compliant(on_docker).registered([without("key")])


@pytest.mark.parametrize("path", ["missing", "ports.9", "healthcheck.missing", "missing.inner"])
def test_leaving_out_what_the_program_does_not_set_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=f"the compliant program does not set {path} of frontend"):
        build(put("frontend", path, ABSENT))
