"""All rules as a page of Markdown, docs/controls.md: for each area a table and what the table has no room for.

This is the one format that needs the rules themselves, and with them the engine's SDK.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from ..engine.rule import Level, Omitted, Parameter, ParameterValue, References, Rule

_RULES = "../policy/kotauth_policy/rules"
_SHORT = 60
"""Characters of a default that a table has room for."""

_INTRODUCTION = """\
# The rules of the policy pack

`make controls` writes this page from the rules.
A test fails where the page and the rules differ.
The pack has {total} rules: {mandatory} are mandatory, {advisory} are advisory, and {unwaivable} can't be waived.

The columns of the tables:

- **Level**: A violation of a *mandatory* rule refuses the preview.
  The preview shows a violation of an *advisory* rule, and continues.
  A value that is unknown at preview can't be evaluated and counts as a violation.
- **Hub**: Controls of AWS Security Hub.
- **Checkov**: Checks of Checkov: 6 is `CKV_AWS_6`, and 2:6 is `CKV2_AWS_6`.
- **CIS**: Sections of the CIS Docker Benchmark 1.6.
- **Item**: Items of Kotauth's production checklist.
- **Waiver**: *no* where no waiver is possible.
  Such a rule stays mandatory in every environment.
  A waiver that is expired or waives nothing violates the rule `keep-waivers-current`.
- **Parameters**: The values that an environment may set, with their defaults.
  A parameter with a \\* keeps its default in production.

The areas:

{areas}
- [what is no rule](#what-is-no-rule)
"""
_OMITTED = """
## What is no rule

The pack leaves out these controls of the same catalogues, for the reason given.
"""

_COLUMNS: dict[str, Callable[[Rule], str]] = {
    "Rule": lambda rule: f"[{rule.name}]({_RULES}/{_module(rule)}.py)",
    "Level": lambda rule: rule.level.value,
    "Severity": lambda rule: rule.severity.value,
    "Hub": lambda rule: ", ".join(rule.references.hub),
    "Checkov": lambda rule: _checkov(rule.references),
    "CIS": lambda rule: ", ".join(rule.references.cis),
    "Item": lambda rule: ", ".join(map(str, rule.references.checklist)),
    "Waiver": lambda rule: "" if rule.waivable else "no",
    "Parameters": lambda rule: ", ".join(map(_short, rule.parameters)),
}


def controls(rules: Sequence[Rule], omitted: Sequence[Omitted]) -> str:
    """Return the page."""
    areas = [(area, list(members)) for area, members in groupby(rules, lambda rule: rule.area)]
    introduction = _INTRODUCTION.format(
        total=len(rules),
        mandatory=sum(rule.level is Level.MANDATORY for rule in rules),
        advisory=sum(rule.level is Level.ADVISORY for rule in rules),
        unwaivable=sum(not rule.waivable for rule in rules),
        areas="\n".join(f"- [{area}](#{area})" for area, _ in areas),
    )
    return "".join(
        [
            introduction,
            *(_area(area, members) for area, members in areas),
            _OMITTED,
            "\n",
            *(
                f"- **{_escaped(control.control)}**{_sources(control)}.\n"
                f"  {_sentences(control.reason, '  ')}\n{_instead(control)}"
                for control in omitted
            ),
        ]
    )


def _area(area: str, rules: Sequence[Rule]) -> str:
    about = (sys.modules[rules[0].evaluate.__module__].__doc__ or "").partition("\n")[0]
    rows = [[make(rule) for make in _COLUMNS.values()] for rule in rules]
    return "\n".join(
        ["", f"## {area}", "", _escaped(about), "", *_table(list(_COLUMNS), rows), *map(_described, rules), ""]
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table without the columns that nothing is in."""
    kept = [at for at in range(len(heads)) if any(row[at] for row in rows)]
    yield _row(heads[at] for at in kept)
    yield _row("---" for _ in kept)
    yield from (_row(row[at] for at in kept) for row in rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _described(rule: Rule) -> str:
    documentation = rule.references.documentation
    lines = [f"### {rule.name}", _sentences(rule.description), f"**Remedy:** {_sentences(rule.remedy)}"]
    if documentation:
        lines.append(f"[Documentation]({documentation})")
    if rule.parameters:
        lines.append("\n".join(map(_parameter, rule.parameters)))
    return "".join(f"\n{block}\n" for block in lines).rstrip("\n")


def _parameter(parameter: Parameter) -> str:
    relaxed = " Production keeps the default." if parameter.relaxes else ""
    shown, values = f" Default: {_shown(parameter.default)}.", ""
    if isinstance(parameter.default, list) and len(shown) > _SHORT:
        shown, values = " The default has these values:", "".join(f"\n  - {_shown(one)}" for one in parameter.default)
    meaning = _sentences(f"{parameter.meaning}{relaxed}{shown}", "  ")
    return f"- `{parameter.name}` ({parameter.kind.value}): {meaning}{values}"


def _sentences(text: str, indent: str = "") -> str:
    """Return a text with one sentence on each line, as the linter of documents asks."""
    return re.sub(r"(?<=[.?!]) +(?=[A-Z0-9`\"*\[])", f"\n{indent}", _escaped(text))


def _short(parameter: Parameter) -> str:
    shown = _shown(parameter.default)
    if len(shown) > _SHORT and isinstance(parameter.default, list):
        shown = f"{len(parameter.default)} values"
    return f"`{parameter.name}`{' ' + chr(92) + '*' if parameter.relaxes else ''}: {shown}"


def _shown(value: ParameterValue | str | float) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`" if isinstance(value, str) else f"{value:g}"


def _module(rule: Rule) -> str:
    """Return the path of a rule's module below `rules`, without its ending."""
    return rule.evaluate.__module__.partition(".rules.")[2].replace(".", "/")


def _checkov(references: References) -> str:
    """Return the ids, shorter: `79`, and `2:41` for those that begin with CKV2."""
    return ", ".join(control_id.replace("CKV_AWS_", "").replace("CKV2_AWS_", "2:") for control_id in references.checkov)


def _sources(omitted: Omitted) -> str:
    references = omitted.references
    named = {
        "": [*references.hub, *references.checkov],
        "CIS ": list(references.cis),
        "item ": [str(item) for item in references.checklist],
    }
    sources = [f"{name}{', '.join(ids)}" for name, ids in named.items() if ids]
    return f" ({'; '.join(sources)})" if sources else ""


def _instead(omitted: Omitted) -> str:
    return f"  Instead: {', '.join(omitted.instead)}.\n" if omitted.instead else ""


def _escaped(text: str) -> str:
    """Return a text with stars and brackets escaped for Markdown, except in code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([*<\[])", r"\\\1", part) for part in parts)
