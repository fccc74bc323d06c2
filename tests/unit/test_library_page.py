"""The programs and lists of docs/library.md."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.settings import ROOT

import components
from components import (
    COMPONENTS,
    AwsDatabase,
    AwsDeployment,
    AwsObservability,
    DockerDeployment,
    KotauthCredentials,
)
from components.inputs.error import InvalidInputError
from tests.code_blocks import code_blocks
from tests.own_loop import run_alone
from tests.unit.aws_deployments import BASE, BROUGHT, CADDY, ZONE_ID
from tests.unit.least_inputs import LEAST, Component
from tests.unit.recording import declare

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
DOCKER, DATABASE, TYPED, UNIT_TEST, PROVIDER, OPTIONS, MANY = code_blocks(PAGE, "python")
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


@pytest.fixture
def unit_test(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the names of the page's unit test, whose mocks are set."""
    monkeypatch.setitem(sys.modules, "pulumi_kotauth", components)
    ROOT.set(None)
    names: dict[str, Any] = {}
    exec(UNIT_TEST, names)  # noqa: S102 - the page's own text
    return names


class PlainMocks(pulumi.runtime.Mocks):
    """The mocks of Pulumi's documentation."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        return args.name + "_id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        return {}


def unknown_outputs(component: Component, args: dict[str, Any]) -> list[str]:
    """Return the outputs of a component that the mocks leave unknown: an assertion about them would never run."""
    unknown: list[str] = []

    async def resolve(made: pulumi.ComponentResource) -> None:
        for name in type(made).__annotations__:
            if not await pulumi.Output.from_input(getattr(made, name)).is_known():
                unknown.append(name)

    pulumi.runtime.test(lambda: resolve(component("it", args)))()
    return unknown


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("component", "args"),
    [
        *LEAST.items(),
        (AwsDeployment, CADDY),
        (AwsDeployment, {**BASE, **BROUGHT, "zone_id": ZONE_ID}),
        (DockerDeployment, {"base_url": "https://localhost:8443"}),
    ],
)
@pytest.mark.usefixtures("unit_test")
def test_the_mocks_of_the_page_are_enough(component: Component, args: dict[str, Any]) -> None:
    assert unknown_outputs(component, args) == []


@pytest.mark.parametrize(
    ("component", "error"),
    [
        (AwsObservability, "Unexpected type; expected a value of type"),
        (KotauthCredentials, "NoneType"),
    ],
)
def test_the_error_without_them_is_that_of_the_page(component: Component, error: str) -> None:
    ROOT.set(None)
    pulumi.runtime.set_mocks(PlainMocks())
    with pytest.raises((AssertionError, AttributeError, TypeError), match=error):
        unknown_outputs(component, LEAST[component])
    assert error in PAGE


def test_the_unit_test_of_the_page_runs_its_assertion(unit_test: dict[str, Any]) -> None:
    unit_test["test_url"]()
    ROOT.set(None)
    wrong = UNIT_TEST.replace('assert url == "https://auth.example.org"', 'assert url == "https://example.org"')
    exec(wrong, unit_test)  # noqa: S102 - the page's own text
    with pytest.raises(AssertionError):
        unit_test["test_url"]()


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
