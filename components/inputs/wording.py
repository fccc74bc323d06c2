"""Shows names and values of inputs in a message as the language of the program writes them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NotRequired, cast, get_args, get_origin, is_typeddict

import pulumi

AN_OUTPUT = "an Output"


class Wording:
    """The wording for programs in Python."""

    def name(self, declared: str) -> str:
        """Return a name that the library declares."""
        return declared

    def rule(self, text: str) -> str:
        """Return a rule, in which the user's own words are in double quotes."""
        return text

    def value(self, value: object) -> str:
        """Return a value without quotation marks."""
        return str(value).replace("\n", "\\n")

    def quoted(self, shown: str, value: object) -> str:
        """Return the text that shows a value as it stands in a message."""
        return f'"{shown}"'


def bare(declared: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any type
    """Return the type of the plain value, and whether an Output of it may be given instead."""
    if get_origin(declared) is NotRequired:
        (declared,) = get_args(declared)
    takes_outputs = any(get_origin(kind) is Awaitable for kind in get_args(declared))
    return get_args(declared)[0] if takes_outputs else declared, takes_outputs


def is_list(declared: Any) -> bool:  # noqa: ANN401 - any type
    """Return whether a type is that of a list."""
    return get_origin(declared) in (list, Sequence)


def is_mapping(declared: Any) -> bool:  # noqa: ANN401 - any type
    """Return whether a type is that of a mapping."""
    return is_typeddict(declared) or get_origin(declared) in (dict, Mapping)


def worded_path(path: str, declared: Any, name: Callable[[str], str]) -> tuple[str, Any]:  # noqa: ANN401 - any type
    """Return a path such as `spec.probe` with its declared names worded, and the type of what it leads to.

    ``declared`` is the type of the inputs. Keys of a user's own mapping stay as they are.
    """
    declared, _ = bare(declared)
    if not path:
        return "", declared
    worded = path, None
    if is_typeddict(declared):
        dot, head, rest = cast("re.Match[str]", re.fullmatch(r"(\.?)([^.[]*)(.*)", path, re.DOTALL)).groups()
        if head in declared.__annotations__:
            after, kind = worded_path(rest, declared.__annotations__[head], name)
            worded = dot + name(head) + after, kind
    elif is_list(declared) and (item := re.match(r"\[\d+\]", path)):
        after, kind = worded_path(path[item.end() :], get_args(declared)[0], name)
        worded = item[0] + after, kind
    elif is_mapping(declared):
        inner, _ = bare(get_args(declared)[1])
        key, dot, last = path.rpartition(".")
        if key and is_typeddict(inner) and last in inner.__annotations__:
            after, kind = worded_path(dot + last, inner, name)
            worded = key + after, kind
        else:
            worded = path, inner
    return worded


def worded_value(value: object, declared: Any, name: Callable[[str], str]) -> object:  # noqa: ANN401 - any type
    """Return a value with the declared names in it worded."""
    declared, _ = bare(declared)
    if isinstance(value, pulumi.Output):
        return AN_OUTPUT
    if isinstance(value, list):
        kind = get_args(declared)[0] if is_list(declared) else None
        return [worded_value(item, kind, name) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    given = cast("dict[object, object]", value)
    if is_typeddict(declared):
        kinds = declared.__annotations__
        return {
            name(str(key)) if key in kinds else key: worded_value(item, kinds.get(key), name)
            for key, item in given.items()
        }
    kind = get_args(declared)[1] if is_mapping(declared) else None
    return {key: worded_value(item, kind, name) for key, item in given.items()}
