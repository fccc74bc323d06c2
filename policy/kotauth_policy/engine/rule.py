"""Defines rules (data and one function each) and areas (a module of rules in `kotauth_policy.rules`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NotRequired, TypedDict, Union, cast

from typing_extensions import Unpack

from .resource import Resource
from .verdict import Verdict

ParameterValue = Union[bool, float, str, "list[str]", "list[float]"]


class Level(Enum):
    """The effect of a violation: refuse the preview, or only report it."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"


class Severity(Enum):
    """The severity of a violation."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Kind(Enum):
    """The type of a parameter, as JSON schema."""

    FLAG = "boolean"
    NUMBER = "number"
    TEXT = "string"
    TEXTS = "array of string"
    NUMBERS = "array of number"

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema that the engine checks a configuration with."""
        outer, _, inner = self.value.partition(" of ")
        return {"type": outer, "items": {"type": inner}} if inner else {"type": outer}

    def accepts(self, value: object) -> bool:
        """Whether a configured value is of this type."""
        if self in (Kind.TEXTS, Kind.NUMBERS):
            element = Kind.TEXT if self is Kind.TEXTS else Kind.NUMBER
            return isinstance(value, list) and all(map(element.accepts, cast("list[object]", value)))
        if self is Kind.NUMBER:
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        return isinstance(value, bool if self is Kind.FLAG else str)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a rule that an environment may set; the default is the value for production."""

    name: str
    kind: Kind
    default: ParameterValue
    meaning: str
    relaxes: bool = False
    """Whether another value than the default is only for environments that are not production."""


@dataclass(frozen=True)
class References:
    """The catalogues and documents that require a rule."""

    cis: tuple[str, ...] = ()
    """Sections of the CIS Docker Benchmark 1.6."""
    checklist: tuple[int, ...] = ()
    """Rows of Kotauth's production checklist, as the table in README.md counts them."""
    hub: tuple[str, ...] = ()
    """AWS Security Hub controls."""
    checkov: tuple[str, ...] = ()
    """Checkov ids."""
    documentation: str = ""
    """Address of the page that says so, where no catalogue does."""


@dataclass(frozen=True)
class Omitted:
    """A control for which the pack has no rule."""

    control: str
    reason: str
    references: References = References()
    instead: tuple[str, ...] = ()
    """Rules that keep what it is for."""


class Settings:
    """The values of a rule's parameters: configured values replace the defaults."""

    def __init__(self, parameters: tuple[Parameter, ...], configured: Mapping[str, Any]) -> None:
        """Replace the defaults with the configured values."""
        self._values: dict[str, Any] = {p.name: configured.get(p.name, p.default) for p in parameters}

    def flag(self, name: str) -> bool:
        """Return a boolean."""
        return bool(self._values[name])

    def number(self, name: str) -> float:
        """Return a number."""
        return float(self._values[name])

    def text(self, name: str) -> str:
        """Return a string."""
        return str(self._values[name])

    def texts(self, name: str) -> list[str]:
        """Return a list of strings."""
        return [str(value) for value in self._values[name]]

    def numbers(self, name: str) -> list[float]:
        """Return a list of numbers."""
        return [float(value) for value in self._values[name]]


Evaluate = Callable[[Resource, Settings], Iterator[Verdict]]


def _always(_: Resource) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule."""

    name: str
    """The name in configurations, waivers and reports: verb first, kebab case."""
    area: str
    severity: Severity
    description: str
    """One imperative sentence that a reader understands without the docstring."""
    remedy: str
    """What to change in the program: up to three imperative sentences with property names."""
    types: tuple[str, ...]
    """Type tokens of the resources that it evaluates."""
    evaluate: Evaluate
    """Yields what is wrong with a resource; nothing for a pass."""
    level: Level = Level.MANDATORY
    when: Callable[[Resource], bool] = _always
    """Which resources of these types it evaluates."""
    nested: bool = True
    """Whether it evaluates what readers find inside other resources, too, such as the containers that a host starts."""
    references: References = References()
    parameters: tuple[Parameter, ...] = ()
    waivable: bool = True
    """Whether an environment may ever do without it."""


class _RuleData(TypedDict):
    remedy: str
    types: tuple[str, ...]
    level: NotRequired[Level]
    when: NotRequired[Callable[[Resource], bool]]
    nested: NotRequired[bool]
    references: NotRequired[References]
    parameters: NotRequired[tuple[Parameter, ...]]
    waivable: NotRequired[bool]


@dataclass(frozen=True)
class Area:
    """Creates the rules of one module: `@AREA.rule(…)` turns a function into a `Rule`."""

    name: str

    def rule(
        self, name: str, severity: Severity, description: str, **data: Unpack[_RuleData]
    ) -> Callable[[Evaluate], Rule]:
        """Return the decorator that creates a rule, mandatory by default."""

        def decorate(evaluate: Evaluate) -> Rule:
            return Rule(
                name=name, area=self.name, severity=severity, description=description, evaluate=evaluate, **data
            )

        return decorate
