"""What the package's schema declares: components, types, and their inputs, outputs and fields."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components import COMPONENTS, PACKAGE
from components.schema.host import Components

INPUT, OUTPUT, FIELD = "input", "output", "field"
_REFERENCE = "#/types/"


@dataclass(frozen=True)
class Member:
    """An input or output of a component, or a field of a type."""

    kind: str
    name: str
    type: str
    """Type in words, such as `list of plain string`. A plain value can't be an Output."""
    is_required: bool
    description: str
    """One line of text."""

    @property
    def form(self) -> str:
        """The type, and whether the member is required."""
        return f"required {self.type}" if self.is_required else self.type


@dataclass(frozen=True)
class Declared:
    """A component, or a type of its inputs."""

    token: str
    description: str
    members: tuple[Member, ...]
    """Members in the order of the schema."""

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.token.rpartition(":")[2]

    def of(self, kind: str) -> list[Member]:
        """Return the members of a kind."""
        return [member for member in self.members if member.kind == kind]


def declared(schema: Mapping[str, Any]) -> list[Declared]:
    """Return the components of a schema, then the types of their inputs."""
    components = [
        Declared(
            token,
            _line(resource["description"]),
            (
                *_members(INPUT, resource["inputProperties"], resource["requiredInputs"]),
                # Every output is there, so whether the schema calls it required says nothing.
                *_members(OUTPUT, resource["properties"], ()),
            ),
        )
        for token, resource in schema["resources"].items()
    ]
    types = [
        Declared(
            token,
            _line(each["description"]),
            tuple(_members(FIELD, each["properties"], each.get("required", ()))),
        )
        for token, each in schema["types"].items()
    ]
    return components + types


@functools.cache
def current() -> tuple[Declared, ...]:
    """Return what the package of this checkout serves to other languages."""
    return tuple(declared(json.loads(Components(COMPONENTS, PACKAGE).schema or "")))


def _members(kind: str, properties: Mapping[str, Any], required: tuple[str, ...] | list[str]) -> list[Member]:
    return [
        Member(kind, name, _type(each), name in required, _line(each["description"]))
        for name, each in properties.items()
    ]


def _type(each: Mapping[str, Any]) -> str:
    if reference := each.get("$ref"):
        text = reference.removeprefix(_REFERENCE).rpartition(":")[2]
    elif items := each.get("items"):
        text = f"list of {_type(items)}"
    elif values := each.get("additionalProperties"):
        text = f"map of {_type(values)}"
    else:
        text = each["type"]
    return f"plain {text}" if each.get("plain") else text


def _line(text: str) -> str:
    return " ".join(text.split())
