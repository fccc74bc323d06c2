"""What the pack has to find in changed programs: a table for each area of rules, `TABLE` of the module of its name."""

from __future__ import annotations

import importlib

from policy.kotauth_policy.catalogue import all_rules

from ..mutation import Case, Impossible

AREAS = tuple(dict.fromkeys(rule.area for rule in all_rules()))


def table(area: str) -> list[Case | Impossible]:
    """Return the rows of an area."""
    found: list[Case | Impossible] = importlib.import_module(f".{area.replace('-', '_')}", __name__).TABLE
    return found


def of_rule(name: str) -> list[Case | Impossible]:
    """Return the states and the spellings of a rule."""
    (area,) = [rule.area for rule in all_rules() if rule.name == name]
    return [entry for entry in table(area) if entry.rule == name]
