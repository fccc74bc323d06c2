"""The policy pack on the real engine: what a preview refuses, what it says, and what the configuration may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.kotauth_policy.facts.docker import CONTAINER
from tests.engine.aws import stand_in
from tests.engine.policy_workspace import MANDATORY, ROOT, SHORT_PASSWORD, Result, Workspace
from tests.policy.batch import Batch, areas_on_aws, batches
from tests.policy.wire import RULES

pytestmark = pytest.mark.engine

REMEDIES = {rule.name: rule.remedy for rule in RULES}

ONLY_ON_AWS = {"agree-on-host-name", "verify-database-certificate"}
"""Rules about containers that need something of AWS's beside them."""

NOT_PLAYED = {"caches"}
"""Areas about what the stand-in for AWS doesn't know; no component makes one either."""

PROGRAM = """\
import sys
sys.path.insert(0, {root!r})
from tests.policy.batch import program
program(*{rules!r}, on_aws={on_aws})()
"""
LAPTOP = """\
import sys
sys.path.insert(0, {root!r})
from tests.policy.laptop import program
program()
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("policy")
    with stand_in(program=folder) as aws:
        yield Workspace(folder, aws.variables)


def _program(*rules: str, on_aws: bool = False) -> str:
    return PROGRAM.format(root=str(ROOT), rules=rules, on_aws=on_aws)


@pytest.fixture(scope="module")
def compliant(workspace: Workspace) -> Result:
    return workspace.run("preview", _program(), "--policy-pack-config", str(workspace.pack / "prod.json"), stack="prod")


def test_a_compliant_program_previews_clean(compliant: Result) -> None:
    assert compliant.violations == {}
    assert compliant.exit_code == 0, compliant.output
    assert {"create server", "create frontend", "create database"} <= compliant.operations


def test_a_compliant_program_on_aws_previews_clean(workspace: Workspace) -> None:
    strict = str(workspace.pack / "prod.json")
    result = workspace.run("preview", _program(on_aws=True), "--policy-pack-config", strict, stack="prod")
    assert result.violations == {}
    assert result.exit_code == 0, result.output
    assert {"create template", "create balancer", "create database"} <= result.operations


def _batches() -> list[Batch]:
    known = [rule.name for rule in RULES if rule.area not in NOT_PLAYED]
    return [*batches(known), *(batch for batch in areas_on_aws() if set(batch.rules) <= set(known))]


@pytest.fixture(scope="module")
def refused(workspace: Workspace) -> list[tuple[Batch, Result]]:
    return [(batch, workspace.run("preview", _program(*batch.rules))) for batch in _batches()]


def test_each_rule_refuses_a_program(refused: list[tuple[Batch, Result]]) -> None:
    broken = {rule for batch, _ in refused for rule in batch.rules}
    assert {rule.area for rule in RULES} - NOT_PLAYED == {rule.area for rule in RULES if rule.name in broken}
    assert {rule.name for rule in RULES if CONTAINER in rule.types} - broken <= ONLY_ON_AWS
    for batch, result in refused:
        assert set(result.violations) == batch.expected
        assert (result.exit_code != 0) == bool(MANDATORY & set(batch.rules)), result.output


def test_each_message_names_rule_and_remedy(refused: list[tuple[Batch, Result]]) -> None:
    for batch, result in refused:
        shown = " ".join(result.output.split())
        for key, (level, message) in result.violations.items():
            rule, _, resource = key.partition("@")
            assert message.rstrip().endswith(REMEDIES[rule])
            assert (level == "mandatory") == (rule in MANDATORY)
            assert f"{rule} (" in shown
            assert f"{resource})" in shown
            assert " ".join(REMEDIES[rule].split()) in shown
        assert batch.rules


def test_an_update_stops_before_the_resource_is_made(workspace: Workspace) -> None:
    result = workspace.run("up --yes --skip-preview", SHORT_PASSWORD)
    assert set(result.violations) == {"use-long-passwords@short"}
    assert result.exit_code != 0
    assert "create short" not in result.operations


@pytest.mark.parametrize(
    ("stack", "configuration", "fault"),
    [
        ("test", {"pin-imag": "mandatory"}, "pin-imag: no rule has this name, did you mean pin-image?"),
        ("test", {"forbid-docker-socket": "advisory"}, "forbid-docker-socket: must stay mandatory"),
        ("test", {"all": "disabled"}, "all: must stay mandatory in every environment, not disabled"),
        ("prod", {"all": "advisory"}, "all: must stay mandatory in production, not advisory"),
        ("test", {"pin-image": {"tags": ["1"]}}, "pin-image: has no parameter tags"),
        ("prod", {"pin-image": "disabled"}, "pin-image: must stay mandatory in production"),
        ("prod", "dev.json", "use-https-base-url: parameter localNames must keep its default in production"),
    ],
)
def test_a_configuration_with_a_fault_is_refused(
    workspace: Workspace, tmp_path: Path, stack: str, configuration: dict[str, object] | str, fault: str
) -> None:
    file = workspace.pack / configuration if isinstance(configuration, str) else tmp_path / "configuration.json"
    if not isinstance(configuration, str):
        file.write_text(json.dumps(configuration))
    result = workspace.run("preview", SHORT_PASSWORD, "--policy-pack-config", str(file), stack=stack)
    assert result.exit_code != 0
    assert fault in " ".join(result.output.split())
    assert not result.operations


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"pin-image": ', "unexpected end of JSON input"),
        ('{"pin-image": "fatal"}', 'parsing enforcement level for "pin-image": "fatal" is not a valid'),
        ('{"pin-image": 3}', 'parsing "pin-image": 3 is not a valid value'),
        ('{"reserve-server-memory": {"minimum": "512"}}', "reserve-server-memory: minimum: Invalid type"),
    ],
)
def test_a_configuration_that_the_engine_itself_refuses(
    workspace: Workspace, tmp_path: Path, text: str, fault: str
) -> None:
    file = tmp_path / "configuration.json"
    file.write_text(text)
    result = workspace.run("preview", SHORT_PASSWORD, "--policy-pack-config", str(file))
    assert result.exit_code != 0
    assert fault in result.output
    assert not result.operations


def test_a_configuration_relaxes_what_a_laptop_cannot_have(workspace: Workspace) -> None:
    relaxed = ("allow-image-registries", "publish-only-expected-ports", "set-production-environment")
    advice = ("have-alarms-on-docker", "have-backups-on-docker", "have-log-route-on-docker")
    program = LAPTOP.format(root=str(ROOT))
    strict = workspace.run("preview", program)
    assert {key.partition("@")[0] for key in strict.violations} == {*relaxed, *advice, "use-https-base-url"}
    dev = workspace.run("preview", program, "--policy-pack-config", str(workspace.pack / "dev.json"))
    assert dev.violations == {}
    assert dev.exit_code == 0, dev.output
