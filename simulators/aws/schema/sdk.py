"""The resource types of the installed AWS SDK for Pulumi: inputs, their types, and computed outputs.

The SDK is generated from the real provider's schema, so it does not repeat mistakes of this repository. The SDK itself
lets wrong types and unknown keys of a dictionary pass; the real provider does not, and neither does this.
"""

from __future__ import annotations

import collections.abc
import difflib
import enum
import functools
import importlib
import importlib.metadata
import inspect
import json
import sys
import threading
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import _types as sdk_types  # the SDK's own tables of names

from .wire import UNKNOWN, File, is_known

_NUMBERS = (int, float)
_importing = threading.Lock()


class UnknownTypeError(Exception):
    """The SDK has no such resource."""


@dataclass(frozen=True)
class Fields:
    """The inputs of a resource, or of a block in one."""

    types: Mapping[str, Any]
    required: frozenset[str]


@dataclass(frozen=True)
class Schema:
    """A resource."""

    inputs: Fields
    outputs: Mapping[str, Any]
    computed: frozenset[str]
    """Outputs that always have a value: what the program leaves out, AWS fills in."""


@functools.cache
def schema(token: str) -> Schema:
    """Return what the SDK knows of a type such as `aws:ec2/vpc:Vpc`.

    Raises:
        UnknownTypeError: It knows nothing.
    """
    resource = _class(token)
    overloads = typing.get_overloads(resource.__init__)
    (arguments,) = (each.__annotations__["args"] for each in overloads if "args" in each.__annotations__)
    returned = {
        name: typing.get_type_hints(prop.fget, vars(sys.modules[resource.__module__])).get("return", Any)
        for _, name, prop in sdk_types._py_properties(resource)
    }
    outputs = {name: typing.get_args(hint)[0] if typing.get_args(hint) else hint for name, hint in returned.items()}
    computed = {name for name, hint in outputs.items() if type(None) not in typing.get_args(hint)}
    (arguments,) = filter(sdk_types.is_input_type, _options(arguments))
    return Schema(fields(arguments), outputs, frozenset(computed))


def version() -> str:
    """Return the SDK's version, which is the real provider's too."""
    return importlib.metadata.version("pulumi_aws")


def _class(token: str) -> type:
    if token == "pulumi:providers:aws":
        token = "aws:index:Provider"
    try:
        package, module, name = token.split(":")
        service = module.split("/")[0]
        where = {"index": "pulumi_aws", "lambda": "pulumi_aws.lambda_"}.get(service, f"pulumi_aws.{service}")
        with _importing:  # the SDK's packages import each other: a second thread would meet half of one
            found = getattr(importlib.import_module(where), name) if package == "aws" else None
    except (ValueError, ImportError, AttributeError):
        found = None
    if not isinstance(found, type):
        raise UnknownTypeError(f"the SDK pulumi_aws has no resource {token}")
    return found


@functools.cache
def fields(arguments: type) -> Fields:
    """Return the names, types and duties of an arguments class."""
    names = sdk_types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments.__init__).parameters.values()
    missing = {names[each.name] for each in parameters if each.default is each.empty and each.name in names}
    return Fields(sdk_types.input_type_types(arguments), frozenset(missing))


@dataclass
class Problem:
    """What is wrong with an input."""

    path: str
    reason: str


def check(inputs: Mapping[str, Any], against: Fields, path: str = "") -> tuple[dict[str, Any], list[Problem]]:
    """Return the inputs in the types that they should have, and what is wrong with them."""
    problems = [Problem(path + name, "is required") for name in sorted(against.required - inputs.keys())]
    converted: dict[str, Any] = {}
    for name, value in inputs.items():
        if name not in against.types:
            near = difflib.get_close_matches(name, against.types, 1)
            problems.append(Problem(path + name, "is not a property" + (f"; is {near[0]} meant?" if near else "")))
            continue
        converted[name], found = _value(value, against.types[name], path + name)
        problems += found
    return converted, problems


def _value(value: Any, hint: Any, path: str) -> tuple[Any, list[Problem]]:
    if value is UNKNOWN or hint is Any:
        return value, []
    options = list(_options(hint))
    documents = [each for each in options if getattr(each, "__name__", "") == "PolicyDocumentArgs"]
    if documents and isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), sort_keys=True) if is_known(value) else UNKNOWN, []
    first: tuple[Any, list[Problem]] | None = None
    for option in options:
        found = _one(value, option, path)
        if not found[1]:
            return found
        first = first or found
    assert first is not None, f"no type for {path}"
    return first


def _options(hint: Any) -> Iterator[Any]:
    """Yield the plain types: what may also be awaited or be an output is so no more on the wire."""
    origin = typing.get_origin(hint)
    if origin is typing.Union:
        for each in typing.get_args(hint):
            yield from _options(each)
    elif origin not in (collections.abc.Awaitable, pulumi.Output) and hint is not type(None):
        yield hint


def _one(value: Any, hint: Any, path: str) -> tuple[Any, list[Problem]]:
    origin = typing.get_origin(hint)
    if origin is collections.abc.Mapping and isinstance(value, dict):
        return _many({name: _value(each, typing.get_args(hint)[1], f"{path}.{name}") for name, each in value.items()})
    if origin is collections.abc.Sequence and isinstance(value, list):
        item = typing.get_args(hint)[0]
        pairs = _many({number: _value(each, item, f"{path}[{number}]") for number, each in enumerate(value)})
        return list(pairs[0].values()), pairs[1]
    if isinstance(hint, type) and sdk_types.is_input_type(hint) and isinstance(value, dict):
        return check(value, fields(hint), f"{path}.")
    if isinstance(hint, type) and issubclass(hint, (pulumi.Asset, pulumi.Archive)) and isinstance(value, File):
        return value, []
    if isinstance(hint, type) and (hint in (str, bool, *_NUMBERS) or issubclass(hint, enum.Enum)):
        converted = _scalar(value, hint)
        if converted is not None:
            return converted, []
    return value, [Problem(path, f"must be {_describe(hint)}, not {_describe(type(value))}")]


def _many(pairs: dict[Any, tuple[Any, list[Problem]]]) -> tuple[dict[Any, Any], list[Problem]]:
    return {key: value for key, (value, _) in pairs.items()}, [each for _, found in pairs.values() for each in found]


def _scalar(value: Any, hint: type) -> Any:
    """Convert as the real provider's bridge does; None where it would refuse."""
    if hint is bool:
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))
    if hint in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, (str, *_NUMBERS)):
            return None
        try:
            number = float(value)
        except ValueError:
            return None
        return int(number) if number.is_integer() else (number if hint is float else None)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, *_NUMBERS)) else None


def _describe(hint: Any) -> str:
    names = {str: "a string", bool: "true or false", int: "a whole number", float: "a number", list: "a list"}
    if hint in names:
        return names[hint]
    if hint is dict or typing.get_origin(hint) is collections.abc.Mapping:
        return "an object"
    if typing.get_origin(hint) is collections.abc.Sequence:
        return "a list"
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return "a string"
    return "an object" if isinstance(hint, type) and sdk_types.is_input_type(hint) else str(hint)
