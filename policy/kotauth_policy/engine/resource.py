"""A resource as rules see it, and the stack that tells where its values come from.

The inputs come from the engine's `Analyze`, the dependencies from its `AnalyzeStack`: only there, and already at the
first preview, it says which resources each property comes from. Outputs are not judged: an omitted input appears in
them as an unknown default. They only tell which resource a text is the name of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar, cast

from google.protobuf import struct_pb2
from pulumi.runtime import proto

from .value import ABSENT, Value, decode, decode_member
from .verdict import StackNeededError

T = TypeVar("T")
_NAMES = (
    "id", "arn", "name", "bucket", "keyName", "repoDigest", "imageId", "secretId", "ref",
    "defaultSecurityGroupId", "sourceSecurityGroupId", "workspaceSecurityGroupId", "vpcConfig.clusterSecurityGroupId",
)  # fmt: skip
"""Outputs that other resources call a resource by, a group that AWS makes for it among them."""


@dataclass(frozen=True)
class Resource:
    """One resource of the program."""

    urn: str
    type: str
    name: str
    properties: Value
    protect: bool = False
    stack: Stack | None = None
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    """Property to the URNs that its value comes from."""
    names: frozenset[str] = frozenset()
    """Names that other resources call it by, as far as an earlier update made them known."""

    def get(self, name: str) -> Value:
        """Return a top-level property."""
        return self.properties.fields().get(name, Value(name, ABSENT))

    def in_stack(self) -> Stack:
        """Return the whole stack; raise ``StackNeededError`` while the engine still registers resources."""
        if self.stack is None:
            raise StackNeededError
        return self.stack

    def sources(self, *properties: str) -> list[Resource]:
        """Return the resources that the values of these properties come from."""
        stack = self.in_stack()
        urns = dict.fromkeys(urn for name in properties for urn in self.origins.get(name, ()))
        return [stack.resources[urn] for urn in urns if urn in stack.resources]

    def origins_of(self, value: Value, *types: str) -> list[Resource]:
        """Return the resources of these types that one part of a property can come from.

        A text that is known is the name of one of them, or of none in the stack. Where no name of the property's
        sources is known, as in a state without outputs, each of them can be it.
        """
        sources = [source for source in self.sources(value.root) if source.type in types]
        if value.is_unknown:
            return sources
        text = value.raw if isinstance(value.raw, str) else ""
        named = [each for each in self.in_stack().called(text) if each.type in types]
        if named or any(leaf.is_unknown for leaf in self.get(value.root).leaves()):
            return named
        return [source for source in sources if not source.names]


class Stack:
    """All resources of the program."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        """Link the resources to this stack."""
        self.resources = {resource.urn: replace(resource, stack=self) for resource in resources}
        self._named: dict[tuple[str, str], dict[str, Resource]] = {}
        self._kept: dict[Callable[..., object], object] = {}

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of these types."""
        return [resource for type_ in types for resource in self._by_type.get(type_, ())]

    def named(self, type_: str, property_: str = "name") -> Mapping[str, Resource]:
        """Return the resources of a type by their physical name, where it is known."""
        key = (type_, property_)
        if key not in self._named:
            names = ((resource.get(property_), resource) for resource in self.of_type(type_))
            self._named[key] = {text: found for name, found in names if not name.is_unknown and (text := name.text())}
        return self._named[key]

    def called(self, name: str) -> list[Resource]:
        """Return the resources that have this name among theirs."""
        return self._called.get(name, [])

    def consumers(self, source: Resource, *types: str) -> list[tuple[Resource, str]]:
        """Return each resource, of these types if any are named, and the property whose value comes from ``source``."""
        found = self._consumers.get(source.urn, ())
        return [(resource, name) for resource, name in found if not types or resource.type in types]

    def once(self, make: Callable[[Stack], T]) -> T:
        """Return what ``make`` makes of this stack, made once however many rules ask."""
        if make not in self._kept:
            self._kept[make] = make(self)
        return cast("T", self._kept[make])

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources.values():
            found[resource.type].append(resource)
        return found

    @cached_property
    def _called(self) -> Mapping[str, list[Resource]]:
        return _by_name(self.resources.values())

    @cached_property
    def _consumers(self) -> Mapping[str, list[tuple[Resource, str]]]:
        found: dict[str, list[tuple[Resource, str]]] = defaultdict(list)
        for resource in self.resources.values():
            for name, urns in resource.origins.items():
                for urn in dict.fromkeys(urns):
                    found[urn].append((resource, name))
        return found


def read_resource(request: proto.AnalyzeRequest | proto.AnalyzerResource) -> Resource:
    """Read a resource off the wire."""
    return Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        properties=decode(request.properties),
        protect=request.options.protect,
    )


def read_stack(request: proto.AnalyzeStackRequest, inputs: Mapping[str, Resource]) -> Stack:
    """Read a stack off the wire, with the inputs of each resource where they were seen before.

    A resource that was imported, or stored by an old engine, has no dependencies: there the names in it tell.
    """
    found = [
        replace(
            inputs.get(wire.urn) or read_resource(wire),
            origins={name: tuple(found.urns) for name, found in wire.propertyDependencies.items()},
            names=_names(wire.properties),
        )
        for wire in request.resources
    ]
    # All random values are called "none".
    called = _by_name(each for each in found if not each.type.startswith("random:"))
    return Stack(each if each.origins else replace(each, origins=_origins_by_name(each, called)) for each in found)


def _by_name(resources: Iterable[Resource]) -> Mapping[str, list[Resource]]:
    found: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        for name in resource.names:
            found[name].append(resource)
    return found


def _origins_by_name(resource: Resource, called: Mapping[str, list[Resource]]) -> dict[str, tuple[str, ...]]:
    origins: dict[str, tuple[str, ...]] = {}
    for name, value in resource.properties.fields().items():
        texts = (leaf.raw for leaf in value.leaves() if isinstance(leaf.raw, str))
        named = (each.urn for text in texts for each in called.get(text, ()))
        urns = dict.fromkeys(urn for urn in named if urn != resource.urn)
        if urns:
            origins[name] = tuple(urns)
    return origins


def _names(outputs: struct_pb2.Struct) -> frozenset[str]:
    found: set[str] = set()
    for name in _NAMES:
        whole, _, part = name.partition(".")
        if whole in outputs.fields:
            value = decode_member(outputs, whole)
            if part and isinstance(value.raw, dict):
                value = value.field(part)
            if isinstance(value.raw, str) and value.raw:
                found.add(value.raw)
    return frozenset(found)
