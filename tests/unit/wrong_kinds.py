"""Values of a wrong kind for every input of a component, and for each part of an input."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NotRequired, get_args, get_origin, is_typeddict

from tests.unit.least_inputs import LEAST, Component

WRONG: dict[object, list[object]] = {
    str: [1, 1.5, True, ["a"], {"a": "b"}, b"a", object()],
    int: ["text", 1.5, True, [1], {"a": 1}, b"1", object()],
    float: ["text", float("nan"), True, [1.5], {"a": 1.5}, object()],
    bool: ["text", 0, 1.5, [True], {"a": True}, object()],
    list: ["text", 1, True, {"a": "b"}, {"a"}, object()],
    dict: ["text", 1, True, ["a"], [("a", "b")], {1: "a"}, object()],
}
"""Wrong values by what is declared."""


class Wrong(NamedTuple):
    """Inputs of a component, one of which has a wrong kind."""

    path: str
    value: object
    """The wrong value."""
    args: dict[str, Any]


def declared_inputs(component: Component) -> Mapping[str, Any]:
    """Return the declared type of each input."""
    annotations = inspect.signature(component).parameters["args"].annotation.__annotations__
    return {name: get_args(kind)[0] if get_origin(kind) is NotRequired else kind for name, kind in annotations.items()}


def takes_outputs(kind: Any) -> bool:
    """Return whether an input of this type can be an Output."""
    return any(get_origin(one) is Awaitable for one in get_args(kind))


def wrong_kinds(component: Component) -> Iterator[Wrong]:
    """Yield each input of a component, and each part of one, with each value of a wrong kind."""
    for name, kind in declared_inputs(component).items():
        yield from _wrong(kind, name, lambda value, name=name: {**LEAST[component], name: value})


def _wrong(kind: Any, path: str, args: Callable[[object], dict[str, Any]]) -> Iterator[Wrong]:
    if get_origin(kind) is NotRequired:
        (kind,) = get_args(kind)
    if takes_outputs(kind):
        kind = get_args(kind)[0]
    if is_typeddict(kind):
        family, parts = dict, {f".{name}": (part, _in_mapping(name)) for name, part in kind.__annotations__.items()}
    elif get_origin(kind) in (dict, Mapping):
        family, parts = dict, {".key": (get_args(kind)[1], _in_mapping("key"))}
    elif get_origin(kind) in (list, Sequence):
        family, parts = list, {"[0]": (get_args(kind)[0], lambda value: [value])}
    else:
        family, parts = kind, {}
    for value in WRONG[family]:
        yield Wrong(path, value, args(value))
    for step, (part, put) in parts.items():
        yield from _wrong(part, path + step, lambda value, put=put: args(put(value)))


def _in_mapping(name: str) -> Callable[[object], object]:
    return lambda value: {name: value}
