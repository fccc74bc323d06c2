"""Reads the log lines of an OTLP request: protobuf, as far as log records need it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Line:
    """One log record."""

    body: str
    severity: str
    nanoseconds: int
    attributes: dict[str, Any]
    resource: dict[str, Any]


def lines(request: bytes) -> list[Line]:
    """Return the records of an `ExportLogsServiceRequest` in their order."""
    return [
        _line(record, resource)
        for of_resource in _all(request, 1)
        for resource in [_attributes(b"".join(_all(of_resource, 1)), 1)]
        for of_scope in _all(of_resource, 2)
        for record in _all(of_scope, 2)
    ]


def _line(record: bytes, resource: dict[str, Any]) -> Line:
    fields = dict(_fields(record))
    return Line(
        body=str(_value(fields.get(5, b""))),
        severity=fields.get(3, b"").decode(),
        nanoseconds=int.from_bytes(fields.get(1, b""), "little"),
        attributes=_attributes(record, 6),
        resource=resource,
    )


def _attributes(message: bytes, number: int) -> dict[str, Any]:
    pairs = [dict(_fields(pair)) for pair in _all(message, number)]
    return {pair[1].decode(): _value(pair.get(2, b"")) for pair in pairs}


def _value(value: bytes) -> Any:
    """Return an `AnyValue`: text, or what it is spelled with."""
    for number, content in _fields(value):
        return content.decode() if number == 1 else content
    return ""


def _all(message: bytes, wanted: int) -> list[bytes]:
    return [content for number, content in _fields(message) if number == wanted]


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        length = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if length is None:
            assert kind == _BYTES, kind
            length, at = _varint(message, at)
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
