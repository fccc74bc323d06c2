"""Collects what is wrong with the values of one subject, and refuses them with every problem at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import pulumi

from .error import Flaw, InvalidInputError
from .wording import AN_OUTPUT

_START_SECONDS = 0.1
"""Longer than the SDK needs to start its server for hooks: a few turns of the event loop."""


class Problems:
    """The problems of ``subject``'s values, each under the name that the user gave to the value.

    ``subject`` is the type and the name of a component, such as `AwsDns identity`. ``named`` turns the name of a field
    into the user's, ``prefix`` stands before it in messages.
    """

    def __init__(
        self,
        subject: str,
        *,
        named: Callable[[str], str] = lambda key: key,
        prefix: str = "",
    ) -> None:
        """Begin without a problem."""
        self.args_type: Any = None
        """The ``TypedDict`` of the values: it says which names in a path are declared. None for a stack."""
        self._subject = subject
        self._secrets: set[str] = set()
        self._flaws: dict[str, Flaw] = {}
        self.named = named
        self.prefix = prefix

    def hide(self, names: Iterable[str]) -> None:
        """Show no value of these names, which are the user's."""
        self._secrets |= {*names}

    def add(self, name: str, value: object, rule: str, meant: str = "", example: object = None) -> None:
        """Note that the ``value`` of the user's ``name`` breaks ``rule``. The first problem of a name stays.

        In the rule, `{meant}` becomes the name that was ``meant``, and `{example}` the ``example`` of a value.
        """
        flaw = Flaw(
            path=name,
            value=AN_OUTPUT if is_later(value) else value,
            rule=rule,
            meant=meant,
            example=example,
            prefix=self.prefix,
            args_type=self.args_type,
            is_secret=value not in (None, "") and not self._secrets.isdisjoint((input_of(name), input_of(meant))),
        )
        self._flaws.setdefault(name, flaw)

    def check(self, name: str, value: Any, parse: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any value
        """Return the value parsed by this rule; note what is wrong with it."""
        try:
            return parse(value)
        except ValueError as error:
            self.add(name, value, str(error))

    def refuse(self) -> None:
        """Raise ``InvalidInputError`` with every problem, if there is one."""
        if self._flaws:
            raise InvalidInputError(self._subject, [*self._flaws.values()])

    @contextmanager
    def judging(self, name: str) -> Generator[None]:
        """Let `when_known` refuse the value of an Output under this ``name``, which is the user's."""
        token = _JUDGED.set((self, name))
        try:
            yield
        finally:
            _JUDGED.reset(token)

    def afterwards(self) -> Problems:
        """Return the problems of the same subject that are found later, without those of now."""
        problems = Problems(self._subject, named=self.named, prefix=self.prefix)
        problems.args_type = self.args_type
        problems.hide(self._secrets)
        return problems

    def later(self, name: str, value: Any, parse: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any value
        """Return the value of an Output parsed; raise ``InvalidInputError`` if it breaks the rule."""
        problems = self.afterwards()
        parsed = problems.check(name, value, parse)
        problems.refuse()
        return parsed


_JUDGED: ContextVar[tuple[Problems, str]] = ContextVar("judged")
"""The problems and the name of the input that is being parsed."""


def input_of(path: str) -> str:
    """Return the name of the input that a path such as `containers[0].memory` leads into."""
    return re.split(r"[.[]", path)[0]


def unless_later(parse: Callable[[object], object]) -> Callable[[object], object]:
    """Return a rule that leaves an Output as it is. Its value is parsed at update."""
    return lambda raw: raw if is_later(raw) else parse(raw)


def when_known(parse: Callable[[Any], Any]) -> Callable[[object], Any]:
    """Return a rule that parses a plain value now, and the value of an Output as soon as it is known."""

    def rule(raw: object) -> Any:  # noqa: ANN401 - any value
        if not isinstance(raw, pulumi.Output):
            return parse(raw)
        problems, name = _JUDGED.get()
        return judged(cast("pulumi.Output[Any]", raw), lambda value: problems.later(name, value, parse))

    return rule


def judged(output: pulumi.Output[Any], judge: Callable[[Any], object]) -> pulumi.Output[Any]:
    """Return what ``judge`` makes of the value as soon as it is known.

    A refusal waits a moment. After an error, Pulumi's SDK stops its server for hooks, and Python ends with a
    segmentation fault if the server hasn't started by then.
    """

    async def refuse(error: InvalidInputError) -> None:
        await asyncio.sleep(_START_SECONDS)
        raise error

    def judgement(value: Any) -> Any:  # noqa: ANN401 - any value
        try:
            return judge(value)
        except InvalidInputError as error:
            return refuse(error)

    return output.apply(judgement)


def is_later(value: object) -> bool:
    """Return whether a value is an Output, or a list with one in it."""
    if isinstance(value, list | tuple):
        return any(map(is_later, cast("Iterable[object]", value)))
    return isinstance(value, pulumi.Output)
