"""Verdicts of a rule on a resource: pass, fail or undecidable.

Undecidable is a verdict of its own, because CrossGuard turns an unknown value into a silent pass at preview and a
failure in the middle of the update. Here a mandatory rule that cannot evaluate refuses the preview.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """The three outcomes of an evaluation, and the crash of a rule."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNDECIDABLE = "undecidable"
    CRASH = "crash"


@dataclass(frozen=True)
class Verdict:
    """One finding of a rule on one resource; ``reason`` and ``path`` never hold a value that could be secret."""

    outcome: Outcome
    path: str = ""
    reason: str = ""

    @property
    def message(self) -> str:
        """The sentence that a user reads: which property, and what is wrong with it."""
        if self.outcome is Outcome.UNDECIDABLE:
            return f"cannot be evaluated at preview: property {self.path} {self.reason}"
        return f"{self.path}: {self.reason}" if self.path else self.reason


PASS = Verdict(Outcome.PASS)


def fail(path: str, reason: str) -> Verdict:
    """Return the verdict that the property at ``path`` breaks the rule."""
    return Verdict(Outcome.FAIL, path, reason)


def undecidable(path: str, reason: str = "is unknown") -> Verdict:
    """Return the verdict that the preview can't decide the rule for the property at ``path``."""
    return Verdict(Outcome.UNDECIDABLE, path, reason)


class UndecidableError(Exception):
    """A rule needs a value that is unknown at preview."""

    def __init__(self, path: str, reason: str = "is unknown") -> None:
        """Store the property."""
        super().__init__(path)
        self.verdict = undecidable(path, reason)


class MalformedError(Exception):
    """A property has another type than its schema says, so the rule that reads it is broken."""

    def __init__(self, path: str, expected: str) -> None:
        """Store the property and its expected type."""
        super().__init__(path)
        self.verdict = fail(path, f"is not {expected}")


class StackNeededError(Exception):
    """A rule needs the origin of a value, which is known only with the whole stack."""
