"""Waivers: which resource may break which rule, why, who answers for it, and until when.

The first entry of the file that fits excuses a violation, so an entry behind a wider one is unused, and says so.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from . import report_form
from .clock import today
from .rule import Rule, Severity
from .verdict import Outcome, Verdict

KEEP_CURRENT = Rule(
    name=report_form.KEEP_CURRENT,
    area="waivers",
    severity=Severity.HIGH,
    description=report_form.KEEP_CURRENT_DESCRIPTION,
    remedy=report_form.KEEP_CURRENT_REMEDY,
    types=(),
    evaluate=lambda _resource, _settings: iter(()),
    waivable=False,
)
"""Rule about the waivers themselves. It is not in the catalogue, so that no configuration has a level for it."""
URN = re.compile(r"urn:pulumi:(?P<stack>.+?)::(?P<project>.+?)::.+", re.DOTALL)
"""A URN, or a pattern over URNs: the same two parts name stack and project."""


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One entry of the file."""

    rule: str
    urn: str
    """Pattern over a whole URN, as of `fnmatch`, case-sensitive."""
    reason: str
    owner: str
    expires: date
    """The last day that counts, in UTC."""
    line: int
    """Line in the file, from 1."""

    def is_about(self, stack: str, project: str) -> bool:
        """Whether the pattern names this stack, whatever the resource."""
        return all(pattern.match(name) for pattern, name in zip(self._place, (stack, project), strict=True))

    def matches(self, urn: str) -> bool:
        """Whether the pattern names this resource."""
        return self._pattern.match(urn) is not None

    def in_project(self, project: str) -> Waiver:
        """Return the waiver with another project in its pattern."""
        place = URN.fullmatch(self.urn)
        start, end = place.span("project") if place else (0, 0)
        return replace(self, urn=f"{self.urn[:start]}{project}{self.urn[end:]}")

    @property
    def project(self) -> str:
        """The project in the pattern, itself a pattern."""
        place = URN.fullmatch(self.urn)
        return place["project"] if place else ""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(fnmatch.translate(self.urn))

    @cached_property
    def _place(self) -> list[re.Pattern[str]]:
        place = URN.fullmatch(self.urn)
        return [re.compile(fnmatch.translate(part)) for part in place.groups()] if place else []


class Waivers:
    """The waivers about one stack, on one day."""

    def __init__(self, waivers: Sequence[Waiver], stack: str, project: str) -> None:
        """Keep the waivers whose pattern names the stack."""
        day = today()
        self.expired: dict[Waiver, str] = {}
        """Waivers that have expired, each with its fault."""
        self._project = project
        self._here = [waiver for waiver in waivers if waiver.is_about(stack, project)]
        self._elsewhere = [waiver for waiver in waivers if waiver not in self._here and waiver.expires >= day]
        self._valid: dict[str, list[Waiver]] = defaultdict(list)
        for waiver in self._here:
            if waiver.expires < day:
                self.expired[waiver] = f"expired on {waiver.expires}"
            else:
                self._valid[waiver.rule].append(waiver)

    def find(self, rule: str, urn: str, verdict: Verdict) -> Waiver | None:
        """Return the waiver that excuses a verdict; no waiver excuses a crash."""
        if verdict.outcome not in (Outcome.FAIL, Outcome.UNDECIDABLE):
            return None
        return next((waiver for waiver in self._valid.get(rule, ()) if waiver.matches(urn)), None)

    def faults(self, uses: Mapping[Waiver, int]) -> dict[Waiver, str]:
        """Return the fault of each waiver, empty if it has none, after the waived findings are counted."""
        unused = "matches no violation of the rule in this stack, or only violations that an earlier waiver matches"
        return {waiver: self.expired.get(waiver) or ("" if uses.get(waiver) else unused) for waiver in self._here}

    def misplaced(self, violations: Iterable[tuple[str, str]]) -> dict[Waiver, str]:
        """Return the fault of each waiver that excuses none of these rules and URNs only because of its project."""
        broken = list(violations)
        project = json.dumps(self._project)
        return {
            waiver: f"names the project {json.dumps(waiver.project)}, but the project of this stack is {project}"
            for waiver in self._elsewhere
            if any(rule == waiver.rule and waiver.in_project(self._project).matches(urn) for rule, urn in broken)
        }

    def remedy(self, waiver: Waiver) -> str:
        """Return what to do about the fault of a waiver."""
        if waiver in self.expired:
            return report_form.EXPIRED_REMEDY
        return report_form.UNUSED_REMEDY if waiver in self._here else report_form.PROJECT_REMEDY
