"""What components get from programs in other languages, and the error that these programs get for a refused input."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
import yaml
from pulumi.provider import server
from pulumi.provider.experimental.analyzer import PropertyType
from pulumi.provider.experimental.util import camel_case
from pulumi.runtime.proto import provider_pb2

from components import COMPONENTS, PACKAGE, AwsDeployment, AwsLaunchTemplate, DockerContainer, DockerDeployment
from components.inputs.error import refused as refused_value
from components.inputs.shape import settled
from components.schema.host import Components, Servicer
from components.schema.tokens import token
from tests.code_blocks import code_blocks
from tests.own_loop import run_alone
from tests.unit.least_inputs import LEAST
from tests.unit.recording import declare
from tests.unit.wrong_kinds import wrong_kinds

EACH = pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
Component = Any


@pytest.fixture(scope="module")
def provider() -> Components:
    return Components(COMPONENTS, PACKAGE)


def sent(value: Any) -> Any:
    """Return inputs as another language sends them: with the names of the schema, and every number as a float."""
    if isinstance(value, dict):
        return {camel_case(key): sent(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [sent(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


SPEC = sent(LEAST[DockerContainer]["spec"])


def refusal(provider: Components, component: Component, inputs: dict[str, Any]) -> str:
    """Return what the engine shows of the error that refuses these inputs."""
    with pytest.raises(server.ComponentInitError) as error:
        provider.construct("it", token(component.__name__), inputs)
    shown = provider.refusal(error.value)
    assert shown
    return shown.message


def refused(provider: Components, component: Component, inputs: dict[str, Any]) -> set[str]:
    """Return the lines about these inputs, beside an unknown one."""
    head, *lines = refusal(provider, component, {**inputs, "colour": "red"}).splitlines()
    assert f"{component.__name__} it " in head
    assert '  colour = "red": is an unknown name: remove it' in lines
    return {line.strip() for line in lines}


def numbers(provider: Components, component: Component) -> list[str]:
    """Return the numbers that a component takes."""
    inputs = provider.analyzer.analyze_component(component).inputs
    return [name for name, each in inputs.items() if each.type in (PropertyType.INTEGER, PropertyType.NUMBER)]


@EACH
def test_inputs_arrive_as_a_python_program_gives_them(provider: Components, component: Component) -> None:
    definition = provider.analyzer.analyze_component(component)
    arrived = settled(provider.map_inputs(sent(LEAST[component]), definition))
    # Text tells 1 from 1.0.
    assert json.dumps(arrived, sort_keys=True) == json.dumps(LEAST[component], sort_keys=True)


@EACH
def test_all_missing_inputs_are_named_at_once(provider: Components, component: Component) -> None:
    required = inspect.signature(component.__init__).parameters["args"].annotation.__required_keys__
    missing = {f'{camel_case(name)} = "": is required' for name in required}
    assert missing <= refused(provider, component, {})


@EACH
def test_refused_numbers_are_shown_as_they_were_written(provider: Components, component: Component) -> None:
    names = numbers(provider, component)
    lines = refused(provider, component, dict.fromkeys(names, -1.0))
    assert {f'{name} = "-1": must be ' for name in names} <= {line[: line.find("must be ") + 8] for line in lines}


@EACH
def test_numbers_that_are_known_later_are_refused_as_in_python(provider: Components, component: Component) -> None:
    names = numbers(provider, component)
    rule = "must be a plain value: an Output may be unknown at preview"
    lines = refused(provider, component, dict.fromkeys(names, pulumi.Output.from_input(512.0)))
    assert {f'{name} = "an Output": {rule}' for name in names} <= lines


@EACH
def test_each_value_of_another_kind_is_named_as_in_the_schema(provider: Components, component: Component) -> None:
    for path, value, args in wrong_kinds(component):
        if isinstance(value, str | float | int | list) or value == {"a": "b"}:
            shown = re.sub(r"\w+", lambda name: camel_case(name[0]), path)
            names = {line.split(" = ")[0] for line in refused(provider, component, sent(args))}
            assert shown in names or shown.removesuffix("[0]") in names, f"{path} = {value!r}"


@pytest.mark.parametrize(
    ("component", "inputs", "line"),
    [
        (
            DockerDeployment,
            {"databaseVersion": 15.0, "databaseImage": "docker.io/library/postgres:14.20"},
            'databaseImage = "docker.io/library/postgres:14.20": '
            "must have a tag that begins with PostgreSQL version 15: change the tag or databaseVersion",
        ),
        (DockerDeployment, {"baseUr": "x"}, 'baseUr = "x": is an unknown name: did you mean baseUrl?'),
        (
            DockerContainer,
            {"spec": {**SPEC, "probe": {**SPEC["probe"], "timeoutSeconds": None}}},
            'spec.probe.timeoutSeconds = "": is required',
        ),
        (
            AwsLaunchTemplate,
            {"watch": {"port": 0.0}},
            'watch = {"port": 0}: must be a TCP port, a whole number from 1 to 65535',
        ),
        (
            DockerContainer,
            {"spec": {**SPEC, "oneShot": True}},
            'spec.probe = {"command": ["true"], "intervalSeconds": 5, "timeoutSeconds": 5, "retries": 3, '
            '"startPeriodSeconds": 90}: is required, or else oneShot (a container that exits) or unprobed: '
            "set exactly one of the three",
        ),
        (
            DockerContainer,
            {"spec": {**SPEC, "probe": ["true"]}},
            'spec.probe = ["true"]: must be a mapping such as {"command": ["text"], "intervalSeconds": 2, '
            '"timeoutSeconds": 2, "retries": 2}, not a list',
        ),
        (
            DockerContainer,
            {"spec": {**SPEC, "environment": {"acme_email": 1.0}}},
            'spec.environment.acme_email = "1": must be a text, not a number: put it in quotation marks',
        ),
        (
            DockerContainer,
            {"spec": {**SPEC, "environment": {"acme_email": ["a_b", True]}}},
            'spec.environment.acme_email = ["a_b", true]: must be a text, not a list',
        ),
        (
            AwsLaunchTemplate,
            {"secrets": {"acme_email": {"keyArn": "x"}}},
            'secrets.acme_email.arn = "": is required',
        ),
        (
            DockerContainer,
            {"spec": {**SPEC, "secretFiles": ["acme_email"]}},
            'secrets = "[secret]": must be exactly the spec\'s secret files, "acme_email" (got none)',
        ),
        (DockerDeployment, {"image": True}, 'image = "true": must be a text, not a boolean: put it in quotation marks'),
        (
            DockerDeployment,
            {"labels": {"http_port": {"http_port": None}}},
            "labels.http_port = {}: must be a text, not a mapping",
        ),
        (DockerDeployment, {"labels": ["a"]}, 'labels = ["a"]: must be a mapping such as {"name": "text"}, not a list'),
        (
            AwsDeployment,
            {"acmeEmail": 'an "acme_email": x'},
            'acmeEmail = "an "acme_email": x": must be an e-mail address',
        ),
    ],
)
def test_a_problem_has_the_names_of_the_schema(
    provider: Components, component: Component, inputs: dict[str, Any], line: str
) -> None:
    assert line in refused(provider, component, {**sent(LEAST[component]), **inputs})


def test_the_yaml_program_of_the_page_is_refused_as_the_page_shows(provider: Components) -> None:
    page = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
    program = yaml.safe_load(next(block for block in code_blocks(page, "yaml") if "resources:" in block))
    ((name, resource),) = program["resources"].items()
    assert resource["type"] == f"{PACKAGE}:DockerDeployment"
    inputs, definition = resource["properties"], provider.analyzer.analyze_component(DockerDeployment)
    arrived: Any = provider.map_inputs(sent(inputs), definition)
    assert declare(lambda: DockerDeployment(name, arrived)).resources
    assert {*re.findall(rf"\${{{name}\.(\w+)}}", str(program["outputs"]))} <= {*definition.outputs}

    (shown,) = (block for block in code_blocks(page, "text") if block.startswith("error: "))
    said = refusal(provider, DockerDeployment, {**inputs, "memory": 256.0, "databaseVersion": 13.0})
    assert shown.strip().endswith(said.replace(" it ", f" {name} "))


BAD_URL = refused_value("DockerDeployment acme_email", "base_url", "x", "is bad")


class Context:
    """The engine's side of one call."""

    def __init__(self) -> None:
        self.status: Any = None

    async def abort_with_status(self, status: Any) -> None:
        self.status = status
        raise grpc.aio.AbortError


@pytest.mark.parametrize("error", [server.ComponentInitError(BAD_URL), BAD_URL])
def test_a_refusal_has_no_traceback(provider: Components, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The first is raised by a constructor, the second by a value that is known later."""
    context = Context()
    with pytest.raises(grpc.aio.AbortError):
        construct(provider, monkeypatch, error, context)
    assert (context.status.code, context.status.details) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        'DockerDeployment acme_email is not valid:\n  baseUrl = "x": is bad',
    )
    assert context.status.trailing_metadata


def test_a_fault_of_the_program_keeps_its_traceback(provider: Components, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception, match=r"boom:\n"):
        construct(provider, monkeypatch, server.ComponentInitError(ZeroDivisionError("boom")), Context())


def construct(provider: Components, monkeypatch: pytest.MonkeyPatch, error: Exception, context: Any) -> None:
    async def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(server.ProviderServicer, "_construct", fails)
    run_alone(Servicer(provider, [], "").Construct(provider_pb2.ConstructRequest(), context))
