"""Programs that the pack was not written for, previewed under it by the real engine.

The simulator of AWS plays WordPress and the public site. It knows no CloudFront, ECS, SQS, DynamoDB and API Gateway:
those programs are judged on recorded requests only (tests/policy/test_foreign.py), some also as an exported state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from policy.kotauth_policy import formats
from policy.testing.wire import register
from simulators.aws import aws_simulator
from tests.engine.exported_state import exported, found, make_report
from tests.engine.policy_workspace import ROOT, Workspace
from tests.policy.foreign import compose, kotauth_host, lake, login, scaling, static_site, wordpress

pytestmark = pytest.mark.engine

PROGRAM = """\
import sys
sys.path.insert(0, {root!r})
import pulumi_random
from tests.policy.foreign import compose, static_site, wordpress

wordpress.program()
static_site.public()
compose.program()
for name in {names!r}:
    pulumi_random.RandomPassword(name, length=12)
"""
NAMES = ("größer-漢字", "a::b", "'\"`$(x)", "n" * 300)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("foreign")
    with aws_simulator(program=folder) as aws:
        yield Workspace(folder, aws.variables)


def test_foreign_programs_are_refused_for_what_is_wrong_with_them(workspace: Workspace) -> None:
    """Three programs, and resources whose names are almost anything."""
    result = workspace.run("preview", PROGRAM.format(root=str(ROOT), names=NAMES))
    passwords = {f"use-long-passwords@{name.rpartition('::')[2]}" for name in NAMES}
    assert set(result.violations) == wordpress.EXPECTED | static_site.PUBLIC | compose.EXPECTED | passwords
    assert {"create host", "create database", "create site", "create site-policy", "create traefik"} <= (
        result.operations
    )
    assert result.exit_code != 0
    assert wordpress.PASSWORD not in result.output
    assert "crashed" not in result.output


def test_a_program_of_nothing_is_let_pass(workspace: Workspace) -> None:
    result = workspace.run("preview", "")
    assert result.violations == {}
    assert result.exit_code == 0, result.output


def _several() -> None:
    for each in (scaling, lake, login):
        each.program()


@pytest.mark.parametrize(
    ("program", "later", "expected"),
    [
        (
            _several,
            {**scaling.LATER, **lake.LATER, **login.LATER},
            scaling.EXPECTED | lake.EXPECTED_LATER | login.EXPECTED,
        ),
        (kotauth_host.program, kotauth_host.LATER, kotauth_host.EXPECTED),
    ],
    ids=["scaling group, data lake and another login", "Kotauth on a host"],
)
def test_an_export_of_a_foreign_program_is_judged_like_a_preview(
    tmp_path: Path, program: Callable[[], None], later: dict[str, dict[str, Any]], expected: frozenset[str]
) -> None:
    state = tmp_path / "export.json"
    state.write_text(json.dumps(exported(register(program, later))))
    done = make_report(state)
    assert {f"{rule}@{name}" for rule, name, _ in found(formats.read(done.stdout))} == expected, done.stderr
    assert done.returncode == 1
