"""docs/reference.md says what the components declare, and its examples run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pulumi
import pytest
from pulumi.runtime import set_all_config

import components
from cli.schema import examples, members, reference
from components import COMPONENTS
from tests.code_blocks import code_blocks
from tests.unit.recording import PROJECT, declare

PAGE = reference.FILE.read_text(encoding="utf-8")
PROGRAMS = dict(zip((component.__name__ for component in COMPONENTS), code_blocks(PAGE, "python"), strict=True))
SECRETS = ("administratorPassword", "backupPassword", "certificateKey", "databasePassword")


def test_the_page_is_what_the_components_declare() -> None:
    assert reference.page(members.current()) == PAGE, "run `make schema`"


def test_the_page_names_no_constant_of_the_source() -> None:
    assert re.findall(r"`[A-Z]+_[A-Z_]+`", PAGE) == []


@pytest.fixture
def configured() -> Iterator[None]:
    set_all_config({f"{PROJECT}:{name}": "0123456789abcdef" for name in SECRETS}, [])
    yield
    set_all_config({}, [])


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.__name__)
def test_an_example_declares_its_component(
    component: type[pulumi.ComponentResource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pulumi_kotauth", components)
    program = PROGRAMS[component.__name__]
    declared = declare(lambda: exec(program, {}))  # noqa: S102 - the page's own text
    assert component.__name__ in {each.type.rpartition(":")[2] for each in declared.resources}


def member(description: str, is_required: bool = False) -> members.Member:
    return members.Member(members.INPUT, "a", "string", is_required, description)


@pytest.mark.parametrize(
    ("description", "default", "meaning"),
    [
        ("Name. Default `kotauth`. A change replaces it.", "`kotauth`", "Name. A change replaces it."),
        ("Ports. Default 443,465,587.", "443,465,587", "Ports."),
        ("Ports. Default 443, 465 and 587.", "443, 465 and 587", "Ports."),
        ("Seconds. Default 840, which is less.", "840", "Seconds. Default 840, which is less."),
        ("Port. Default 80 if it is free.", "see the meaning", "Port. Default 80 if it is free."),
        ("Key. By default the next one.", "see the meaning", "Key. By default the next one."),
        ("Key. By default the component creates one.", "a new one", "Key. By default the component creates one."),
        ("`a` (default) or `b`.", "`a`", "`a` (default) or `b`."),
        ("Tags.", "none", "Tags."),
    ],
)
def test_the_default_is_the_one_that_the_description_says(description: str, default: str, meaning: str) -> None:
    assert reference.default_and_meaning(member(description)) == (default, meaning)
    assert reference.default_and_meaning(member(description, is_required=True)) == ("required", description)


@pytest.mark.parametrize(
    ("declared", "python"),
    [
        ("string", "Input[str]"),
        ("plain integer", "int"),
        ("plain list of plain ContainerSpec", "list[ContainerSpec]"),
        ("map of plain string", "Input[dict[str, str]]"),
        ("plain map of string", "dict[str, Input[str]]"),
    ],
)
def test_types_are_those_of_python(declared: str, python: str) -> None:
    assert reference.python_type(declared) == python


def test_a_component_without_an_example_is_named() -> None:
    with pytest.raises(LookupError, match="example_AwsNothing"):
        examples.program("AwsNothing")
