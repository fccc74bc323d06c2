"""Evaluates one rule on one resource, and turns each result or exception into a verdict."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .resource import Reader, Readers, Resource
from .rule import Rule, Settings
from .verdict import PASS, MalformedError, Outcome, StackNeededError, UndecidableError, Verdict


def evaluated_types(rule: Rule, readers: Readers) -> frozenset[str]:
    """Return the types of the resources that a rule is evaluated on, also for what readers find inside them."""
    return frozenset((*rule.types, *(token for reader in _readers_of(rule, readers) for token in reader.inside)))


def evaluate(rule: Rule, resource: Resource, settings: Settings, readers: Readers) -> list[Verdict]:
    """Return the failures or a pass for a resource; return nothing if the rule does not apply to it.

    Raises ``StackNeededError`` where only the whole stack can tell.
    """
    verdicts: list[Verdict] = []
    is_meant = False
    try:
        for subject, place in _subjects(rule, resource, readers):
            try:
                if not rule.when(subject):
                    continue
                is_meant = True
                verdicts.extend(_placed(verdict, place) for verdict in rule.evaluate(subject, settings))
            except (UndecidableError, MalformedError) as stop:
                verdicts.append(_placed(stop.verdict, place))
    except StackNeededError:
        raise
    except Exception as crash:  # whatever a rule does, it must not pass by crashing
        verdicts.append(_crash(crash))
    return verdicts or ([PASS] if is_meant else [])


def _readers_of(rule: Rule, readers: Readers) -> list[Reader]:
    return [reader for reader in readers.nested if rule.nested and reader.finds in rule.types]


def _subjects(rule: Rule, resource: Resource, readers: Readers) -> Iterator[tuple[Resource, str]]:
    """Yield the resource itself, or the resources that readers find inside it, each with its path."""
    if resource.type in rule.types:
        yield resource, ""
    for reader in _readers_of(rule, readers):
        if resource.type in reader.inside:
            for nested in resource.in_stack().read(reader, resource):
                # The resource is named anyway; which part of it is meant, only this says.
                yield nested, f"{reader.property}[{nested.name}]"


def _placed(verdict: Verdict, place: str) -> Verdict:
    return replace(verdict, path=".".join(filter(None, (place, verdict.path)))) if place else verdict


def _crash(crash: Exception) -> Verdict:
    # The exception's own text could quote a property; its type and place can't.
    frame = traceback.extract_tb(crash.__traceback__)[-1]
    return Verdict(Outcome.CRASH, "", f"{type(crash).__name__} in {Path(frame.filename).name} line {frame.lineno}")
