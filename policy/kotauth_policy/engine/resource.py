"""Resources, stacks and readers: the data that rules evaluate.

A module in `kotauth_policy.readers` registers what it knows of a provider by a module-level `Reader` or `Naming`, which
the catalogue finds; so the runner knows no provider.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar, cast

from .value import ABSENT, Value
from .verdict import StackNeededError

T = TypeVar("T")


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
        named = [resource for resource in self.in_stack().called(text) if resource.type in types]
        if named or any(leaf.is_unknown for leaf in self.get(value.root).leaves()):
            return named
        return [source for source in sources if not source.names]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Finds resources of one type inside resources of other types, such as the containers that a host starts.

    Rules about that type are evaluated on what the reader finds as on resources of the program's own.
    """

    finds: str
    """Type token of what it finds."""
    inside: tuple[str, ...]
    """Type tokens of the resources that it reads."""
    property: str
    """The property that says it; messages begin with it."""
    read: Callable[[Resource], Iterable[Resource]]
    """Returns what is inside a resource of the stack; each has the URN of that resource and a name of its own."""


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Outputs of a provider's resources that other resources use as their name."""

    outputs: tuple[str, ...] = ()
    """Names of properties, or of a member of one, as in `vpcConfig.clusterSecurityGroupId`."""
    nameless: tuple[str, ...] = ()
    """Beginnings of type tokens whose resources share one name, so that the name says nothing."""


@dataclass(frozen=True)
class Readers:
    """All registered readers and namings."""

    nested: tuple[Reader, ...] = ()
    naming: tuple[Naming, ...] = ()

    @cached_property
    def name_outputs(self) -> tuple[str, ...]:
        """The outputs that resources are called by; every provider has the first two."""
        return ("id", "name", *(output for naming in self.naming for output in naming.outputs))

    @cached_property
    def nameless(self) -> tuple[str, ...]:
        """Prefixes of type tokens whose resources have no meaningful name."""
        return tuple(prefix for naming in self.naming for prefix in naming.nameless)


class Stack:
    """All resources of the program."""

    def __init__(self, resources: Iterable[Resource], readers: Readers) -> None:
        """Link the resources to this stack."""
        self.resources = {resource.urn: replace(resource, stack=self) for resource in resources}
        self._readers = readers.nested
        self._nested: dict[tuple[Reader, str], list[Resource]] = {}
        self._named: dict[tuple[str, str], dict[str, Resource]] = {}
        self._kept: dict[Callable[..., object], object] = {}

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of these types."""
        return [resource for type_ in types for resource in self._by_type.get(type_, ())]

    def read(self, reader: Reader, holder: Resource) -> list[Resource]:
        """Return the resources that a reader finds inside a resource, read once for all rules."""
        key = (reader, holder.urn)
        if key not in self._nested:
            self._nested[key] = list(reader.read(self.resources[holder.urn]))
        return self._nested[key]

    def inside(self, holder: Resource, type_: str) -> list[Resource]:
        """Return the resources of a type that readers find inside another one."""
        readers = [each for each in self._readers if each.finds == type_ and holder.type in each.inside]
        return [nested for reader in readers for nested in self.read(reader, holder)]

    def everywhere(self, type_: str) -> list[Resource]:
        """Return the resources of a type, and those that readers find inside others."""
        holder_types = dict.fromkeys(
            token for reader in self._readers if reader.finds == type_ for token in reader.inside
        )
        nested = [resource for holder in self.of_type(*holder_types) for resource in self.inside(holder, type_)]
        return [*self.of_type(type_), *nested]

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
        consumers = self._consumers.get(source.urn, ())
        return [(resource, name) for resource, name in consumers if not types or resource.type in types]

    def once(self, make: Callable[[Stack], T]) -> T:
        """Return the result of ``make`` for this stack, computed once for all rules."""
        if make not in self._kept:
            self._kept[make] = make(self)
        return cast("T", self._kept[make])

    @cached_property
    def _by_type(self) -> Mapping[str, list[Resource]]:
        by_type: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources.values():
            by_type[resource.type].append(resource)
        return by_type

    @cached_property
    def _called(self) -> Mapping[str, list[Resource]]:
        return resources_by_name(self.resources.values())

    @cached_property
    def _consumers(self) -> Mapping[str, list[tuple[Resource, str]]]:
        consumers: dict[str, list[tuple[Resource, str]]] = defaultdict(list)
        for resource in self.resources.values():
            for name, urns in resource.origins.items():
                for urn in dict.fromkeys(urns):
                    consumers[urn].append((resource, name))
        return consumers


def resources_by_name(resources: Iterable[Resource]) -> Mapping[str, list[Resource]]:
    """Return the resources by each name that other resources use for them."""
    by_name: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        for name in resource.names:
            by_name[name].append(resource)
    return by_name
