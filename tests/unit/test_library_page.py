"""The programs and lists of docs/library.md."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import pulumi
import pytest

import components
from components import COMPONENTS, AwsDatabase
from components.inputs.error import InvalidInputError
from tests.code_blocks import code_blocks
from tests.own_loop import run_alone
from tests.unit.recording import declare

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
DOCKER, DATABASE, TYPED, PROVIDER, OPTIONS, MANY = code_blocks(PAGE, "python")
(README,) = code_blocks(Path(components.__file__).with_name("README.md").read_text(encoding="utf-8"), "python")


@pytest.mark.parametrize(
    ("program", "made"),
    [
        (DOCKER, "DockerDeployment kotauth"),
        (DATABASE, "SecurityGroupIngressRule identity-from-server"),
        (TYPED, "DockerDeployment kotauth"),
        (PROVIDER, "Group kotauth-server"),
        (OPTIONS, "Instance identity-instance"),
        (README, "DockerDeployment kotauth"),
    ],
)
def test_a_program_of_the_page_runs(monkeypatch: pytest.MonkeyPatch, program: str, made: str) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_kotauth", components)
    declared = declare(lambda: exec(program, {}))  # noqa: S102 - the page's own text
    assert made in {resource.title for resource in declared.resources}


def test_the_program_with_many_deployments_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tests/unit/test_growth.py` tests what the end of the program is for."""
    ends: list[Callable[[], Coroutine[None, None, None]]] = []
    monkeypatch.setitem(sys.modules, "pulumi_kotauth", components)
    monkeypatch.setattr(gc, "disable", lambda: None)
    # The stack of the mocks takes no such end.
    monkeypatch.setattr(pulumi, "run", ends.append)
    declared = declare(lambda: exec(MANY.replace("range(50)", "range(2)"), {}))  # noqa: S102 - the page's own text
    names = {f"DockerDeployment identity-{number}" for number in range(2)}
    assert names <= {resource.title for resource in declared.resources}
    (end,) = ends
    run_alone(end())


def test_the_refused_inputs_are_those_of_the_page() -> None:
    (call,) = re.findall(r'`(AwsDatabase\("identity", .*?\))`', PAGE)
    with pytest.raises(InvalidInputError) as error:
        eval(call, {"AwsDatabase": AwsDatabase})  # noqa: S307 - the page's own text
    named = [line.split()[0] for line in str(error.value).splitlines()[1:]]
    section = PAGE.partition("## Read an error")[2].partition("\n## ")[0]
    assert sorted(named) == sorted(re.findall(r"^- `(\w+)`", section, re.MULTILINE))


def test_every_component_is_listed() -> None:
    section = PAGE.partition("## Components")[2].partition("\n## ")[0]
    listed = re.findall(r"^\| \[(\w+)\]", section, re.MULTILINE)
    assert sorted(listed) == sorted(component.__name__ for component in COMPONENTS)
