"""Compares values with their ``TypedDict``: missing and unknown names, values of another kind, misplaced Outputs."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar, cast, get_args, is_typeddict

import pulumi

from .wording import bare, is_list, is_mapping

T = TypeVar("T")

EARLY = "must be a plain value: an Output may be unknown at preview"
"""Rule of an input whose value decides what a component makes."""
IN_QUOTATION_MARKS = "put it in quotation marks"
"""What to do with a number in the place of a text."""
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Misfit(NamedTuple):
    """A name that breaks its declaration."""

    path: str
    value: object
    rule: str
    meant: str = ""
    """The path of the declared name that is most similar to an unknown name; empty if none is similar."""
    example: object = None
    """A value of the declared kind, where the rule has `{example}`."""
    is_readable: bool = True
    """Whether other rules can read the input all the same. They can't if a value in it has another kind."""


def settled(value: T) -> T:
    """Return inputs in the one form that the rules and components read.

    None means not given, so a mapping becomes a dict without the names that have it. A tuple becomes a list, a whole
    float an int, and an awaitable an Output.
    """
    given: Any = value
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, object]", value).items()
        given = {key: settled(item) for key, item in pairs if item is not None}
    elif isinstance(value, list | tuple):
        given = [settled(item) for item in cast("Iterable[object]", value)]
    elif isinstance(value, float) and value.is_integer():
        given = int(value)
    elif isinstance(value, Awaitable):
        given = pulumi.Output.from_input(cast("Any", value))
    return cast("T", given)


def misfits(declared: Any, value: object, path: str = "", parsed: Collection[str] = ()) -> Iterator[Misfit]:  # noqa: ANN401 - any type
    """Yield each difference between a ``settled`` value and its declared type, in the dicts and lists inside it too.

    A value must have the declared kind: a text, a number, a whole number, true or false, a list, or a dict with texts
    as keys. An instance of a subclass has it, such as an enum of texts; but true is no number, and a text is no list.

    ``parsed`` names the inputs with rules, which read what the settings of a stack hold, too: a text for a number, for
    true or false, and for a list. Such a rule itself refuses what it can't read.
    """
    declared, takes_outputs = bare(declared)
    if isinstance(value, pulumi.Output):
        if not takes_outputs and declared not in (Any, None):
            yield Misfit(path, cast("object", value), EARLY, is_readable=False)
        return
    if path.partition("[")[0] in parsed and (
        declared in (bool, int, float) or (is_list(declared) and isinstance(value, str))
    ):
        return
    if not _fits(declared, value):
        kind = _kind(value)
        rule = f"must be {_words(declared)}, not {kind}{_remedy(declared, value)}"
        example = _example(declared)
        # All inputs may hold a secret, and the text of an object is an address.
        is_shown = path and (value is None or isinstance(value, str | int | float | list | dict))
        yield Misfit(path, cast("object", value if is_shown else kind), rule, example=example, is_readable=False)
        return
    within = f"{path}." if path else ""
    if is_typeddict(declared):
        given, kinds = cast("Mapping[str, object]", value), declared.__annotations__
        for name, kind in kinds.items():
            item = given.get(name)
            if name in declared.__required_keys__ and item in (None, ""):
                yield Misfit(within + name, "", "is required")
            elif item is not None and (path or item != ""):
                yield from misfits(kind, item, within + name, parsed)
        yield from unknown_names(given, kinds, within)
    elif isinstance(value, dict):
        *_, kind = None, *get_args(declared)
        for key, item in cast("dict[str, object]", value).items():
            yield from misfits(str, key, f"{within}{key}")
            yield from misfits(kind, item, f"{within}{key}")
    elif isinstance(value, list):
        kind, *_ = *get_args(declared), None
        for index, item in enumerate(cast("list[object]", value)):
            # One Output in a list is named as the list.
            yield from misfits(kind, item, path if isinstance(item, pulumi.Output) else f"{path}[{index}]", parsed)


