"""Checks a policy configuration, because the SDK accepts misspelled names and values.

The engine hands the configuration to the pack once, before any resource. Its only own checks are the names of levels
and the types of parameters; a rule's name with a typing error would silently configure nothing.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .rule import Level, Rule
from .waivers import KEEP_CURRENT

EVERY_RULE = "all"
"""The engine applies this entry to each rule, and then hands it on."""
_SHOWN_FAULTS = 20
_SHOWN_NAMES = 5


@dataclass(frozen=True)
class Entry:
    """The configured level and parameters of one rule."""

    level: str
    parameters: Mapping[str, Any]


_NOT_PRODUCTION = ("dev", "development", "test", "testing", "stag", "stage", "staging", "preview", "sandbox")
"""First words of a stack's name; `devices` is none of them."""


def is_production(stack: str, environment: str | None) -> bool:
    """Whether a stack is for production, by its name or else by its setting ``environment``.

    A staging stack runs its server in production mode, and may nevertheless do with one zone.
    """
    (word,) = re.findall(r"^[a-z]*", stack.lower())
    if word.startswith("prod"):
        return True
    return word not in _NOT_PRODUCTION and (environment or "").strip('"').lower() in ("prod", "production")


def faults(configuration: Mapping[str, Entry], rules: Sequence[Rule], *, production: bool) -> Iterator[str]:
    """Yield what is wrong with a configuration, naming the rule."""
    known = {rule.name: rule for rule in rules}
    every = configuration.get(EVERY_RULE)
    if every:
        yield from _faults_of_every(every, configuration, rules, production=production)
    for name, entry in sorted(configuration.items()):
        if name in known:
            if not every or entry.level != every.level:
                yield from (
                    f"{name}: {fault}" for fault in _level_faults(known[name], entry.level, production=production)
                )
            yield from _parameter_faults(known[name], entry.parameters, production=production)
        elif name == KEEP_CURRENT.name:
            yield f"{name}: is always mandatory, and has no parameter"
        elif name != EVERY_RULE:
            yield f"{name}: no rule has this name{did_you_mean(name, known)}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "did you mean" with the closest known name, empty if no name is close."""
    close = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {close[0]}?" if close else ""


def joined(faults: Sequence[str]) -> str:
    """Return the faults in one line, short enough for the header of an aborted gRPC call."""
    more = len(faults) - _SHOWN_FAULTS
    return "; ".join([*faults[:_SHOWN_FAULTS], *([f"and {more} more"] if more > 0 else [])])


def _faults_of_every(
    every: Entry, configuration: Mapping[str, Entry], rules: Sequence[Rule], *, production: bool
) -> Iterator[str]:
    """Yield each fault of the entry for all rules once, with the rules that it affects."""
    if every.parameters:
        yield f"{EVERY_RULE}: has no parameters, but {', '.join(sorted(every.parameters))} is given"
    names: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        if configuration.get(rule.name, every).level == every.level:
            for fault in _level_faults(rule, every.level, production=production):
                names[fault].append(rule.name)
    for fault, rule_names in names.items():
        some = ", ".join(rule_names[:_SHOWN_NAMES]) + (", …" if len(rule_names) > _SHOWN_NAMES else "")
        yield f"{EVERY_RULE}: {fault} ({len(rule_names)} rules: {some})"


def _level_faults(rule: Rule, level: str, *, production: bool) -> Iterator[str]:
    if level not in ("mandatory", "advisory", "disabled"):
        yield f"level {level} is not one of mandatory, advisory, disabled: this pack changes no resource"
    elif rule.level is Level.MANDATORY and level != "mandatory":
        if not rule.waivable:
            yield f"must stay mandatory in every environment, not {level}"
        elif production:
            yield f"must stay mandatory in production, not {level}"


def _parameter_faults(rule: Rule, parameters: Mapping[str, Any], *, production: bool) -> Iterator[str]:
    known = {parameter.name: parameter for parameter in rule.parameters}
    for name, value in sorted(parameters.items()):
        if name not in known:
            has = ", ".join(known) or "none"
            yield f"{rule.name}: has no parameter {name}, it has {has}"
        elif not known[name].kind.accepts(value):
            yield f"{rule.name}: parameter {name} must be of type {known[name].kind.value}"
        elif production and known[name].relaxes and value != known[name].default:
            yield f"{rule.name}: parameter {name} must keep its default in production, it relaxes the rule"
