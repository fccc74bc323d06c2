"""The reader of inputs that `parsing.py` takes over from; what still uses it takes each value by its key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from .choice import one_of, true_or_false
from .error import InvalidInputError
from .number import number, whole_floats_as_int, whole_number
from .problems import is_later
from .shape import misfits, unknown_names

__all__ = [
    "Inputs",
    "InvalidInputError",
    "number",
    "one_of",
    "true_or_false",
    "whole_floats_as_int",
    "whole_number",
]

T = TypeVar("T")

_LONGEST_SHOWN = 120
_EARLY = "must be known before anything is made, and what an Output holds is known only later: give a plain value"


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
        for misfit in misfits(declared, args):
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
            self.problem(key, raw, _EARLY if is_later(raw) else str(error))
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
            shown = "an Output" if is_later(value) else str(value).replace("\n", "\\n")
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[:_LONGEST_SHOWN] + "…"
        self._problems.setdefault(name, f'{self._prefix}{name} = "{shown}": {rule}')

    def finish(self, also_known: Iterable[str] = ()) -> None:
        """Raise ``InvalidInputError`` with every problem, unknown keys included."""
        known = self._known | {self._named(key) for key in also_known}
        for misfit in unknown_names(self._values, known, shown_within=self._prefix):
            self._note(*misfit)
        if self._problems:
            count = len(self._problems)
            head = f"{count} values of {self._subject} are not valid" if count > 1 else f"{self._subject} is not valid"
            raise InvalidInputError("\n  ".join([head + ":", *self._problems.values()]))
