"""A changed program that is registered in part is on the wire what it is as a whole."""

from __future__ import annotations

import pulumi_docker as docker
import pytest

from .change import ABSENT, Change, From, add, put, without
from .changed import registered
from .mutation import Case, cases
from .program import build, compliant
from .rows import AREAS, table
from .wire import register


def first_of(area: str) -> Case:
    return next(case for case in cases(table(area)) if case.state == "known" and case.outputs is None)


@pytest.mark.parametrize("area", AREAS)
def test_the_first_row_of_each_area(area: str) -> None:
    case = first_of(area)
    assert registered(case.changes, case.of) == register(build(*case.changes, of=case.of))


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (put("server", "memory", ABSENT), put("server", "labels", [])),
        (put("server", "envs", [From("key", "result")]),),
        (without("alarm", "backup"),),
        # What names another resource names its type.
        (without("data"), add("data", docker.Network, {}, first=True)),
    ],
)
def test_changes_of_several_kinds(changes: tuple[Change, ...]) -> None:
    assert registered(changes, compliant) == register(build(*changes))


def test_a_resource_that_is_missing_is_missed() -> None:
    with pytest.raises(KeyError):
        registered([without("key")], compliant)
