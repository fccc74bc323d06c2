"""Packs the violations of many rules into few programs, for previews on the real engine, which take seconds each.

Two changes share a program where together they are found as each by itself: tried under mocks, not assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import aws_program
from .change import Change
from .mutation import Case, Found, cases
from .program import build, compliant
from .rows import of_rule
from .wire import RULES, analyze, register


@dataclass(frozen=True)
class Batch:
    """A program that breaks several rules, each once."""

    rules: tuple[str, ...]
    changes: tuple[Change, ...]
    expected: Found


def known(rule: str) -> Case:
    """Return the one change that triggers exactly this rule."""
    return next(
        entry
        for entry in cases(of_rule(rule))
        if entry.state == "known" and {violation.partition("@")[0] for violation in entry.expected} == {rule}
    )


def program(*rules: str, on_aws: bool = False) -> Callable[[], None]:
    """Return the program that breaks these rules, the compliant one for none."""
    found = [known(rule) for rule in rules]
    of = found[0].of if found else aws_program.compliant if on_aws else compliant
    return build(*(change for case in found for change in case.changes), of=of)


def areas_on_aws() -> list[Batch]:
    """Return, for each area whose rules are about AWS, the program that breaks its first rule."""
    first = {rule.area: known(rule.name) for rule in reversed(RULES)}
    return [Batch((case.rule,), case.changes, case.expected) for case in first.values() if case.of is not compliant]


def batches(rules: list[str]) -> list[Batch]:
    """Return programs that together break all of these rules about containers."""
    found: list[Batch] = []
    for rule in rules:
        case = known(rule)
        if case.of is not compliant:
            continue
        for place, batch in enumerate(found):
            both = Batch((*batch.rules, rule), (*batch.changes, *case.changes), batch.expected | case.expected)
            if _holds(both):
                found[place] = both
                break
        else:
            found.append(Batch((rule,), case.changes, case.expected))
    return found


def _holds(batch: Batch) -> bool:
    violations = analyze(register(build(*batch.changes)))
    return {f"{violation.rule}@{violation.resource}" for violation in violations} == batch.expected
