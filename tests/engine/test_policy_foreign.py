"""Programs that the pack was not written for, previewed under it by the real engine.

The stand-in for AWS plays WordPress and the public site. It knows no CloudFront, ECS, SQS, DynamoDB and API Gateway:
those programs are judged on recorded requests only (tests/policy/test_foreign.py), some also as an exported state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from policy.kotauth_policy import formats
from tests.engine.aws import stand_in
from tests.engine.exported_state import exported, found, make_report
from tests.engine.policy_workspace import MANDATORY, ROOT, Workspace
from tests.policy.foreign import compose, kotauth_host, lake, login, scaling, static_site, wiki, wordpress
from tests.policy.wire import register

pytestmark = pytest.mark.engine

PROGRAM = """\
import sys
sys.path.insert(0, {root!r})
from tests.policy.foreign.{module} import {function}
{function}()
"""
ODD_NAMES = """\
import pulumi_random
for name in {names!r}:
    pulumi_random.RandomPassword(name, length=12)
"""
NAMES = ("größer-漢字", "a::b", "'\"`$(x)", "n" * 300)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("foreign")
    with stand_in(program=folder) as aws:
        yield Workspace(folder, aws.variables)


def _program(module: str, function: str = "program") -> str:
    return PROGRAM.format(root=str(ROOT), module=module, function=function)


@pytest.mark.parametrize(
    ("program", "expected", "created"),
    [
        (_program("wordpress"), wordpress.EXPECTED, {"create host", "create database", "create address"}),
        (_program("static_site", "public"), static_site.PUBLIC, {"create site", "create site-policy"}),
        (_program("compose"), compose.EXPECTED, {"create traefik", "create shop", "create postgres"}),
        (_program("wiki"), wiki.EXPECTED, {"create traefik", "create wiki", "create redis"}),
        ("", frozenset(), set()),
    ],
    ids=["WordPress", "public site", "compose", "wiki", "nothing"],
)
def test_a_foreign_program_is_refused_for_what_is_wrong_with_it(
    workspace: Workspace, program: str, expected: frozenset[str], created: set[str]
) -> None:
    result = workspace.run("preview", program)
    assert set(result.violations) == expected, result.output
    assert created <= result.operations
    assert (result.exit_code != 0) == bool({each.partition("@")[0] for each in expected} & MANDATORY), result.output
    assert wordpress.PASSWORD not in result.output
    assert "crashed" not in result.output


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (scaling, scaling.EXPECTED),
        (lake, lake.EXPECTED_LATER),
        (login, login.EXPECTED),
        (kotauth_host, kotauth_host.EXPECTED),
    ],
    ids=["scaling group", "data lake", "another login", "Kotauth on a host"],
)
def test_an_export_of_a_foreign_program_is_judged_like_a_preview(
    tmp_path: Path, module: ModuleType, expected: frozenset[str]
) -> None:
    state = tmp_path / "export.json"
    state.write_text(json.dumps(exported(register(module.program, module.LATER))))
    done = make_report(state)
    assert {f"{rule}@{name}" for rule, name, _ in found(formats.read(done.stdout))} == expected, done.stderr
    assert done.returncode == 1


def test_a_name_can_be_almost_anything(workspace: Workspace) -> None:
    result = workspace.run("preview", ODD_NAMES.format(names=NAMES))
    assert set(result.violations) == {f"use-long-passwords@{name.rpartition('::')[2]}" for name in NAMES}
    assert result.exit_code != 0
