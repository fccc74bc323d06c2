"""The kinds of inputs: a text, a number, true or false, a list, a mapping. Another kind is refused by its name."""

from __future__ import annotations

from typing import Any

import pytest

from components import (
    COMPONENTS,
    AwsDatabase,
    AwsDeployment,
    AwsSecret,
    AwsServerGroup,
    DockerContainer,
    DockerDatabaseRole,
    DockerDeployment,
    DockerFiles,
    DockerNetwork,
)
from components.inputs.error import InvalidInputError
from tests.unit.least_inputs import LEAST, ROLE, SPEC, Component
from tests.unit.recording import declare
from tests.unit.wrong_kinds import wrong_kinds

EACH = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)


def refused(component: Component, args: Any) -> list[str]:
    """Return the lines of the one error, without the first."""
    with pytest.raises(InvalidInputError) as error:
        component("it", args)
    return [line.strip() for line in str(error.value).splitlines()[1:]]


@EACH
def test_each_value_of_another_kind_is_named_beside_all_other_problems(component: Component) -> None:
    for path, value, args in wrong_kinds(component):
        names = [line.split(" = ")[0] for line in refused(component, {**args, "colour": "red"})]
        # The rule of a list of numbers names the list.
        assert {path, path.removesuffix("[0]")} & {*names}, f"{path} = {value!r}"
        assert "colour" in names


@pytest.mark.parametrize(
    ("component", "args", "lines"),
    [
        (
            DockerNetwork,
            {"labels": "team"},
            ["labels = \"team\": must be a mapping such as {'name': 'text'}, not a text"],
        ),
        (
            DockerDeployment,
            {"labels": {"team": 7}, "backup_schedule": {"at": "03:30"}, "base_url": True, "memory": True},
            [
                'base_url = "True": must be a text, not a boolean: put it in quotation marks',
                "backup_schedule = \"{'at': '03:30'}\": must be a list such as ['text'], not a mapping",
                'labels.team = "7": must be a text, not a number: put it in quotation marks',
                'memory = "True": must be memory in MB, a whole number from 512 to 1048576 '
                "(Kotauth's documented minimum is 512 MB)",
            ],
        ),
        (
            DockerContainer,
            {"spec": {**SPEC, "memory": "64", "cpus": False, "probe": ["true"], "ports": [{"host": 1.5}]}},
            [
                'spec.memory = "64": must be a whole number such as 2, not a text',
                'spec.cpus = "False": must be a number such as 1.5, not a boolean',
                "spec.probe = \"['true']\": must be a mapping such as "
                "{'command': ['text'], 'interval_seconds': 2, 'timeout_seconds': 2, 'retries': 2}, not a list",
                'spec.ports[0].host = "1.5": must be a whole number such as 2, not a number with a fraction',
                'spec.ports[0].container = "": is required',
            ],
        ),
        (
            AwsServerGroup,
            {"egress": "443", "vpc_id": object(), "watch": {"port": None, "path": 5}},
            [
                'vpc_id = "an object of class object": must be a text, not an object of class object',
                "egress = \"443\": must be a list such as [{'port': 2, 'description': 'text'}], not a text",
                'watch.path = "5": must be a text, not a number: put it in quotation marks',
            ],
        ),
        (
            AwsDeployment,
            {"availability_zones": ["eu-central-1a", None], "tags": {1: "a"}},
            [
                'availability_zones[1] = "None": must be a text, not nothing',
                "tags = \"{1: 'a'}\": must be a mapping such as {'name': 'text'}, "
                "not a mapping whose keys are no texts",
            ],
        ),
        (
            DockerContainer,
            {"spec": {**SPEC, "environment": {"A": "b\ud800"}}, "labels": {"\udfff": "c"}, "\ud800": "d"},
            [
                'spec.environment.A = "b\\ud800": must be a text, not a text with a lone surrogate',
                'labels.\\udfff = "\\udfff": must be a text, not a text with a lone surrogate',
                '\\ud800 = "d": is an unknown name: remove it',
            ],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_error_says_the_kind_that_is_declared(component: Component, args: dict[str, Any], lines: list[str]) -> None:
    said = refused(component, {**LEAST[component], **args})
    assert sorted(said) == sorted(lines)


def test_a_resource_in_the_place_of_its_id_is_named() -> None:
    def program() -> None:
        args = {**LEAST[AwsDatabase], "vpc_id": DockerNetwork("net", {})}
        assert refused(AwsDatabase, args) == [
            'vpc_id = "an object of class DockerNetwork": must be a text, '
            "not an object of class DockerNetwork: give one of its outputs, such as its id"
        ]

    declare(program)


@EACH
def test_the_inputs_together_are_a_mapping(component: Component) -> None:
    for args, kind in [
        (["hunter2"], "a list"),
        ("hunter2", "a text"),
        ({1: "hunter2"}, "a mapping whose keys are no texts"),
        (None, "nothing"),
    ]:
        (line,) = refused(component, args)
        assert line.startswith(f'args = "{kind}": must be a mapping such as {{')
        assert line.endswith(f"}}, not {kind}")


@pytest.mark.parametrize(
    ("component", "args"),
    [
        (AwsSecret, {"value": ["hunter2"], "description": "x"}),
        (DockerDatabaseRole, {**ROLE, "password": {"value": "hunter2"}}),
        (DockerContainer, {"spec": SPEC, "secrets": ["hunter2"]}),
        (DockerContainer, {"spec": SPEC, "secrets": {"password": ["hunter2"]}}),
        (DockerFiles, {**LEAST[DockerFiles], "files": {"a": {"b": "hunter2"}}}),
        (DockerDeployment, {**LEAST[DockerDeployment], "secret_key": ["hunter2"]}),
    ],
)
def test_a_secret_of_another_kind_is_not_shown(component: Component, args: dict[str, Any]) -> None:
    (line,) = refused(component, args)
    assert ' = "[secret]": must be a ' in line
    assert "hunter2" not in line


def test_an_awaitable_is_called_an_output_where_a_plain_value_is_needed() -> None:
    async def internal() -> bool:
        return True

    def program() -> None:
        assert refused(DockerNetwork, {"internal": internal()}) == [
            'internal = "an Output": must be a plain value: an Output may be unknown at preview'
        ]

    declare(program)
