"""The report as a table for a terminal: every rule, then what was found, then the waivers."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator

from ..engine.report_form import KEEP_CURRENT
from .document import Document, RuleReport, Waiver, excuse, one_line, said, verdict

_WORDS = {"pass": "passed", "undecidable": "undecidable", "fail": "violated", "crash": "crashed", "waived": "waived"}
_COLUMNS = 120


def table(document: Document) -> str:
    """Return a line for each evaluated rule, the names of the other rules, and all findings."""
    verdicts = _verdicts(document)
    evaluated = [rule for rule in document["rules"] if verdicts[rule["rule"]] in _WORDS]
    width = max((len(rule["rule"]) for rule in evaluated), default=0)
    idle, off = (
        [name for name, state_of_rule in verdicts.items() if state_of_rule == state] for state in ("idle", "disabled")
    )
    lines = [
        _totals(document),
        *(f"  {rule['rule']:{width}}  {rule['level']:9}  {_counts(rule)}" for rule in evaluated),
        *_names("nothing to evaluate", idle or ["none"]),
        *(_names("switched off", off) if off else []),
    ]
    return "\n".join(["", *lines, *_found(document)]) + "\n"


def findings(document: Document) -> str:
    """Return one line of counts, then the findings of all rules and the waivers."""
    return "\n".join(["", _totals(document), *_found(document)]) + "\n"


def _verdicts(document: Document) -> dict[str, str]:
    return {rule["rule"]: verdict(rule) for rule in document["rules"]}


def _names(state: str, rules: list[str]) -> list[str]:
    text = f"{state}: {', '.join(rules)}"
    return textwrap.wrap(text, _COLUMNS, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _totals(document: Document) -> str:
    verdicts = _verdicts(document)
    counts = Counter(verdicts.values())
    totals = ", ".join(f"{counts[outcome]} {word}" for outcome, word in _WORDS.items())
    off = f", {counts['disabled']} switched off" if counts["disabled"] else ""
    faulty = sum(bool(waiver["fault"]) for waiver in document["waivers"])
    waivers = f"; {faulty} waiver{'s are' if faulty > 1 else ' is'} expired or unused" if faulty else ""
    return f"Policy rules: {len(verdicts)}, of which {totals}, {counts['idle']} with nothing to evaluate{off}{waivers}"


def _found(document: Document) -> Iterator[str]:
    for rule in document["rules"]:
        yield from _findings(rule)
    yield from _waivers(document["waivers"])


def _counts(rule: RuleReport) -> str:
    resources = {outcome: {f["urn"] for f in rule["findings"] if f["outcome"] == outcome} for outcome in _WORDS}
    counts = {outcome: len(urns) for outcome, urns in resources.items()} | {"pass": rule["passed"]}
    return ", ".join(f"{word} {counts[outcome]}" for outcome, word in _WORDS.items() if counts[outcome])


def _findings(rule: RuleReport) -> Iterator[str]:
    if not rule["findings"]:
        return
    yield from ("", f"{rule['rule']} ({rule['level']}, {rule['severity']}): {rule['sentence']}")
    above = ""
    for finding in rule["findings"]:
        if finding["urn"] != above:
            yield f"  {one_line(finding['urn'])}"
        above = finding["urn"]
        yield f"    {_WORDS[finding['outcome']]}: {said(finding)}"
    yield f"  {rule['remedy']}"


def _waivers(waivers: list[Waiver]) -> Iterator[str]:
    if waivers:
        yield from ("", f"Waivers ({KEEP_CURRENT}):")
    for waiver in waivers:
        state = f"used {waiver['used']}" if waiver["used"] else "unused"
        fault = f"{one_line(waiver['fault'])}, " if waiver["fault"] else ""
        yield f"  {waiver['rule']} at {one_line(waiver['urn'])}: {fault}{state}, {excuse(waiver)}"
