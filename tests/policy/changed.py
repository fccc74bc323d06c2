"""A changed program on the wire, of which only what differs from the compliant one is registered.

Registering takes three quarters of a row's time, and a row changes one resource of seventy. What a resource is on the
wire depends on its own arguments and on what it names of others: at a preview no output of theirs is known.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .change import All, Args, Change, From, Resources, Secret
from .program import run
from .wire import Registered, register

Program = Callable[[], Resources]
_compliant = functools.cache(lambda of: of())


@functools.cache
def _recorded(of: Program) -> tuple[Mapping[str, Any], Registered]:
    registered = register(run(_compliant(of)))
    return {request.name: (urn, request) for urn, request in registered.registrations}, registered


def registered(changes: Iterable[Change], of: Program) -> Registered:
    """Return what a program with these changes registers at its first preview."""
    whole = _compliant(of)
    resources = copy.deepcopy(whole)
    for change in changes:
        change(resources)
    # Whoever names a resource names its type, too.
    retyped = {name for name, (kind, _) in whole.items() if name not in resources or resources[name][0] is not kind}
    anew = {
        name for name, each in resources.items() if whole.get(name) != each or not retyped.isdisjoint(_named(each[1]))
    }
    wanted, waiting = set[str](), [*anew]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += _named(resources[name][1])
    recorded, before = _recorded(of)
    made = register(run({name: each for name, each in resources.items() if name in wanted}))
    kept = [recorded[name] for name in resources if name not in wanted]
    registrations = sorted([*kept, *made.registrations], key=lambda registration: registration[0])
    outputs = {**before.outputs, **made.outputs}
    return Registered(registrations, {urn: outputs[urn] for urn, _ in registrations})


def _named(args: Args) -> Iterator[str]:
    """Yield the resources that a part of a program's arguments is made of."""
    waiting: list[Any] = [args]
    while waiting:
        value = waiting.pop()
        if isinstance(value, From):
            yield value.resource
        elif isinstance(value, (dict, All)):
            waiting += (value if isinstance(value, dict) else value.parts).values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, Secret):
            waiting.append(value.value)
