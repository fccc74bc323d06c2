"""Property values between the engine's wire form and plain Python: unknown values, files, numbers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2

_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # Pulumi's mark, not a secret
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


class Unknown:
    """A value that is known only after the update."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN = Unknown()


class File(dict[str, Any]):
    """An asset or archive as the engine describes it: a path, a text, or assets by name, and a hash of the content."""

    @property
    def is_archive(self) -> bool:
        return self[_SIGNATURE] == _ARCHIVE

    def content(self) -> bytes:
        """Return the bytes of an asset, or the ZIP of an archive."""
        if self.get("text"):
            return str(self["text"]).encode()
        if self.get("path"):
            return (
                _zip_of_folder(Path(self["path"])) if Path(self["path"]).is_dir() else Path(self["path"]).read_bytes()
            )
        if not self.is_archive:
            return b""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, member in sorted(self.get("assets", {}).items()):
                archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), member.content())
        return packed.getvalue()


def _zip_of_folder(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            archive.writestr(zipfile.ZipInfo(str(file.relative_to(folder)), _FIXED_TIME), file.read_bytes())
    return packed.getvalue()


def read(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return the properties as plain Python; nulls are left out, as the real provider's bridge does."""
    return {key: found for key, value in struct.fields.items() if (found := _read(value)) is not None}


def _read(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN_TEXT else value.string_value
        case "list_value":
            return [_read(item) for item in value.list_value.values]
        case "struct_value":
            return _read_object(read(value.struct_value))
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _read_object(found: dict[str, Any]) -> Any:
    kind = found.get(_SIGNATURE)
    if kind == _SECRET:
        return found.get("value")
    return File(found) if kind in (_ASSET, _ARCHIVE) else found


def write(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return the properties in wire form."""
    return struct_pb2.Struct(fields={key: _write(value) for key, value in properties.items()})


def _write(value: Any) -> struct_pb2.Value:
    match value:
        case None:
            form = struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case Unknown():
            form = struct_pb2.Value(string_value=_UNKNOWN_TEXT)
        case bool():
            form = struct_pb2.Value(bool_value=value)
        case int() | float():
            form = struct_pb2.Value(number_value=value)
        case str():
            form = struct_pb2.Value(string_value=value)
        case Mapping():
            form = struct_pb2.Value(struct_value=write(value))
        case list():
            form = struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_write(item) for item in value]))
        case _:
            raise TypeError(f"{value!r} cannot be a property")
    return form


def is_known(value: Any) -> bool:
    """Whether nothing in the value is unknown."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return value is not UNKNOWN
