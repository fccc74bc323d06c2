"""Waivers: which resource may break which rule, why, who answers for it, and until when.

The first entry of the file that fits excuses a violation, so an entry behind a wider one is unused, and says so.
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
"""What a waiver breaks itself. It is not in the catalogue, so that no configuration has a level for it."""
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
    """Where the file has it, from 1."""

    def is_about(self, stack: str, project: str) -> bool:
        """Whether the pattern names this stack, whatever the resource."""
        return all(pattern.match(name) for pattern, name in zip(self._place, (stack, project), strict=True))

    def matches(self, urn: str) -> bool:
        """Whether the pattern names this resource."""
        return self._pattern.match(urn) is not None

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
        """Those that waive nothing any more, each with its fault."""
        self._here = [waiver for waiver in waivers if waiver.is_about(stack, project)]
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
