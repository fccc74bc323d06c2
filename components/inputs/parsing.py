"""Parses raw values into a frozen dataclass, or refuses them with every problem at once.

There is no way to a value before all of them are valid. What a dataclass looks like stands in `declaration.py`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar, cast

import pulumi

from .declaration import Problem, Required, Section, Value, checks, declared_fields, declared_values, secret_names
from .problems import Problems, input_of, is_later, judged
from .shape import EARLY, IN_QUOTATION_MARKS, Misfit, misfits, settled, unknown_names, watched
from .wording import AN_OUTPUT

T = TypeVar("T")

_NAME = "name"


def parse_args(declared: type[T], args_type: type[Any], name: str, args: Mapping[str, Any]) -> T:
    """Parse the inputs of the component ``name``; ``args_type`` is its ``TypedDict``, such as `AwsDnsArgs`.

    The ``TypedDict`` alone says which names there are, which of them are required, and which kinds their values have,
    in the dicts inside the inputs too.

    Raises:
        InvalidInputError: With every problem.
    """
    problems = Problems(f"{args_type.__name__.removesuffix('Args')} {name}")
    problems.args_type = args_type
    problems.hide(secret_names(declared))
    args = settled(args)
    found = [*misfits(args_type, args, parsed=_names_with_rules(declared))]
    refused = _noted(problems, found)
    return _parsed(_Parser(problems, _watched(args, problems), name, refused=refused), declared)


def parse(
    declared: type[T],
    values: Mapping[str, object],
    problems: Problems,
    also_known: Iterable[str] = (),
    args_type: type[Any] | None = None,
) -> T:
    """Parse ``values``, which lie under the user's names. Names other than the fields' and ``also_known`` are refused.

    ``args_type`` is the ``TypedDict`` that says which kinds the values have, and where an Output may be. A stack has
    none, because all its values are texts.

    Raises:
        InvalidInputError: With every problem, those that ``problems`` holds already included.
    """
    problems.hide(map(problems.named, secret_names(declared)))
    problems.args_type = args_type
    values = settled(values)
    found = misfits(args_type, values, parsed=_names_with_rules(declared))
    refused = _noted(problems, [misfit for misfit in found if not misfit.is_readable])
    parser = _Parser(problems, values, refused=refused)
    known = {problems.named(name) for name in (*declared_values(declared), *also_known)}
    return _parsed(parser, declared, then=lambda: parser.refuse_unknown(known))


def parse_some(declared: type[Any], names: Collection[str], values: Mapping[str, object], problems: Problems) -> Any:  # noqa: ANN401
    """Return only those fields of a dataclass that have these names, by name. No field is checked beside another.

    Raises:
        InvalidInputError: With every problem.
    """
    draft = _Parser(problems, values).draft(declared, names)
    problems.refuse()
    return draft


def parse_one(declared: type[Any], name: str, values: Mapping[str, object], problems: Problems) -> Any:  # noqa: ANN401
    """Return one field of a dataclass parsed, or its default where the value is bad; that is noted."""
    draft = _Parser(problems, values).draft(declared, [name])
    return getattr(draft, name, declared_values(declared)[name].default)


def _names_with_rules(declared: type[Any]) -> set[str]:
    return {name for name, entry in declared_values(declared).items() if entry.rule or entry.rule_from}


def watched_outputs(args: T, args_type: type[T], subject: str) -> T:
    """Return the ``settled`` inputs of ``subject``. A value of another kind in an Output is refused once it is known.

    None is not given.
    """
    problems = Problems(subject)
    problems.args_type = args_type
    return cast("T", _watched(settled(args), problems))


def _watched(values: object, problems: Problems) -> Any:  # noqa: ANN401 - inputs of any component
    def checked(kind: Any, known: object, path: str) -> object:  # noqa: ANN401 - any type
        later = problems.afterwards()
        for misfit in misfits(kind, settled(known), path):
            if known is not None and not misfit.is_readable:
                # Not the value: it may be that of a secret Output.
                rule = misfit.rule.replace(IN_QUOTATION_MARKS, "turn it into a text")
                later.add(misfit.path, AN_OUTPUT, rule, example=misfit.example)
        later.refuse()
        return known

    def check(kind: Any, output: pulumi.Output[object], path: str) -> object:  # noqa: ANN401 - any type
        return judged(output, lambda known: checked(kind, known, path))

    return watched(problems.args_type, values, check)


def _noted(problems: Problems, found: Iterable[Misfit]) -> set[str]:
    """Note the misfits; return the names of the inputs that no rule can read."""
    unreadable: set[str] = set()
    for misfit in found:
        problems.add(misfit.path or "args", misfit.value, misfit.rule, misfit.meant, misfit.example)
        if not misfit.path:
            problems.refuse()  # Without names, there is nothing else to check.
        if not misfit.is_readable:
            unreadable.add(input_of(misfit.path))
    return unreadable


def _parsed(parser: _Parser, declared: type[T], then: Callable[[], None] = lambda: None) -> T:
    draft = parser.draft(declared)
    parser.check_together()
    then()
    parser.problems.refuse()
    return draft


class _Parser:
    """Makes a draft, which has no field for a bad value without a default. Without a problem it is the result."""

    def __init__(
        self,
        problems: Problems,
        values: Mapping[str, object],
        own_name: str = "",
        refused: Collection[str] = (),
    ) -> None:
        self.problems = problems
        self._refused = refused
        self._values = values
        self._own_name = own_name
        self._drafts: list[Any] = []
        self._bad: set[str] = set()
        self._names: set[str] = set()

    def draft(self, declared: type[T], names: Collection[str] | None = None) -> T:
        """Return an instance with all fields that have a value, only those of these ``names`` if they are given."""
        draft = object.__new__(declared)
        self._drafts.append(draft)
        for name, entry in declared_fields(declared).items():
            if isinstance(entry, Section):
                object.__setattr__(draft, name, self.draft(entry.declared, names))
            elif names is None or name in names:
                self._names.add(name)
                self._set(draft, name, entry)
        return draft

    def check_together(self) -> None:
        """Note what is wrong with the values beside each other."""
        for draft in self._drafts:
            for check in checks(cast("type[Any]", type(draft))):
                self._unless_bad(lambda check=check, draft=draft: self._check(check, draft))

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Note the names that are not known."""
        for misfit in unknown_names(self._values, known):
            self.problems.add(misfit.path, misfit.value, misfit.rule, misfit.meant)

    def _set(self, draft: object, name: str, entry: Value) -> None:
        user_name = _NAME if entry.is_own_name else self.problems.named(name)
        raw = self._own_name if entry.is_own_name else self._values.get(user_name)
        self._bad.add(name)
        if user_name in self._refused:
            return
        if raw is None or raw == "":
            if entry.default is Required and not entry.default_from:
                self.problems.add(user_name, "" if raw is None else raw, "is required")
            self._put_default(draft, name, entry)
            return
        try:
            with self.problems.judging(user_name):
                self._unless_bad(lambda: self._put(draft, name, self._parsed(draft, entry, raw)))
        except ValueError as error:
            self.problems.add(user_name, raw, EARLY if is_later(raw) else str(error))

    @staticmethod
    def _parsed(draft: object, entry: Value, raw: object) -> Any:  # noqa: ANN401 - any value
        try:
            rule = entry.rule_from(draft) if entry.rule_from else entry.rule
        except AttributeError:
            # Another field has no value: this one is judged by what holds for each value of that field.
            if entry.rule:
                entry.rule(raw)
            raise
        return rule(raw) if rule else raw

    def _put_default(self, draft: object, name: str, entry: Value) -> None:
        if entry.default_from:
            derive = entry.default_from
            self._unless_bad(lambda: self._put(draft, name, derive(draft)))
        elif entry.default is not Required:
            self._put(draft, name, copy.copy(entry.default))

    def _put(self, draft: object, name: str, value: object) -> None:
        object.__setattr__(draft, name, value)
        self._bad.discard(name)

    def _check(self, check: Callable[[Any], Iterable[Problem]], draft: object) -> None:
        for field, value, rule in check(draft):
            named_rule = re.sub(r"\{(\w+)\}", self._shown_name, rule)
            self.problems.add(self.problems.named(field), value, named_rule)

    def _shown_name(self, placeholder: re.Match[str]) -> str:
        name = placeholder[1]
        return self.problems.prefix + self.problems.named(name) if name in self._names else placeholder[0]

    def _unless_bad(self, step: Callable[[], None]) -> None:
        """Take a step that ends silently where it reads a field of a draft that has no value."""
        try:
            step()
        except AttributeError as error:
            if error.name not in self._bad or all(error.obj is not draft for draft in self._drafts):
                raise
