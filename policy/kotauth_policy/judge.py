"""Runs one rule on one resource, so that every way out of a rule is a verdict."""

from __future__ import annotations

import traceback
from pathlib import Path

from .resource import Resource
from .rule import Rule, Settings
from .verdict import PASS, MalformedError, Outcome, StackNeededError, UndecidableError, Verdict


def judge(rule: Rule, resource: Resource, settings: Settings) -> list[Verdict]:
    """Return one verdict or more: what is wrong with the resource, or that it passes.

    Raises ``StackNeededError`` where only the whole stack can tell.
    """
    verdicts: list[Verdict] = []
    try:
        if resource.type in rule.types and rule.when(resource):
            verdicts.extend(rule.judge(resource, settings))
    except (UndecidableError, MalformedError) as stop:
        verdicts.append(stop.verdict)
    except StackNeededError:
        raise
    except Exception as crash:  # whatever a rule does, it must not pass by crashing
        verdicts.append(_crash(crash))
    return verdicts or [PASS]


def _crash(crash: Exception) -> Verdict:
    # The exception's own text could quote a property; its type and place can't.
    frame = traceback.extract_tb(crash.__traceback__)[-1]
    return Verdict(Outcome.CRASH, "", f"{type(crash).__name__} in {Path(frame.filename).name} line {frame.lineno}")
