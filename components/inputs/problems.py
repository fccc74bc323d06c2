"""Collects what is wrong with the values of one subject, and refuses them with every problem at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, cast

import pulumi

from .error import InvalidInputError

_LONGEST_SHOWN = 120
_PRIVATE_KEY = "PRIVATE KEY-----"
_PASSWORD_IN_ADDRESS = re.compile(r"((?:^sftp:|://)[^:/@\s]*):[^@\s]+@")


class Problems:
    """The problems of ``subject``'s values, each under the name that the user gave to the value.

    ``named`` turns the name of a field into the user's, ``prefix`` stands before it in messages.
    """

    def __init__(
        self,
        subject: str,
        *,
        named: Callable[[str], str] = lambda key: key,
        prefix: str = "",
    ) -> None:
        """Begin without a problem."""
        self._subject = subject
        self._secrets: set[str] = set()
        self._lines: dict[str, str] = {}
        self.named = named
        self.prefix = prefix

    def hide(self, names: Iterable[str]) -> None:
        """Show no value of these names, which are the user's."""
        self._secrets |= {*names}

    def add(self, name: str, value: object, rule: str, meant: str = "") -> None:
        """Note that the ``value`` of the user's ``name`` breaks ``rule``. The first problem of a name stays."""
        shown = "an Output" if is_later(value) else str(value).replace("\n", "\\n")
        is_secret = value not in (None, "") and not self._secrets.isdisjoint((input_of(name), meant))
        # A private key can also be given to the wrong setting.
        if is_secret or _PRIVATE_KEY in shown:
            shown = "[secret]"
        shown = _PASSWORD_IN_ADDRESS.sub(r"\1:[secret]@", shown)
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[:_LONGEST_SHOWN] + "…"
        self._lines.setdefault(name, f'{self.prefix}{name} = "{shown}": {rule}')

    def check(self, name: str, value: object, parse: Callable[[object], object]) -> None:
        """Note what is wrong with a value by this rule."""
        try:
            parse(value)
        except ValueError as error:
            self.add(name, value, str(error))

    def refuse(self) -> None:
        """Raise ``InvalidInputError`` with every problem, if there is one."""
        if self._lines:
            count = len(self._lines)
            head = f"{count} values of {self._subject} are not valid" if count > 1 else f"{self._subject} is not valid"
            raise InvalidInputError("\n  ".join([head + ":", *self._lines.values()]))


def input_of(path: str) -> str:
    """Return the name of the input that a path such as `containers[0].memory` leads into."""
    return re.split(r"[.[]", path)[0]


def unless_later(parse: Callable[[object], object]) -> Callable[[object], object]:
    """Return a rule that leaves an Output as it is. Its value is parsed at update."""
    return lambda raw: raw if is_later(raw) else parse(raw)


def when_known(name: str, parse: Callable[[Any], Any]) -> Callable[[object], Any]:
    """Return a rule that parses a plain value now, and the value of an Output as soon as it is known.

    ``name`` is the name of the input in the error of an Output.
    """

    def parse_known(value: object) -> object:
        try:
            return parse(value)
        except ValueError as error:
            raise InvalidInputError(f'{name} = "{value}": {error}') from None

    return lambda raw: (
        cast("pulumi.Output[Any]", raw).apply(parse_known) if isinstance(raw, pulumi.Output) else parse(raw)
    )


def is_later(value: object) -> bool:
    """Return whether a value is an Output, or a list with one in it."""
    if isinstance(value, list | tuple):
        return any(map(is_later, cast("Iterable[object]", value)))
    return isinstance(value, pulumi.Output)