def watched(
    declared: Any,  # noqa: ANN401 - any type
    value: object,
    check: Callable[[Any, pulumi.Output[object], str], object],
    path: str = "",
) -> Any:  # noqa: ANN401 - any value
    """Return a ``settled`` value in which ``check`` replaces each Output.

    It gets the declared type, the Output and its path.
    """
    declared, _ = bare(declared)
    if isinstance(value, pulumi.Output):
        return check(declared, cast("pulumi.Output[object]", value), path)
    *_, kind = None, *get_args(declared)
    if isinstance(value, list):
        items = enumerate(cast("list[object]", value))
        return [watched(kind, item, check, f"{path}[{index}]") for index, item in items]
    if isinstance(value, dict):
        kinds: Mapping[str, Any] = declared.__annotations__ if is_typeddict(declared) else {}
        within = f"{path}." if path else ""
        given = cast("dict[str, object]", value)
        return {key: watched(kinds.get(key, kind), item, check, f"{within}{key}") for key, item in given.items()}
    return value


def unknown_names(given: Mapping[str, object], known: Iterable[str], within: str = "") -> Iterator[Misfit]:
    """Yield each unknown name."""
    names: Collection[str] = set(known)
    for name in sorted(set(given) - set(names)):
        (meant,) = difflib.get_close_matches(name, names, n=1) or [""]
        rule = "is an unknown name: did you mean {meant}?" if meant else "is an unknown name: remove it"
        yield Misfit(within + name, given[name], rule, within + meant if meant else "")


def _fits(declared: Any, value: object) -> bool:  # noqa: ANN401 - any type
    """Return whether a value has the declared kind."""
    if isinstance(value, str) and _LONE_SURROGATE.search(value):
        return False
    if is_mapping(declared):
        return isinstance(value, dict) and all(isinstance(key, str) for key in cast("dict[object, object]", value))
    if is_list(declared):
        return isinstance(value, list)
    if declared is float:
        return _fits(int, value) or (isinstance(value, float) and math.isfinite(value))
    if declared is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return declared not in (bool, str) or isinstance(value, declared)


def _words(declared: Any) -> str:  # noqa: ANN401 - any type
    """Return the words for a declared kind."""
    if declared in (bool, str, None):
        return "exactly true or false" if declared is bool else "a text"
    kind = {int: "whole number", float: "number"}.get(declared, "list" if is_list(declared) else "mapping")
    return f"a {kind} such as {{example}}"


def _example(declared: Any) -> object:  # noqa: ANN401 - any type
    """Return a value of a declared kind, of a mapping with what is required."""
    declared, _ = bare(declared)
    if is_typeddict(declared):
        kinds = declared.__annotations__
        shown = [name for name in kinds if name in declared.__required_keys__] or [*kinds][:1]
        return {name: _example(kinds[name]) for name in shown}
    if is_mapping(declared):
        return {"name": _example(get_args(declared)[1])}
    if is_list(declared):
        return [_example(get_args(declared)[0])]
    return {bool: True, int: 2, float: 1.5}.get(declared, "text")


def _kind(value: object) -> str:
    """Return the words for the kind of a value."""
    if isinstance(value, float) and not isinstance(value, int):
        return "a number with a fraction" if math.isfinite(value) else str(value)
    if isinstance(value, str) and _LONE_SURROGATE.search(value):
        return "a text with a lone surrogate"
    kinds = {str: "a text", bool: "a boolean", int: "a number", list: "a list"}
    for kind, words in kinds.items():
        if isinstance(value, kind):
            return words
    if isinstance(value, dict):
        texts = all(isinstance(key, str) for key in cast("dict[object, object]", value))
        return "a mapping" if texts else "a mapping whose keys are no texts"
    return "nothing" if value is None else f"an object of class {type(value).__name__}"


def _remedy(declared: Any, value: object) -> str:  # noqa: ANN401 - any type
    """Return what to do where the example doesn't say it."""
    if isinstance(value, pulumi.Resource):
        return ": give one of its outputs, such as its id"
    return f": {IN_QUOTATION_MARKS}" if declared is str and isinstance(value, int | float) else ""
