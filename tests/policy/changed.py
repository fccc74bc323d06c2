"""A changed program under the pack, of which only what differs from the compliant one is registered and analyzed.

A row changes one resource of seventy. What a resource is on the wire depends on its own arguments and on what it names
of others: at a preview no output of theirs is known. What the pack says of its inputs depends on nothing else; only the
stack is evaluated as a whole.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from policy.kotauth_policy.engine.servicer import PackServicer
from policy.testing.change import All, Args, Change, From, Resources, Secret
from policy.testing.docker_program import run
from policy.testing.wire import READERS, REFUSING, RULES, Registered, Violation, register, violations

Program = Callable[[], Resources]


class Compliant:
    """A compliant program after its first preview under the pack."""

    def __init__(self, of: Program) -> None:
        self._resources = of()
        self._made: dict[str, Any] = {}
        self._registered = register(run(self._resources, self._made))
        self._by_name = {request.name: (urn, request) for urn, request in self._registered.registrations}
        self._pack = PackServicer(RULES, READERS)
        self._requests = {request.urn: request for request in self._registered.analyze_requests()}
        self._root = self._registered.root_request()
        self._said = {
            urn: self._pack.Analyze(request, REFUSING)
            for urn, request in {self._root.urn: self._root, **self._requests}.items()
        }

    def registered(self, changes: Iterable[Change]) -> Registered:
        """Return what the program with these changes registers at its first preview."""
        resources = _Changed(self._resources)
        for change in changes:
            change(resources)
        before = self._resources
        # A reference to a resource names its type, too.
        retyped = {name for name, (kind, _) in before.items() if resources.get(name, (None,))[0] is not kind}
        anew = {
            name: each
            for name, each in resources.items()
            if before.get(name) != each or not retyped.isdisjoint(_named(each[1]))
        }
        kept = [name for name in resources if name not in anew]
        made = register(run(anew, {name: self._made[name] for name in kept}))
        registrations = [*(self._by_name[name] for name in kept), *made.registrations]
        outputs = {**self._registered.outputs, **made.outputs}
        return Registered(
            sorted(registrations, key=lambda registration: registration[0]),
            {urn: outputs[urn] for urn, _ in registrations},
        )

    def violations(self, changes: Iterable[Change]) -> list[Violation]:
        """Return what the pack finds in the program with these changes."""
        registered = self.registered(changes)
        said = {self._root.urn: self._said[self._root.urn]}
        for request in registered.analyze_requests():
            is_kept = request == self._requests.get(request.urn)
            said[request.urn] = self._said[request.urn] if is_kept else self._pack.Analyze(request, REFUSING)
        stack = registered.stack_request()
        stack.resources.add(type=self._root.type, urn=self._root.urn, name=self._root.name)
        whole = self._pack.AnalyzeStack(stack, REFUSING)
        for urn in said.keys() & self._requests:
            if said[urn] is not self._said[urn]:
                self._pack.Analyze(self._requests[urn], REFUSING)
        return violations(*said.values(), whole)


compliant = functools.cache(Compliant)


class _Changed(Resources):
    """A program's resources, each copied when a change gets hold of it."""

    def __init__(self, before: Resources) -> None:
        super().__init__(before)
        self._before = before

    def __getitem__(self, name: str) -> tuple[Any, Args]:
        found = super().__getitem__(name)
        if found is self._before.get(name):
            found = self[name] = (found[0], copy.deepcopy(found[1]))
        return found


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
