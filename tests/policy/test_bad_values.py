"""Properties of the wrong type: a rule that meets nonsense says so, never crashes, and never shows what it met.

Each property of the compliant programs, and each that a row of the mutation matrix adds, in each type that it does not
have. An empty text mends nothing that is wrong without it.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from google.protobuf import struct_pb2

from policy.testing import aws_program
from policy.testing import docker_program as program
from policy.testing.change import put
from policy.testing.docker_program import build
from policy.testing.wire import Violation, register

from .batch import known
from .mutation import Row
from .nonsense import CANARY, EACH, Path, Recorded, paths, reading
from .rows import AREAS

NONSENSE: dict[str, Any] = {
    "number_value": 7.25,
    "bool_value": True,
    "string_value": CANARY,
    "list_value": [CANARY],
    "struct_value": {CANARY: CANARY},
}
_MOUNT = "it looks for folders of the host, and takes a mount apart for that"
CONTENT = {
    ("switch-off-update-check", "internal"): "one network with a way out is enough, whatever another one is",
    ("bound-logs", "logOpts.max-size"): "the provider writes a number as text",
    ("overwrite-forwarded-headers", "uploads.*.content"): "it reads configuration files only",
    ("restrict-secret-files", "uploads.*.content"): "it is about permissions",
    ("trace-secret-key", "volumes.*.containerPath"): "it is about which volume, not where",
    ("use-hex-secret-key", "volumes.*.containerPath"): "it is about which volume, not where",
    **{
        (rule, f"volumes.*.{name}"): _MOUNT
        for rule in ("forbid-docker-socket", "forbid-host-system-mounts")
        for name in ("containerPath", "volumeName")
    },
    **{
        (rule, "volumes.*.containerPath"): "it is about which volume, not where"
        for rule in ("keep-secret-key-apart", "have-backups-on-docker", "store-backups-apart")
    },
    ("keep-secret-key-apart", "volumes.*.hostPath"): "no server of this stack has its key in a folder of the host",
    ("keep-certificates-on-volume", "volumes.*.hostPath"): "it is about another folder",
    ("trust-exactly", "assumeRolePolicy.Statement.*.Principal"): "a text is one of its two forms",
    ("trust-exactly", "assumeRolePolicy.Statement.*.Action"): "a list is one of its two forms",
}
"""Rules that look at a property and may say nothing whatever it is, and why."""


def _kinds(value: struct_pb2.Value) -> set[str]:
    """Return the types that a value may have; the engine takes a number or boolean for its spelling."""
    spelled = {"number_value"} if value.string_value.isdecimal() else set[str]()
    return {value.WhichOneof("kind") or "", *spelled, *({"bool_value"} if value.string_value == "true" else ())}


def _faults(recorded: Recorded, type_: str, path: Path) -> Iterator[str]:
    """Yield what the pack does wrong with nonsense in this place."""
    urns = {request.urn for request in recorded.requests if any(recorded.values(type_, path, request))}
    kinds = {kind for value in recorded.values(type_, path) for kind in _kinds(value)}
    # Inside of objects three are enough: the rest reads them the same way.
    for kind in NONSENSE if len(path) == 1 else ("number_value", "string_value", "list_value"):
        if kind in kinds:
            continue
        with reading(path, urns) as readers:
            found = recorded.with_nonsense(type_, path, NONSENSE[kind])
        yield from (f"{kind}: {fault}" for fault in _shown(found))
        silent = {rule for rule in readers.rules if (rule, ".".join(path)) not in CONTENT} - {e.rule for e in found}
        yield from (f"{kind}: {rule} looks at it and says nothing" for rule in sorted(silent))
    without = recorded.with_nonsense(type_, path, None)
    yield from (f"nothing: {fault}" for fault in _shown(without))
    if "string_value" in kinds:
        empty = recorded.with_nonsense(type_, path, "")
        yield from (f"an empty text: {fault}" for fault in _shown(empty))
        mended = {each.rule for each in without} - {each.rule for each in empty}
        yield from (f"an empty text satisfies {rule}" for rule in sorted(mended))


def _shown(found: Iterable[Violation]) -> Iterator[str]:
    for each in found:
        if "crashed" in each.message:
            yield each.message
        if CANARY in each.message:
            yield f"{each.rule} shows it"


@functools.cache
def _compliant(of: Any) -> Recorded:
    return Recorded(register(build(of=of.compliant), of.KNOWN))


def _wrong(recorded: Recorded, type_: str, places: Iterable[Path]) -> dict[str, list[str]]:
    return {".".join(path): found for path in places if (found := list(_faults(recorded, type_, path)))}


def _types(of: Any) -> list[str]:
    return sorted({kind.pulumi_type for kind, _ in of.compliant().values() if hasattr(kind, "pulumi_type")})


@pytest.mark.thorough
@pytest.mark.parametrize(("of", "type_"), [(of, type_) for of in (program, aws_program) for type_ in _types(of)])
def test_each_property_of_a_compliant_program(of: Any, type_: str) -> None:
    recorded = _compliant(of)
    found = {path for whole in recorded.values(type_, ()) for path in paths(whole, ()) if path}
    assert not _wrong(recorded, type_, sorted(found))


def _rows() -> Iterator[Row]:
    """Yield the rows that add what the compliant programs don't have."""
    for area in sorted(AREAS):
        module = importlib.import_module(f".rows.{area.replace('-', '_')}", __package__)
        tables = (value for value in vars(module).values() if isinstance(value, tuple))
        yield from {row.path: row for table in tables for row in table if isinstance(row, Row) and row.setup}.values()


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.path)
def test_each_property_that_a_row_adds(row: Row) -> None:
    name, _, path = row.path.partition("/")
    recorded = Recorded(register(build(*row.setup, put(name, path, row.bad), of=known(row.rule).of)))
    (request,) = [each for each in recorded.requests if each.name == name]
    wanted = tuple(EACH if step.isdecimal() else _camel(step) for step in path.split("."))
    assert any(recorded.values(request.type, wanted))
    assert not _wrong(recorded, request.type, [wanted])


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest)) if name.islower() else name
