"""Reads resources and stacks from the engine's messages.

The inputs come from the engine's `Analyze`, the dependencies from its `AnalyzeStack`: only there, and already at the
first preview, it says which resources each property comes from. Outputs are not evaluated: an omitted input appears in
them as an unknown default. They only tell which resource a text is the name of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from google.protobuf import struct_pb2
from pulumi.runtime import proto

from .resource import Readers, Resource, Stack, resources_by_name
from .value import decode, decode_member


def read_resource(request: proto.AnalyzeRequest | proto.AnalyzerResource) -> Resource:
    """Read a resource from the engine's message."""
    return Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        properties=decode(request.properties),
        protect=request.options.protect,
    )


def read_stack(request: proto.AnalyzeStackRequest, inputs: Mapping[str, Resource], readers: Readers) -> Stack:
    """Read a stack from the engine's message, with the inputs of each resource that were seen before.

    A resource that was imported, or stored by an old engine, has no dependencies: there the names in it tell.
    """
    resources = [
        replace(
            inputs.get(wire.urn) or read_resource(wire),
            origins={name: tuple(dependencies.urns) for name, dependencies in wire.propertyDependencies.items()},
            names=_names(wire.properties, readers.name_outputs),
        )
        for wire in request.resources
    ]
    named = resources_by_name(resource for resource in resources if not resource.type.startswith(readers.nameless))
    linked = (
        resource if resource.origins else replace(resource, origins=_origins_by_name(resource, named))
        for resource in resources
    )
    return Stack(linked, readers)


def _origins_by_name(resource: Resource, named: Mapping[str, list[Resource]]) -> dict[str, tuple[str, ...]]:
    origins: dict[str, tuple[str, ...]] = {}
    for name, value in resource.properties.fields().items():
        texts = (leaf.raw for leaf in value.leaves() if isinstance(leaf.raw, str))
        sources = (source.urn for text in texts for source in named.get(text, ()))
        urns = dict.fromkeys(urn for urn in sources if urn != resource.urn)
        if urns:
            origins[name] = tuple(urns)
    return origins


def _names(outputs: struct_pb2.Struct, name_outputs: Iterable[str]) -> frozenset[str]:
    names: set[str] = set()
    for name in name_outputs:
        whole, _, part = name.partition(".")
        if whole in outputs.fields:
            value = decode_member(outputs, whole)
            if part and isinstance(value.raw, dict):
                value = value.field(part)
            if isinstance(value.raw, str) and value.raw:
                names.add(value.raw)
    return frozenset(names)
