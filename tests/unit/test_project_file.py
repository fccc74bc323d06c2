"""`Pulumi.yaml` tells the user every setting that the program reads, and nothing that it doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config

from components import settings
from components.settings import Settings

ROOT = Path(__file__).parents[2]
DECLARED: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
DEFAULTS = {name: setting.get("default") for name, setting in DECLARED.items()}
EACH = pytest.mark.parametrize("name", DECLARED)


def camel(field: str) -> str:
    head, *humps = field.split("_")
    return head + "".join(hump.capitalize() for hump in humps)


def load(values: dict[str, Any]) -> Settings:
    set_all_config({f"kotauth:{name}": value for name, value in values.items()}, [])
    try:
        stack = settings.load(pulumi.Config("kotauth"))
    finally:
        set_all_config({}, [])
    assert stack.target == "docker"
    return stack.settings


def test_the_settings_that_are_read_are_the_declared_ones() -> None:
    assert set(DECLARED) == {"target", *map(camel, Settings.__dataclass_fields__)}


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
    assert loaded.environment == "development"
    assert loaded.base_url.host.endswith(".localhost")
    assert loaded.certificates == "internal"
    assert loaded.https_port == loaded.base_url.port


def test_a_default_is_the_component_s_own_unless_development_needs_another() -> None:
    """Else the program and a library user would deploy different things."""
    own = Settings.resolve({"base_url": DEFAULTS["baseUrl"], "certificates": "internal"}, "it")
    loaded = load(DEFAULTS)
    different = {name for name in Settings.__dataclass_fields__ if getattr(own, name) != getattr(loaded, name)}
    assert different == {"environment", "http_port"}


@pytest.mark.parametrize("file", sorted(ROOT.glob("Pulumi.*.yaml")), ids=lambda file: file.name)
def test_the_stacks_of_the_repository_are_valid(file: Path) -> None:
    stack: dict[str, str] = yaml.safe_load(file.read_text()).get("config", {})
    own = {key.removeprefix("kotauth:"): value for key, value in stack.items() if key.startswith("kotauth:")}
    load({**DEFAULTS, **own})


def test_production_is_production() -> None:
    stack: dict[str, str] = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    loaded = load({**DEFAULTS, **{key.removeprefix("kotauth:"): value for key, value in stack.items()}})
    assert loaded.environment == "production"
    assert loaded.certificates == "acme"
    assert (loaded.http_port, loaded.https_port) == (80, 443)
