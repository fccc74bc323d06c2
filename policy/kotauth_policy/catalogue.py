"""The rules and readers of the pack: all that the modules of `kotauth_policy.rules` and `.readers` define.

Adding a module to one of the two folders adds its rules or its readers.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar

from . import readers, rules
from .engine.resource import Naming, Reader, Readers
from .engine.rule import Rule

T = TypeVar("T")


def all_rules() -> list[Rule]:
    """Return the rules by area, each in the order of its module; raise ``ValueError`` for a name that is taken."""
    rules_by_name: dict[str, Rule] = {}
    for rule in _defined(rules, Rule):
        # The SDK would take both, and the configuration would mean either.
        if rule.name in rules_by_name:
            raise ValueError(f"two rules are named {rule.name}")
        rules_by_name[rule.name] = rule
    return list(rules_by_name.values())


def all_readers() -> Readers:
    """Return all readers that the modules of `kotauth_policy.readers` register."""
    return Readers(tuple(dict.fromkeys(_defined(readers, Reader))), tuple(dict.fromkeys(_defined(readers, Naming))))


def _defined(package: ModuleType, kind: type[T]) -> Iterator[T]:
    """Yield the values of a type that the modules of a package define."""
    for entry in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(entry.name)
        yield from (value for value in vars(module).values() if isinstance(value, kind))
