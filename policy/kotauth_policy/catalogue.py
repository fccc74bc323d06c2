"""All rules: whatever the modules of `kotauth_policy.rules` define. Adding an area is adding a module there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from . import rules
from .rule import Rule


def all_rules() -> list[Rule]:
    """Return the rules by area, each in the order of its module; raise ``ValueError`` for a name that is taken."""
    found: dict[str, Rule] = {}
    for rule in _defined():
        # The SDK would take both, and the configuration would mean either.
        if rule.name in found:
            raise ValueError(f"two rules are named {rule.name}")
        found[rule.name] = rule
    return list(found.values())


def _defined() -> Iterator[Rule]:
    for entry in pkgutil.iter_modules(rules.__path__):
        module = importlib.import_module(f"{rules.__name__}.{entry.name}")
        yield from (value for value in vars(module).values() if isinstance(value, Rule))
