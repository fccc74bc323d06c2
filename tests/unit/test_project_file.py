"""`Pulumi.yaml` tells the user every setting that the program reads, and nothing that it doesn't."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config

from components.aws.settings import AwsSettings
from components.config import stack as settings
from components.config.server import names
from components.docker.settings import DockerSettings

ROOT = Path(__file__).parents[2]
DECLARED: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
DEFAULTS = {name: setting.get("default") for name, setting in DECLARED.items()}
EACH = pytest.mark.parametrize("name", DECLARED)


def camel(field: str) -> str:
    head, *humps = field.split("_")
    return head + "".join(hump.capitalize() for hump in humps)


def load(values: dict[str, Any]) -> DockerSettings | AwsSettings:
    set_all_config({f"kotauth:{name}": value for name, value in values.items()}, [])
    try:
        return settings.load(pulumi.Config("kotauth")).settings
    finally:
        set_all_config({}, [])


def test_the_settings_that_are_read_are_the_declared_ones() -> None:
    read = names(DockerSettings) | names(AwsSettings)
    assert set(DECLARED) == {"target", *map(camel, read)}


@EACH
def test_each_has_a_sentence_and_a_default(name: str) -> None:
    assert set(DECLARED[name]) == {"type", "default", "description"}
    assert DECLARED[name]["description"].endswith(".")


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
    assert loaded == replace(own, server=replace(own.server, environment="development"))


def test_the_defaults_that_are_told_are_those_that_are_taken() -> None:
    told = {
        name: match[1]
        for name, setting in DECLARED.items()
        if (match := re.search(r"Empty means (true|false|[\w./]*\d[\w./]*)\.(?: |$)", setting["description"]))
    }
    least = {"target": "aws", "baseUrl": "https://auth.example.com", "zoneId": "Z0123456789ABC"}
    taken = vars(load({**least, "availabilityZones": "eu-central-1a,eu-central-1b"}))
    assert len(told) > 10
    assert told == {camel(name): text(value) for name, value in taken.items() if camel(name) in told}


def text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


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
