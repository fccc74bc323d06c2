"""Reads raw values into typed ones and reports every bad value at once.

A rule is a parser: it takes the raw value and returns the typed one, or raises ``ValueError`` with the rule as its
text. Settings and components share the parsers, so a rule is written once and each reader names it by its own key.
Which names there are, and which of them are required, a component's ``TypedDict`` says alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NotRequired, TypeVar, cast, get_args, get_origin, is_typeddict

import pulumi

T = TypeVar("T")

_LONGEST_SHOWN = 120
_EARLY = "must be known before anything is made, and what an Output holds is known only later: give a plain value"


class InvalidInputError(pulumi.RunError):
    """One or more values break a rule; the message names each key, its value and the rule."""


class Inputs:
    """The raw values of one reader. ``take`` every key, then call ``finish``."""

    def __init__(
        self,
        values: Mapping[str, object],
        subject: str,
        *,
        named: Callable[[str], str] = lambda key: key,
        prefix: str = "",
        secrets: Collection[str] = (),
    ) -> None:
        """Read ``values`` of ``subject``.

        They lie under the names that the user gave them: ``named`` turns a key into one. Messages put ``prefix`` before
        the name, and don't show the values of ``secrets``.
        """
        self._values = values
        self._subject = subject
        self._named = named
        self._prefix = prefix
        self._secrets = frozenset(secrets)
        self._known: set[str] = set()
        self._problems: dict[str, str] = {}

    @classmethod
    def of(cls, declared: type[Any], name: str, args: Mapping[str, object], secrets: Collection[str] = ()) -> Inputs:
        """Read the inputs of the component ``name``; ``declared``, its ``TypedDict`` such as `AwsDnsArgs`, lists them.

        What is missing or not known is noted at once, in the dicts inside the inputs too; all the rules after it have
        to do with absent values. ``secrets`` names the inputs that are secret as a whole.
        """
        inputs = cls(args, f"{declared.__name__.removesuffix('Args')} {name}", secrets=secrets)
        inputs._known.update(declared.__annotations__)
        for misfit in _misfits(declared, args):
            inputs._note(*misfit)
        return inputs

    def take(self, key: str, parse: Callable[[object], T], default: T | None = None) -> T:
        """Return the value of ``key`` parsed, or ``default`` where it is absent or empty.

        A bad value is noted and the default returned, so that the keys after it are still looked at: nothing that
        was read may be used before ``finish``.
        """
        self._known.add(self._named(key))
        raw = self._values.get(self._named(key))
        if raw is None or raw == "":
            if default is None:
                self.problem(key, "" if raw is None else raw, "is required")
            return default  # pyright: ignore[reportReturnType]
        try:
            return parse(raw)
        except ValueError as error:
            self.problem(key, raw, _EARLY if _comes_later(raw) else str(error))
            return default  # pyright: ignore[reportReturnType]

    def optional(self, key: str, parse: Callable[[object], T]) -> T | None:
        """Return the value of ``key`` parsed, or None where it is absent or empty."""
        self._known.add(self._named(key))
        if self._values.get(self._named(key)) in (None, ""):
            return None
        return self.take(key, parse)

    def problem(self, key: str, value: object, rule: str) -> None:
        """Note that ``value`` of ``key`` breaks ``rule``; for the rules between several values.

        The first problem of a key stays: what comes after it was checked with the default in the value's place.
        """
        self._note(self._named(key), value, rule)

    def name(self, key: str) -> str:
        """Return the user's name of a key, for the text of another key's rule."""
        return self._prefix + self._named(key)

    def _note(self, name: str, value: object, rule: str, meant: str = "") -> None:
        if value not in (None, "") and not self._secrets.isdisjoint((name, meant)):
            shown = "[secret]"
        else:
            shown = "an Output" if _comes_later(value) else str(value).replace("\n", "\\n")
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[:_LONGEST_SHOWN] + "…"
        self._problems.setdefault(name, f'{self._prefix}{name} = "{shown}": {rule}')

    def finish(self, also_known: Iterable[str] = ()) -> None:
        """Raise ``InvalidInputError`` with every problem, unknown keys included."""
        known = self._known | {self._named(key) for key in also_known}
        for name, rule, meant in _unknown(self._values, known, self._prefix):
            self._note(name, self._values[name], rule, meant)
        if self._problems:
            count = len(self._problems)
            head = f"{count} values of {self._subject} are not valid" if count > 1 else f"{self._subject} is not valid"
            raise InvalidInputError("\n  ".join([head + ":", *self._problems.values()]))


def _unknown(values: Iterable[str], known: Collection[str], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield each name that isn't known, the rule that it breaks, and the name that was meant, or none."""
    for name in sorted(set(values) - set(known)):
        (meant,) = difflib.get_close_matches(name, known, n=1) or [""]
        yield name, "is not known" + (f"; is {prefix}{meant} meant?" if meant else ""), meant


