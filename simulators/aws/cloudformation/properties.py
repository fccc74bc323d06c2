"""Inputs of a resource to properties of its CloudFormation counterpart, along the schema that cfn-lint has of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cfnlint.schema import Schema

from simulators.aws.calls import shapes

from .counterpart import FLAT, Counterpart, Without

Node = dict[str, Any]
Reference = Callable[[str], Any]
"""Returns the reference to another resource in the place of a value that is its id or ARN, else the value."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Marks assets and, encrypted, secrets."""
_PAIRS = (("Key", "Value"), ("Name", "Value"))


class UntranslatedError(Exception):
    """Nothing says what this is in CloudFormation."""


@dataclass(frozen=True)
class Translation:
    """The translation of one resource."""

    token: str
    kind: Counterpart
    schema: Schema
    refer: Callable[[str], Reference]
    """By the name of the input."""

    def properties(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties.

        Raises:
            UntranslatedError: An input is neither translated nor listed as one that has no counterpart.
        """
        found: dict[str, Any] = {}
        for name, value in inputs.items():
            merge(found, self._members(self.schema.schema, {name: value}, "", self.refer(name)))
        return merge(found, self.kind.always)

    def _members(self, node: Node, values: Mapping[str, Any], path: str, refer: Reference) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in values.items():
            here = f"{path}.{name}" if path else name
            rule = self.kind.names.get(here)
            if isinstance(rule, Without):
                continue
            if here in self.kind.attribute_keys:
                pair = {"Key": self.kind.attribute_keys[here], "Value": _text(value)}
                merge(found, {self.kind.attributes_in: [_referred(pair, refer)]})
            elif callable(rule):
                merge(found, _referred(rule(value), refer))
            elif rule == FLAT:
                merge(found, self._members(node, value, here, refer))
            else:
                target = rule or self._mechanical(node, name, here)
                merge(found, self._put(node, target.split("."), value, here, refer))
        return found

    def _mechanical(self, node: Node, name: str, here: str) -> str:
        if found := shapes.member(node.get("properties", {}), name):
            return found
        inside = self.kind.inside
        if inside and here == name and (found := shapes.member(self._property(node, inside)["properties"], name)):
            return f"{inside}.{found}"
        raise UntranslatedError(f"{self.token}: {here} has no counterpart in {self.kind.type}, and no reason is given")

    def _property(self, node: Node, name: str) -> Node:
        return self._resolved(node["properties"][name])

    def _resolved(self, node: Node) -> Node:
        while "$ref" in node:
            node = self.schema.resolver.resolve(node["$ref"])[1]
        return node

    def _put(self, node: Node, parts: list[str], value: Any, here: str, refer: Reference) -> dict[str, Any]:
        first, *rest = parts
        child = self._property(node, first)
        if not rest:
            return {first: self._value(child, value, here, refer)}
        if "items" in child:
            return {first: [self._put(self._resolved(child["items"]), rest, value, here, refer)]}
        return {first: self._put(child, rest, value, here, refer)}

    def _value(self, node: Node, value: Any, here: str, refer: Reference) -> Any:
        if isinstance(value, Mapping) and _SIGNATURE in value:
            return "secret"
        if "items" in node:
            item = self._resolved(node["items"])
            for pair in _PAIRS:
                if isinstance(value, Mapping) and set(pair) <= item.get("properties", {}).keys():
                    return [dict(zip(pair, (name, refer(each)), strict=True)) for name, each in value.items()]
            items = value if isinstance(value, list) else [value]
            return [self._value(item, each, here, refer) for each in items]
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if "properties" in node and isinstance(value, Mapping):
            return self._members(node, value, here, refer)
        if isinstance(value, Mapping):
            # An empty block only says that it is there; the keys of tags are the user's own.
            if not value or here == "tags":
                return dict(value)
            raise UntranslatedError(f"{self.token}: nothing says what the keys of {here} are in {self.kind.type}")
        return _scalar(node, value, refer)


def _scalar(node: Node, value: Any, refer: Reference) -> Any:
    kinds = node.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "object" in kinds and isinstance(value, str):
        return json.loads(value)
    if kinds == ["string"]:
        return refer(_text(value))
    if kinds == ["boolean"] and value in ("true", "false"):
        return value == "true"
    return value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _referred(value: Any, refer: Reference) -> Any:
    if isinstance(value, Mapping):
        return {name: _referred(each, refer) for name, each in value.items()}
    if isinstance(value, list):
        return [_referred(each, refer) for each in value]
    return refer(value) if isinstance(value, str) else value


def merge(into: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Add properties; objects become one, lists become longer."""
    for name, value in more.items():
        old = into.get(name)
        if isinstance(old, dict) and isinstance(value, Mapping):
            merge(old, value)
        elif isinstance(old, list):
            into[name] = [*old, *value]
        else:
            into[name] = value
    return into
