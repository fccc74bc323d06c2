"""Safe access to a property on the wire: known, unknown, secret, absent or of the wrong type.

The SDK hands out proxies that raise on unknown values, leak their sentinels through slices and forget which values are
secret. This reads the wire form itself, once per resource, and keeps all three states.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Union

from google.protobuf import struct_pb2
from pulumi_policy import deserialize, proxy

from .verdict import MalformedError, UndecidableError


class _Marker:
    """A state of a property without a usable value."""


ABSENT: Final = _Marker()
UNKNOWN: Final = _Marker()
OPAQUE: Final = _Marker()
"""An asset, archive or resource reference: present, and nothing that a rule reads."""

Raw = Union[_Marker, bool, float, str, "list[Value]", "dict[str, Value]"]

# `pulumi policy analyze --file` writes this in the place of every secret.
_BLINDED = "[secret]"
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_SHOWN = re.compile(r"\d{1,6}|\$\w{1,9}|([a-z0-9-]{1,30}:)?\*", re.ASCII)
"""Texts that can't be secrets: short numbers, versions such as `$Latest`, and patterns such as `s3:*`."""
_SENTINELS = frozenset(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))


@dataclass(frozen=True)
class Value:
    """A property, or a part of one."""

    path: str
    raw: Raw
    secret: bool = False

    @property
    def root(self) -> str:
        """Name of the top-level property that contains this value."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]

    @property
    def is_absent(self) -> bool:
        """Whether the program does not set the property."""
        return self.raw is ABSENT

    @property
    def is_unknown(self) -> bool:
        """Whether the value is unknown at preview."""
        return self.raw is UNKNOWN

    def field(self, name: str) -> Value:
        """Return a member of an object; absent where the object is absent."""
        path = f"{self.path}.{name}" if self.path else name
        return self.fields().get(name, Value(path, ABSENT, self.secret))

    def fields(self) -> Mapping[str, Value]:
        """Return the members of an object, none where it is absent."""
        raw = self._known()
        if raw is ABSENT:
            return {}
        if not isinstance(raw, dict):
            raise MalformedError(self.path, "an object")
        return raw

    def items(self) -> list[Value]:
        """Return the elements of a list, none where it is absent."""
        raw = self._known()
        if raw is ABSENT:
            return []
        if not isinstance(raw, list):
            raise MalformedError(self.path, "a list")
        return raw

    def text(self) -> str | None:
        """Return the string, ``None`` where it is absent."""
        raw = self._known()
        if raw is ABSENT:
            return None
        if not isinstance(raw, str):
            raise MalformedError(self.path, "a string")
        return raw

    def known_text(self) -> str:
        """Return the string, an empty one where it is absent or unknown."""
        return "" if self.is_unknown else self.text() or ""

    def flag(self) -> bool | None:
        """Return the boolean, ``None`` where it is absent; the engine accepts its spelling as a string."""
        raw = self._known()
        if raw is ABSENT:
            return None
        if isinstance(raw, str) and raw in ("true", "false"):
            return raw == "true"
        if not isinstance(raw, bool):
            raise MalformedError(self.path, "a boolean")
        return raw

    def number(self) -> float | None:
        """Return the number, ``None`` where it is absent; the engine accepts its spelling as a string."""
        raw = self._known()
        if raw is ABSENT:
            return None
        # Python would take more for a number than the engine: "nan", which is below no limit, "1_000" and "1e999".
        if isinstance(raw, str) and _NUMBER.fullmatch(raw):
            raw = float(raw)
        if isinstance(raw, float) and math.isfinite(raw):
            return raw
        raise MalformedError(self.path, "a number")

    def leaves(self) -> Iterator[Value]:
        """Yield every part that has no parts of its own, unknown ones included."""
        if isinstance(self.raw, dict):
            for child in self.raw.values():
                yield from child.leaves()
        elif isinstance(self.raw, list):
            for child in self.raw:
                yield from child.leaves()
        elif self.raw is not ABSENT:
            yield self

    def _known(self) -> Raw:
        if self.raw is UNKNOWN:
            raise UndecidableError(self.path)
        return self.raw


def is_given(text: Value) -> bool:
    """Whether the program sets a text: an unknown text counts as set, an empty text does not."""
    return text.is_unknown or bool(text.text())


def texts(values: Iterable[Value]) -> list[str]:
    """Return the strings that are known."""
    return [value.text() or "" for value in values if not value.is_unknown]


def seen(value: Value, fault: str) -> str:
    """Return ``is VALUE, FAULT`` for a message, without the value where it could be a secret."""
    if value.secret or not isinstance(value.raw, (float, str)):
        return f"is {fault}"
    if isinstance(value.raw, float):
        return f"is {value.raw:g}, {fault}"
    return f'is "{value.raw}", {fault}' if _SHOWN.fullmatch(value.raw) else f"is {fault}"


def decode(properties: struct_pb2.Struct) -> Value:
    """Decode a resource's properties."""
    return Value("", {name: _decode(value, name, secret=False) for name, value in properties.fields.items()})


def decode_member(properties: struct_pb2.Struct, name: str) -> Value:
    """Decode one property of a resource."""
    return _decode(properties.fields[name], name, secret=False)


def _decode(wire: struct_pb2.Value, path: str, *, secret: bool) -> Value:
    kind = wire.WhichOneof("kind")
    if kind == "struct_value":
        return _decode_struct(wire.struct_value, path, secret=secret)
    if kind == "list_value":
        elements = [_decode(e, f"{path}[{i}]", secret=secret) for i, e in enumerate(wire.list_value.values)]
        return Value(path, elements, secret)
    if kind == "string_value":
        if wire.string_value == _BLINDED:
            return Value(path, UNKNOWN, secret=True)
        return Value(path, UNKNOWN if wire.string_value in _SENTINELS else wire.string_value, secret)
    known: Mapping[str | None, Raw] = {"number_value": wire.number_value, "bool_value": wire.bool_value}
    return Value(path, known.get(kind, ABSENT), secret)


def _decode_struct(struct: struct_pb2.Struct, path: str, *, secret: bool) -> Value:
    if deserialize.SPECIAL_SIG_KEY not in struct.fields:
        members = {k: _decode(v, f"{path}.{k}", secret=secret) for k, v in struct.fields.items()}
        return Value(path, members, secret)
    if struct.fields[deserialize.SPECIAL_SIG_KEY].string_value == deserialize.SPECIAL_SECRET_SIG:
        return _decode(struct.fields["value"], path, secret=True)
    return Value(path, OPAQUE, secret)
