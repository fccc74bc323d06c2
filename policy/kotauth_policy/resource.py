"""A resource as rules see it, and the stack that tells where its values come from.

The inputs come from the engine's `Analyze`, the dependencies from its `AnalyzeStack`: only there, and already at the
first preview, it says which resources each property comes from. Outputs are not judged: an omitted input appears in
them as an unknown default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pulumi.runtime import proto

from .value import ABSENT, Value, decode
from .verdict import StackNeededError


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


class Stack:
    """All resources of the program."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        """Link the resources to this stack."""
        self.resources = {resource.urn: replace(resource, stack=self) for resource in resources}
        self._named: dict[str, dict[str, Resource]] = {}

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of these types."""
        return (resource for resource in self.resources.values() if resource.type in types)

    def named(self, type_: str) -> Mapping[str, Resource]:
        """Return the resources of a type by their physical name, where it is known."""
        if type_ not in self._named:
            names = ((resource.get("name"), resource) for resource in self.of_type(type_))
            self._named[type_] = {name.text() or "": found for name, found in names if not name.is_unknown}
        return self._named[type_]

    def consumers(self, source: Resource) -> Iterator[tuple[Resource, str]]:
        """Yield each resource and property whose value comes from ``source``."""
        for resource in self.resources.values():
            for name, urns in resource.origins.items():
                if source.urn in urns:
                    yield resource, name


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
    """Read a stack off the wire, with the inputs of each resource where they were seen before."""
    return Stack(
        replace(
            inputs.get(wire.urn) or read_resource(wire),
            origins={name: tuple(found.urns) for name, found in wire.propertyDependencies.items()},
        )
        for wire in request.resources
    )
