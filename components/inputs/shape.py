"""Finds missing required inputs, unknown names and misplaced Outputs by comparing values with their ``TypedDict``."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, NotRequired, cast, get_args, get_origin, is_typeddict

import pulumi

EARLY = "must be a plain value: an Output may be unknown at preview"
"""Rule of an input whose value decides what a component makes."""


class Misfit(NamedTuple):
    """A name that breaks its declaration."""

    path: str
    value: object
    rule: str
    meant: str = ""
    """The declared name that is most similar to an unknown name; empty if none is similar."""


def misfits(declared: Any, value: object, path: str = "") -> Iterator[Misfit]:  # noqa: ANN401 - any type
    """Yield each difference between ``value`` and its declared type, in the dicts and lists inside it too."""
    within = f"{path}." if path else ""
    if get_origin(declared) is NotRequired:
        (declared,) = get_args(declared)
    takes_outputs = any(get_origin(kind) is Awaitable for kind in get_args(declared))
    if isinstance(value, pulumi.Output):
        if not takes_outputs and declared not in (Any, None):
            yield Misfit(path, cast("object", value), EARLY)
        return
    if takes_outputs:
        declared = get_args(declared)[0]
    if is_typeddict(declared) and isinstance(value, Mapping):
        given, kinds = cast("Mapping[str, object]", value), declared.__annotations__
        for name, kind in kinds.items():
            if name in declared.__required_keys__ and given.get(name) in (None, ""):
                yield Misfit(within + name, "", "is required")
            yield from misfits(kind, given.get(name), within + name)
        yield from unknown_names(given, kinds, within)
    elif isinstance(value, Mapping):
        *_, kind = None, *get_args(declared)
        for key, item in cast("Mapping[str, object]", value).items():
            yield from misfits(kind, item, f"{within}{key}")
    elif isinstance(value, list):
        kind, *_ = *get_args(declared), None
        for index, item in enumerate(cast("list[object]", value)):
            # One Output in a list is named as the list.
            yield from misfits(kind, item, path if isinstance(item, pulumi.Output) else f"{path}[{index}]")


def unknown_names(
    given: Mapping[str, object], known: Iterable[str], within: str = "", *, shown_within: str | None = None
) -> Iterator[Misfit]:
    """Yield each unknown name; ``shown_within`` is the prefix of the name that the message proposes."""
    names: Collection[str] = set(known)
    before = within if shown_within is None else shown_within
    for name in sorted(set(given) - set(names)):
        (meant,) = difflib.get_close_matches(name, names, n=1) or [""]
        rule = f"is an unknown name: did you mean {before}{meant}?" if meant else "is an unknown name: remove it"
        yield Misfit(within + name, given[name], rule, meant)
