"""The policy pack on the real engine: what a preview refuses, what it says, and what the configuration may be."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi.runtime.rpc import UNKNOWN
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policy.testing import aws_program
from policy.testing.docker_program import build, compliant
from policy.testing.wire import Registered, Violation, analyze, register
from simulators.aws import aws_simulator
from tests.engine.policy_workspace import MANDATORY, ROOT, SHORT_PASSWORD, Result, Workspace
from tests.policy.batch import together
from tests.policy.mutation import Found

pytestmark = pytest.mark.engine

PROGRAM = """\
import sys
sys.path.insert(0, {root!r})
from tests.policy.batch import program
program({target!r}, is_broken={is_broken})
"""
LAPTOP = """\
import sys
sys.path.insert(0, {root!r})
from tests.policy.laptop import program
program()
"""
PROGRAMS = {"docker": compliant, "aws": aws_program.compliant}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("policy")
    with aws_simulator(program=folder) as aws:
        yield Workspace(folder, aws.variables)


def _program(target: str, *, is_broken: bool) -> str:
    return PROGRAM.format(root=str(ROOT), target=target, is_broken=is_broken)


@pytest.mark.parametrize(
    ("target", "created"),
    [
        ("docker", {"create server", "create frontend", "create database"}),
        ("aws", {"create template", "create balancer", "create database"}),
    ],
)
def test_a_compliant_program_previews_clean(workspace: Workspace, target: str, created: set[str]) -> None:
    strict = str(workspace.pack / "prod.json")
    program = _program(target, is_broken=False)
    result = workspace.run("preview", program, "--policy-pack-config", strict, stack="prod")
    assert result.violations == {}
    assert result.exit_code == 0, result.output
    assert created <= result.operations


@dataclass(frozen=True)
class Broken:
    """A program that breaks many rules: what the engine made of it, beside what the pack finds under mocks."""

    result: Result
    requests: list[proto.AnalyzeRequest]
    stack: proto.AnalyzeStackRequest
    expected: Found
    registered: Registered
    violations: list[Violation]


@pytest.fixture(scope="module")
def preview_broken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Broken]:
    """Return a function that previews the broken program of a target, once."""

    @functools.cache
    def broken(target: str) -> Broken:
        folder = tmp_path_factory.mktemp(target)
        with aws_simulator(program=folder) as aws:
            workspace = Workspace(folder, aws.variables)
            workspace.record()
            result = workspace.run("preview", _program(target, is_broken=True))
        changes, expected = together(PROGRAMS[target])
        registered = register(build(*changes, of=PROGRAMS[target]))
        return Broken(result, *workspace.asked(), expected, registered, analyze(registered))

    return broken


@pytest.mark.parametrize("target", PROGRAMS)
def test_the_engine_refuses_what_the_pack_finds_under_mocks(
    preview_broken: Callable[[str], Broken], target: str
) -> None:
    broken = preview_broken(target)
    shown = " ".join(broken.result.output.split())
    assert set(broken.result.violations) == broken.expected, shown
    assert broken.result.exit_code != 0
    messages: dict[str, list[str]] = {}
    for violation in broken.violations:
        messages.setdefault(f"{violation.rule}@{violation.resource}", []).append(violation.message.rstrip())
        assert f"{violation.rule} (" in shown
        assert f"{violation.resource})" in shown
        assert " ".join(violation.message.split()) in shown
    for key, (level, message) in broken.result.violations.items():
        assert message.rstrip() in messages[key]
        assert (level == "mandatory") == (key.partition("@")[0] in MANDATORY)


@pytest.mark.parametrize("target", PROGRAMS)
def test_what_mocks_ask_of_the_pack_is_what_the_engine_asks(
    preview_broken: Callable[[str], Broken], target: str
) -> None:
    """But for the defaults that providers add, and names of the stack: every row of the policies builds on this."""
    broken = preview_broken(target)
    asked = {request.name: request for request in broken.requests}
    for mock in broken.registered.analyze_requests():
        real = asked[mock.name]
        assert (real.type, real.options.protect) == (mock.type, mock.options.protect)
        said, heard = (json_format.MessageToDict(each.properties) for each in (mock, real))
        assert list(_differences(said, heard, mock.name)) == []
    stack = {resource.name: resource for resource in broken.stack.resources}
    for mock in broken.registered.stack_request().resources:
        assert _dependencies(stack[mock.name]) == _dependencies(mock), mock.name


def _differences(mock: Any, real: Any, place: str, *, is_secret: bool = False) -> Iterator[str]:
    """Yield each place where the engine has another value than the mocks.

    The engine may know more: names that a provider makes up, and defaults. A provider marks a whole list as secret for
    one element of it, and that of AWS writes a policy document as text.
    """
    if isinstance(real, dict) and real.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
        real, is_secret = real["value"], True
    if isinstance(mock, dict) and mock.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
        mock = mock["value"]
        if not is_secret:
            yield f"{place}: is not secret"
    if isinstance(mock, dict) and isinstance(real, str):
        real = json.loads(real)
    if isinstance(mock, dict) and isinstance(real, dict):
        for name, member in mock.items():
            yield from _differences(member, real.get(name), f"{place}.{name}", is_secret=is_secret)
    elif isinstance(mock, list) and isinstance(real, list) and len(mock) == len(real):
        for number, pair in enumerate(zip(mock, real, strict=True)):
            yield from _differences(*pair, f"{place}[{number}]", is_secret=is_secret)
    elif mock not in (real, UNKNOWN):
        yield f"{place}: mocks have {mock!r}, the engine has {real!r}"


def _dependencies(resource: proto.AnalyzerResource) -> dict[str, set[str]]:
    return {
        name: {urn.rpartition("::")[2] for urn in found.urns}
        for name, found in resource.propertyDependencies.items()
        if found.urns
    }


def test_an_update_stops_before_the_resource_is_made(workspace: Workspace) -> None:
    result = workspace.run("up --yes --skip-preview", SHORT_PASSWORD)
    assert set(result.violations) == {"use-long-passwords@short"}
    assert result.exit_code != 0
    assert "create short" not in result.operations


def test_a_configuration_with_faults_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "configuration.json"
    configuration = {"pin-imag": "mandatory", "forbid-docker-socket": "advisory", "pin-image": {"tags": ["1"]}}
    file.write_text(json.dumps(configuration))
    result = workspace.run("preview", SHORT_PASSWORD, "--policy-pack-config", str(file))
    shown = " ".join(result.output.split())
    assert result.exit_code != 0
    assert "pin-imag: no rule has this name, did you mean pin-image?" in shown
    assert "forbid-docker-socket: must stay mandatory" in shown
    assert "pin-image: has no parameter tags" in shown
    assert not result.operations


def test_production_refuses_the_configuration_of_development(workspace: Workspace) -> None:
    dev = str(workspace.pack / "dev.json")
    result = workspace.run("preview", SHORT_PASSWORD, "--policy-pack-config", dev, stack="prod")
    assert result.exit_code != 0
    fault = "use-https-base-url: parameter localNames must keep its default in production"
    assert fault in " ".join(result.output.split())
    assert not result.operations


def test_a_parameter_of_another_type_is_refused_by_the_engine(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "configuration.json"
    file.write_text('{"reserve-server-memory": {"minimum": "512"}}')
    result = workspace.run("preview", SHORT_PASSWORD, "--policy-pack-config", str(file))
    assert result.exit_code != 0
    assert "reserve-server-memory: minimum: Invalid type" in result.output
    assert not result.operations


def test_a_configuration_relaxes_what_a_laptop_cannot_have(workspace: Workspace) -> None:
    """Without it the pack finds seven things (tests/policy/test_configuration.py)."""
    dev = str(workspace.pack / "dev.json")
    result = workspace.run("preview", LAPTOP.format(root=str(ROOT)), "--policy-pack-config", dev)
    assert result.violations == {}
    assert result.exit_code == 0, result.output
    assert "create server" in result.operations
