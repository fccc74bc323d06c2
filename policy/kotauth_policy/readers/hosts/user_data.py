"""Reads the user data of a host: which files cloud-init writes, and which containers are started.

User data is the program of a host. It is read as text, never run: cloud-config or a shell script, alone or as parts of
a MIME message, base64 or plain, compressed or not. Kotauth's own hosts fetch longer files from a bucket, each under the
hash of its content; those are found among the objects of the stack.
"""

from __future__ import annotations

import base64
import binascii
import email
import functools
import re
import shlex
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...engine.resource import Resource, Stack
from ...engine.value import Value
from ...engine.verdict import MalformedError, UndecidableError
from ..aws.resources import BUCKET_OBJECTS, LAUNCH_TEMPLATE, PARAMETER
from .boot_plan import PROGRAMS, BootPlan, hashes, read_boot_plan
from .loose_data import as_list, as_object, as_text, json_object, yaml_object

LIMIT_BYTES = 16 * 1024
"""Longest user data that EC2 takes."""
_UNPACKED_BYTES = 1024 * 1024
_GZIP = b"\x1f\x8b"
_TEMPLATE = re.compile(r"##\s*template:\s*jinja[^\n]*\n", re.I)
_CONFIG = "#cloud-config"
# What cloud-init takes, too, and is not read here.
_UNREAD = ("#include", "#cloud-config-archive", "#cloud-config-jsonp", "#part-handler")


@dataclass(frozen=True)
class Script:
    """A text with commands in it, and what starts them."""

    name: str
    text: str
    is_unit: bool = False
    """Whether systemd runs it, and again when it ends as the unit says."""


@dataclass(frozen=True)
class Program:
    """The files, scripts and containers that user data defines."""

    files: Mapping[str, str] = field(default_factory=dict[str, str])
    scripts: tuple[Script, ...] = ()
    plan: BootPlan = field(default_factory=BootPlan)
    """Boot plan of a host of this repository's components."""
    fault: str = ""
    """Reason why a part of it can't be read."""


def property_of(host: Resource) -> Value:
    """Return the property that holds the user data, absent where there is none."""
    encoded = host.get("userData") if host.type == LAUNCH_TEMPLATE else host.get("userDataBase64")
    return host.get("userData") if encoded.is_absent or encoded.raw == "" else encoded


def text_of(host: Resource) -> str:
    """Return the user data as text, empty where there is none.

    Raises ``UndecidableError`` where it is unknown, ``MalformedError`` where EC2 would refuse it.
    """
    value = property_of(host)
    text = value.text() or ""
    if len(text) > LIMIT_BYTES * 4 // 3 + 4:
        raise MalformedError(value.path, f"within the {LIMIT_BYTES} bytes that EC2 takes")
    # The provider itself encodes what an instance gives in clear, and leaves alone what is encoded.
    is_clear = value.path == "userData" and host.type != LAUNCH_TEMPLATE and not _is_base64(text)
    return text if is_clear else _unpacked(text, value.path)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _unpacked(text: str, path: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
        if raw.startswith(_GZIP):
            # No more than a host would need: a bomb ends here.
            raw = zlib.decompressobj(wbits=31).decompress(raw, _UNPACKED_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        raise MalformedError(path, "base64") from None
    return raw.decode(errors="replace")


def program_of(host: Resource) -> Program:
    """Return the program in the user data of a host, with what it fetches from buckets of the stack.

    Empty where the user data can't be read: one rule reports that, so the rules about containers need not.
    """
    try:
        program = parse(text_of(host))
    except (UndecidableError, MalformedError):
        return Program()
    if not program.plan.artifacts:
        return program
    objects = host.in_stack().once(_objects)
    fetched = _fetched(program.plan.artifacts, objects)
    fetched |= _fetched(hashes(json_object(fetched.get(PROGRAMS, ""))), objects)
    files = {**program.files, **fetched}
    return replace(program, files=files, scripts=(*program.scripts, *_scripts(fetched)))


def _fetched(artifacts: Mapping[str, str], objects: Mapping[str, str]) -> dict[str, str]:
    return {path: objects[sha256] for path, sha256 in artifacts.items() if sha256 in objects}


def parameter_of(host: Resource, name: str) -> Resource | None:
    """Return the parameter that a host reads at boot, ``None`` where it is not in the stack."""
    return host.in_stack().once(_parameters).get(name) if name else None


def deferred_values(parameter: Resource) -> Mapping[str, Any]:
    """Return what the parameter says; empty while that is unknown, or no text."""
    value = parameter.get("value").raw
    return json_object(value) if isinstance(value, str) else {}


def _parameters(stack: Stack) -> dict[str, Resource]:
    names = ((parameter.get("name").raw, parameter) for parameter in stack.of_type(PARAMETER))
    return {name: parameter for name, parameter in names if isinstance(name, str)}


def _objects(stack: Stack) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in stack.of_type(*BUCKET_OBJECTS):
        key, content = each.get("key"), each.get("content")
        if isinstance(key.raw, str) and isinstance(content.raw, str):
            found[key.raw] = content.raw
    return found


@functools.lru_cache(maxsize=64)
def parse(text: str) -> Program:
    """Return what user data says by itself."""
    files: dict[str, str] = {}
    scripts: list[Script] = []
    fault = ""
    for part in _parts(text):
        if part.lower().startswith(_UNREAD):
            fault = "has a part that is neither cloud-config nor a script"
        elif part.lower().startswith(_CONFIG):
            config = yaml_object(part)
            if config is None:
                fault = "has cloud-config that is not a YAML object"
                continue
            files.update(_written(config))
            for place in ("bootcmd", "runcmd"):
                scripts += [Script(place, _command(command)) for command in as_list(config.get(place))]
        elif part.startswith(("#!", "#cloud-boothook")):
            scripts.append(Script("script", part))
    plan = read_boot_plan(files)
    return Program(files, (*scripts, *_scripts(files)), plan, fault=fault or plan.fault)


def _parts(text: str) -> Iterator[str]:
    if not re.match(r"(?i)(content-type|mime-version):", text):
        yield _begun(text)
        return
    for part in email.message_from_string(text).walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            found = _begun(content.decode(errors="replace"))
            # Here the type says what it is, and the first line needn't.
            is_config = part.get_content_type() == "text/cloud-config" and not found.lower().startswith(_CONFIG)
            yield f"{_CONFIG}\n{found}" if is_config else found


def _begun(text: str) -> str:
    """Return a text from where cloud-init begins to read it: blank lines before the first word don't count."""
    text = text.lstrip()
    template = _TEMPLATE.match(text)
    return text[template.end() :].lstrip() if template else text


def _written(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in map(as_object, as_list(config.get("write_files"))):
        content, encoding = as_text(entry.get("content")), as_text(entry.get("encoding"))
        if "b64" in encoding or "base64" in encoding:
            try:
                content = _unpacked(content.strip(), "")
            except MalformedError:
                continue
        yield as_text(entry.get("path")), content


def _command(command: object) -> str:
    words = as_list(command)
    return shlex.join(map(as_text, words)) if words else as_text(command)


def _scripts(files: Mapping[str, str]) -> Iterator[Script]:
    for path, text in files.items():
        if path.endswith(".service"):
            yield Script(path, text, is_unit=True)
        elif path.endswith(".sh") or text.startswith("#!"):
            yield Script(path, text)
