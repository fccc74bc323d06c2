"""The mutation matrix: what one change of the compliant program makes of the verdicts.

A row changes one property to a value that breaks its rule, and says for the same property what the pack has to find
when the value is marked secret, unknown at preview, or left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from policy.testing.aws_program import compliant as aws_compliant
from policy.testing.change import ABSENT, UNKNOWN, Change, Secret, put
from policy.testing.docker_program import build, compliant
from policy.testing.wire import Violation, analyze, register

from . import changed

Found = frozenset[str]


def found(*violations: str) -> Found:
    """Return a set of `rule@resource`."""
    return frozenset(violations)


NOTHING = found()
CAUGHT, PASSED = "caught", "passed"
"""States of a spelling: one that the rule must catch, and a look-alike that it must let pass."""


@dataclass(frozen=True)
class Impossible:
    """A state that has no row, and why."""

    why: str
    rule: str = ""
    state: str = ""


REQUIRED = Impossible("the SDK refuses a program without this property")


@dataclass(frozen=True)
class Case:
    """One changed program and what the pack has to find in it."""

    name: str
    changes: tuple[Change, ...]
    expected: Found
    outputs: dict[str, dict[str, object]] | None = None
    """Outputs of an earlier update; by default there was none."""
    rule: str = ""
    """The rule whose matrix row this is; empty for one more case."""
    state: str = ""
    of: Callable[[], Any] = compliant
    """The program that is changed."""

    def __str__(self) -> str:
        return self.name

    def check(self) -> list[Violation]:
        if self.outputs is None:
            violations = changed.compliant(self.of).violations(self.changes)
        else:
            violations = analyze(register(build(*self.changes, of=self.of), self.outputs))
        crashes = [violation for violation in violations if "crashed" in violation.message]
        assert not crashes, f"a rule crashed: {crashes}"
        seen = {f"{violation.rule}@{violation.resource}": violation.message for violation in violations}
        missing, unexpected = self.expected - set(seen), {key: seen[key] for key in set(seen) - self.expected}
        assert not missing, f"missing: {sorted(missing)}, unexpected: {unexpected}"
        assert not unexpected, f"unexpected: {unexpected}"
        return violations


@dataclass(frozen=True)
class Row:
    """One property that a rule reads, in the four states that it can have."""

    rule: str
    at: str
    """Resource that the violation is reported on."""
    path: str
    """`resource/property`, see `change.put`."""
    bad: object
    """The value that breaks the rule and no other."""
    secret: Found | Impossible | None = None
    """What is found when the bad value is marked secret; by default the same."""
    unknown: Found | Impossible | None = None
    absent: Found | Impossible | None = None
    setup: tuple[Change, ...] = field(default=())
    """Changes that make no violation by themselves."""
    of: Callable[[], Any] = compliant
    """The program that is changed."""

    def states(self) -> Iterator[Case | Impossible]:
        exactly = found(f"{self.rule}@{self.at}")
        resource, _, path = self.path.partition("/")
        for state, value, expected in (
            ("known", self.bad, exactly),
            ("secret", Secret(self.bad), self.secret),
            ("unknown", UNKNOWN, self.unknown),
            ("absent", ABSENT, self.absent),
        ):
            if isinstance(expected, Impossible):
                yield replace(expected, rule=self.rule, state=state)
                continue
            wanted = exactly if expected is None else expected
            changes = (*self.setup, put(resource, path, value))
            yield Case(f"{self.rule}-{path}-{state}", changes, wanted, rule=self.rule, state=state, of=self.of)


def state(
    rule: str,
    name: str,
    changes: tuple[Change, ...],
    expected: Found,
    outputs: dict[str, dict[str, object]] | None = None,
    *,
    of: Callable[[], Any] = compliant,
) -> Case:
    """Return one state of a rule that no single property decides."""
    return Case(f"{rule}-{name}", changes, expected, outputs, rule, name, of)


def spelled(
    rule: str,
    at: str,
    change: Callable[[Any], Change],
    *,
    caught: Iterable[object],
    passed: Iterable[object],
    of: Callable[[], Any] = compliant,
) -> list[Case]:
    """Return a case for each spelling that a rule must catch on the resource ``at``, and for each look-alike."""
    return [
        Case(f"{rule}-{state}-{value}", (change(value),), expected, rule=rule, state=state, of=of)
        for state, values, expected in ((CAUGHT, caught, found(f"{rule}@{at}")), (PASSED, passed, NOTHING))
        for value in values
    ]


def table(*rows: Row | Case | Impossible) -> list[Case | Impossible]:
    """Return the rows of an area, each state by itself."""
    return [entry for row in rows for entry in (row.states() if isinstance(row, Row) else [row])]


def on_aws(*rows: Row | Case | Impossible) -> list[Case | Impossible]:
    """Return the rows of an area whose program is the stack on AWS."""
    return table(*(row if isinstance(row, Impossible) else replace(row, of=aws_compliant) for row in rows))


def cases(entries: list[Case | Impossible]) -> list[Case]:
    """Return what can be run of a table."""
    return [entry for entry in entries if isinstance(entry, Case)]
