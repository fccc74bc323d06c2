"""Runs one rule on one resource, so that every way out of a rule is a verdict."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..readers.aws.resources import HOSTS
from ..readers.docker.resources import CONTAINER
from ..readers.hosts.host_containers import containers_on
from .resource import Resource
from .rule import Rule, Settings
from .verdict import PASS, MalformedError, Outcome, StackNeededError, UndecidableError, Verdict


def judge(rule: Rule, resource: Resource, settings: Settings) -> list[Verdict]:
    """Return one verdict or more: what is wrong with the resource, or that it passes; none where it is not meant.

    Raises ``StackNeededError`` where only the whole stack can tell.
    """
    if resource.type not in rule.types:
        return []
    verdicts: list[Verdict] = []
    is_meant = False
    try:
        for subject in _subjects(rule, resource):
            try:
                if not rule.when(subject):
                    continue
                is_meant = True
                verdicts.extend(_placed(verdict, subject, resource) for verdict in rule.judge(subject, settings))
            except (UndecidableError, MalformedError) as stop:
                verdicts.append(_placed(stop.verdict, subject, resource))
    except StackNeededError:
        raise
    except Exception as crash:  # whatever a rule does, it must not pass by crashing
        verdicts.append(_crash(crash))
    return verdicts or ([PASS] if is_meant else [])


def _subjects(rule: Rule, resource: Resource) -> Sequence[Resource]:
    """Return what a rule judges of a resource: a rule about containers looks at those that a host starts."""
    return containers_on(resource) if resource.type in HOSTS and CONTAINER in rule.types else [resource]


def _placed(verdict: Verdict, subject: Resource, resource: Resource) -> Verdict:
    if subject is resource:
        return verdict
    # The host is named anyway; which of its containers is meant, only this says.
    return replace(verdict, path=f"userData[{subject.name}]{'.' if verdict.path else ''}{verdict.path}")


def _crash(crash: Exception) -> Verdict:
    # The exception's own text could quote a property; its type and place can't.
    frame = traceback.extract_tb(crash.__traceback__)[-1]
    return Verdict(Outcome.CRASH, "", f"{type(crash).__name__} in {Path(frame.filename).name} line {frame.lineno}")