def _misfits(declared: Any, value: object, path: str = "") -> Iterator[tuple[str, object, str, str]]:  # noqa: ANN401
    """Yield what of ``value`` isn't as its type declares it: path, value, rule, and the name that was meant."""
    within = f"{path}." if path else ""
    if get_origin(declared) is NotRequired:
        (declared,) = get_args(declared)
    if is_typeddict(declared) and isinstance(value, Mapping):
        given, kinds = cast("Mapping[str, object]", value), declared.__annotations__
        for name, kind in kinds.items():
            if name in declared.__required_keys__ and given.get(name) in (None, ""):
                yield within + name, "", "is required", ""
            yield from _misfits(kind, given.get(name), within + name)
        for name, rule, meant in _unknown(given, kinds, within):
            yield within + name, given[name], rule, meant
    elif isinstance(value, Mapping):
        *_, kind = None, *get_args(declared)
        for key, each in cast("Mapping[str, object]", value).items():
            yield from _misfits(kind, each, f"{within}{key}")
    elif isinstance(value, list):
        kind, *_ = *get_args(declared), None
        for index, each in enumerate(cast("list[object]", value)):
            yield from _misfits(kind, each, f"{path}[{index}]")


def _comes_later(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_comes_later, cast("Iterable[object]", value)))
    return isinstance(value, pulumi.Output)


def whole_number(what: str, minimum: int, maximum: int, why: str = "") -> Callable[[object], int]:
    """Make the parser of a whole number from ``minimum`` to ``maximum``; ``what`` says what of, with its unit."""
    rule = f"must be {what}, a whole number from {minimum} to {maximum}" + (f" ({why})" if why else "")

    def parse(raw: object) -> int:
        try:
            # Other languages send every number as a float.
            number = float(str(raw))
        except ValueError:
            raise ValueError(rule) from None
        if not number.is_integer() or not minimum <= number <= maximum:
            raise ValueError(rule)
        return int(number)

    return parse


def whole_floats_as_int(value: T) -> T:
    """Return ``value`` with an int for each whole float in it: other languages send every number as a float."""

    def converted(inner: Any) -> Any:  # noqa: ANN401 - anything that can be an input
        if isinstance(inner, dict):
            return {key: converted(each) for key, each in cast("dict[str, Any]", inner).items()}
        if isinstance(inner, list):
            return [converted(each) for each in cast("list[Any]", inner)]
        return int(inner) if isinstance(inner, float) and inner.is_integer() else inner

    return converted(value)


def number(what: str, minimum: float, maximum: float, why: str = "") -> Callable[[object], float]:
    """Make the parser of a number from ``minimum`` to ``maximum``; ``what`` says what of, with its unit."""
    rule = f"must be {what}, a number from {minimum:g} to {maximum:g}" + (f" ({why})" if why else "")

    def parse(raw: object) -> float:
        try:
            value = float(str(raw))
        except ValueError:
            raise ValueError(rule) from None
        if not minimum <= value <= maximum:
            raise ValueError(rule)
        return value

    return parse


def one_of(*choices: str, hint: Mapping[str, str] | None = None) -> Callable[[object], str]:
    """Make the parser of an exact word; ``hint`` explains known words that are refused."""
    rule = "must be exactly " + " or ".join(choices)

    def parse(raw: object) -> str:
        if raw not in choices:
            extra = (hint or {}).get(str(raw))
            raise ValueError(f"{rule}; {extra}" if extra else rule)
        return str(raw)

    return parse


def true_or_false(raw: object) -> bool:
    """Parse ``true`` or ``false``, as text or as a boolean."""
    if isinstance(raw, bool):
        return raw
    if raw not in ("true", "false"):
        raise ValueError("must be exactly true or false")
    return raw == "true"
