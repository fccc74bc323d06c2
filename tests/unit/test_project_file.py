"""The documentation of settings is written from their declarations, and the stacks of the repository are valid."""

from __future__ import annotations

import inspect
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config

from cli import settings_reference
from components.aws.settings import AwsSettings
from components.config import stack as settings
from components.config import target as targets
from components.docker.settings import DockerSettings
from components.inputs.declaration import declared_values

ROOT = Path(__file__).parents[2]
DECLARED: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
DEFAULTS = {name: setting.get("default") for name, setting in DECLARED.items()}
EACH = pytest.mark.parametrize("name", DECLARED)


def load(values: dict[str, Any]) -> DockerSettings | AwsSettings:
    set_all_config({f"kotauth:{name}": value for name, value in values.items()}, [])
    try:
        return settings.load(pulumi.Config("kotauth")).settings
    finally:
        set_all_config({}, [])


@pytest.mark.parametrize(
    ("file", "content"), settings_reference.files().items(), ids=lambda value: getattr(value, "name", "")
)
def test_what_is_told_about_settings_is_what_they_declare(file: Path, content: str) -> None:
    assert file.read_text() == content, "run `make settings`"


def test_a_docstring_is_added_where_a_new_input_has_none() -> None:
    source = 'class Args(TypedDict):\n    """Inputs."""\n\n    new: int\n    old: int\n    """Old."""\n    last: int\n'
    docstrings = {name: f'    """Says {name}."""' for name in ("new", "old", "last")}
    assert settings_reference.with_docstrings(source, "Args", docstrings) == (
        'class Args(TypedDict):\n    """Inputs."""\n\n    new: int\n    """Says new."""\n'
        '    old: int\n    """Says old."""\n    last: int\n    """Says last."""\n'
    )


@pytest.mark.parametrize("target", targets.TARGETS)
def test_a_deployment_takes_every_setting_of_its_target(target: str) -> None:
    deployment: Any = targets.load(target).deployment
    args = inspect.signature(deployment.__init__).parameters["args"].annotation
    names = {*declared_values(targets.load(target).settings)}
    inputs = f"the keys of {args.__name__} must be the settings of target {target}"
    assert set(args.__annotations__) == names | {targets.load(target).labels}, inputs
    assert {entry.name for entry in settings_reference.entries() if entry.target in ("", target)} == names | {"target"}


@pytest.mark.parametrize("entry", settings_reference.entries(), ids=lambda entry: f"{entry.target}-{entry.name}")
def test_each_setting_is_told_in_sentences(entry: settings_reference.Entry) -> None:
    assert entry.setting.about.endswith(".")
    assert not entry.setting.empty.endswith(".")
    assert entry.allowed


@EACH
def test_each_is_a_string_so_that_the_program_names_every_bad_one(name: str) -> None:
    assert DECLARED[name]["type"] == "string"
    assert isinstance(DEFAULTS[name], str)


def test_the_defaults_are_a_development_stack() -> None:
    loaded = load(DEFAULTS)
    assert isinstance(loaded, DockerSettings)
    assert loaded.server.environment == "development"
    assert loaded.server.base_url.host.endswith(".localhost")
    assert loaded.certificates == "internal"
    assert loaded.https_port == loaded.server.base_url.port


def test_a_default_is_the_component_s_own_unless_development_needs_another() -> None:
    """Else the program and a library user would deploy different things."""
    own = DockerSettings.resolve({"base_url": DEFAULTS["baseUrl"]}, "it")
    loaded = load(DEFAULTS)
    assert loaded == replace(own, server=replace(own.server, environment="development"), backups=False)


def committed_files() -> list[Path]:
    """Return the files of the stacks in git. `make up` leaves `Pulumi.dev.yaml`, the user's own, beside them."""
    listed = subprocess.run(["git", "ls-files", "Pulumi.*.yaml"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split()]


@pytest.fixture(params=committed_files(), ids=lambda file: file.name)
def committed(request: pytest.FixtureRequest) -> dict[str, str]:
    stack: dict[str, str] = yaml.safe_load(request.param.read_text()).get("config", {})
    return {key.removeprefix("kotauth:"): value for key, value in stack.items() if key.startswith("kotauth:")}


def test_the_stacks_of_the_repository_are_valid_and_production(committed: dict[str, str]) -> None:
    assert load({**DEFAULTS, **committed}).server.environment == "production"


def test_a_stack_says_nothing_that_is_the_default_anyway(committed: dict[str, str]) -> None:
    assert not [name for name, value in committed.items() if value == DEFAULTS[name]]
