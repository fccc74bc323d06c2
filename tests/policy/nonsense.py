"""Puts nonsense into recorded requests, and notes which rules look at it.

SDKs refuse most of it, so it is put into what they sent.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from unittest import mock

from google.protobuf import struct_pb2
from pulumi.runtime import proto
from pulumi_policy.deserialize import SPECIAL_SIG_KEY

from policy.kotauth_policy.engine import rule_policy
from policy.kotauth_policy.engine.resource import Reader, Readers, Resource, Stack
from policy.kotauth_policy.engine.rule import Rule, Settings
from policy.kotauth_policy.engine.servicer import PackServicer
from policy.kotauth_policy.engine.value import Value
from policy.kotauth_policy.engine.verdict import Verdict
from policy.testing.wire import READERS, REFUSING, RULES, Registered, Violation, violations

CANARY = "canary7f3acanary7f3acanary"
Path = tuple[str, ...]
EACH = "*"
"""Stands for each element of a list."""


def paths(value: struct_pb2.Value, path: Path) -> Iterator[Path]:
    """Yield the place of a value and of each of its parts; a secret is as its content."""
    if value.WhichOneof("kind") == "struct_value":
        fields = value.struct_value.fields
        if SPECIAL_SIG_KEY in fields:
            yield from paths(fields["value"], path) if "value" in fields else ()
            return
        for name in sorted(fields):
            yield from paths(fields[name], (*path, name))
    elif value.WhichOneof("kind") == "list_value":
        for element in value.list_value.values:
            yield from paths(element, (*path, EACH))
    yield path


def parts(value: struct_pb2.Value, path: Path) -> Iterator[struct_pb2.Value]:
    """Yield what is at a place, in each element of a list."""
    if not path:
        yield value
    elif value.WhichOneof("kind") == "list_value":
        for element in value.list_value.values if path[0] == EACH else ():
            yield from parts(element, path[1:])
    elif value.WhichOneof("kind") == "struct_value":
        fields = value.struct_value.fields
        if SPECIAL_SIG_KEY in fields:
            yield from parts(fields["value"], path) if "value" in fields else ()
        elif path[0] in fields:
            yield from parts(fields[path[0]], path[1:])


def planted(request: proto.AnalyzeRequest, path: Path, nonsense: Any) -> proto.AnalyzeRequest:
    whole, new = struct_pb2.Value(struct_value=request.properties), struct_pb2.Struct()
    new.update({"": nonsense})
    for value in list(parts(whole, path)):
        value.CopyFrom(new.fields[""])
    changed = proto.AnalyzeRequest(type=request.type, urn=request.urn, name=request.name, options=request.options)
    changed.properties.CopyFrom(whole.struct_value)
    return changed


class Recorded:
    """A program that the pack has seen, and whose properties change one at a time."""

    def __init__(self, registered: Registered) -> None:
        self.requests = list(registered.analyze_requests())
        self._stack = registered.stack_request()
        self._pack = PackServicer(RULES, READERS)
        self._changed = self.requests

    def with_nonsense(self, type_: str, path: Path, nonsense: Any) -> list[Violation]:
        """Return what is found with this in the place, in each resource of a type that has it."""
        for request in self._changed:
            self._pack.Analyze(request, REFUSING)
        self._changed = [request for request in self.requests if any(self.values(type_, path, request))]
        answers = [self._pack.Analyze(planted(request, path, nonsense), REFUSING) for request in self._changed]
        return violations(*answers, self._pack.AnalyzeStack(self._stack, REFUSING))

    def values(self, type_: str, path: Path, *requests: proto.AnalyzeRequest) -> Iterator[struct_pb2.Value]:
        """Yield what is there, in each resource of a type, or in these."""
        for request in requests or self.requests:
            if request.type == type_:
                yield from parts(struct_pb2.Value(struct_value=request.properties), path)


@functools.cache
def _each(path: str) -> str:
    return re.sub(r"\[\d+\]", f".{EACH}", path)


class LookingRules:
    """The rules that look at one property."""

    def __init__(self, path: Path) -> None:
        self.rules: set[str] = set()
        self._path = ".".join(path)

    def note(self, path: str) -> None:
        if _each(path) == self._path and _evaluating.get():
            self.rules.add(_evaluating.get())


_evaluating: ContextVar[str] = ContextVar("evaluating", default="")


@contextlib.contextmanager
def reading(path: Path, urns: set[str]) -> Iterator[LookingRules]:
    """Note which rules look at a property of these resources themselves; what a stack keeps is every rule's."""
    found = LookingRules(path)
    evaluate, get, field = rule_policy.evaluate, Resource.get, Value.field
    once, read = Stack.once, Stack.read

    def recording_evaluate(rule: Rule, resource: Resource, settings: Settings, readers: Readers) -> list[Verdict]:
        with _as(rule.name if resource.urn in urns else ""):
            return evaluate(rule, resource, settings, readers)

    def recording_get(self: Resource, name: str) -> Value:
        if self.urn in urns:
            found.note(name)
        return get(self, name)

    def recording_field(self: Value, name: str) -> Value:
        value = field(self, name)
        found.note(value.path)
        return value

    def for_every_rule(self: Stack, make: Callable[[Stack], object]) -> object:
        with _as(""):
            return once(self, make)

    def read_for_every_rule(self: Stack, reader: Reader, holder: Resource) -> list[Resource]:
        with _as(""):
            return read(self, reader, holder)

    with (
        mock.patch.object(rule_policy, "evaluate", recording_evaluate),
        mock.patch.object(Resource, "get", recording_get),
        mock.patch.object(Value, "field", recording_field),
        mock.patch.object(Stack, "once", for_every_rule),
        mock.patch.object(Stack, "read", read_for_every_rule),
    ):
        yield found


@contextlib.contextmanager
def _as(rule: str) -> Iterator[None]:
    token = _evaluating.set(rule)
    try:
        yield
    finally:
        _evaluating.reset(token)
