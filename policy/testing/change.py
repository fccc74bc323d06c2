"""Changes of one property of a program, and markers for values that are not plain."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pulumi

Args = dict[str, Any]
Resources = dict[str, tuple[Any, Args]]
"""Name to class and arguments of each resource of a program."""


@dataclass(frozen=True)
class Absent:
    """Marks a property that the program leaves out."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True)
class Unknown:
    """Marks a value that is not known before the update and comes from nothing of the stack."""

    def output(self) -> pulumi.Output[Any]:

        def done(result: Any) -> asyncio.Future[Any]:
            future = asyncio.get_event_loop().create_future()
            future.set_result(result)
            return future

        return pulumi.Output(done(set()), done(None), done(False), done(False))

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Secret:
    """Marks a value that the program wraps into a secret."""

    value: Any

    def __repr__(self) -> str:
        return f"secret {self.value!r}"


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class From:
    """Marks a value that is made of an output of another resource of the program."""

    resource: str
    output: str
    make: Callable[[Any], Any] = _same

    def __repr__(self) -> str:
        return f"{self.resource}.{self.output}"


class All:
    """Marks a value that is made of several such values."""

    def __init__(self, make: Callable[[dict[str, Any]], Any], **parts: Any) -> None:
        self.make, self.parts = make, parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, All) and (self.make, self.parts) == (other.make, other.parts)

    def __hash__(self) -> int:
        return hash(self.make)

    def __repr__(self) -> str:
        return " and ".join(map(repr, self.parts.values()))


Change = Callable[[Resources], None]


def put(resource: str, path: str, value: Any) -> Change:
    """Change one property, `a.b` in an object, `a.0` in a list, `a.+` at its end; `ABSENT` leaves it out."""

    # Copied, because a later change of the same program may change a part of the value.
    def change(resources: Resources) -> None:
        *parents, last = path.split(".")
        target: dict[Any, Any] | list[Any] = resources[resource][1]
        for step in parents:
            target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
        if isinstance(target, list) and last == "+":
            target.append(copy.deepcopy(value))
            return
        key: Any = int(last) if isinstance(target, list) else last
        if value is ABSENT:
            if key not in (range(len(target)) if isinstance(target, list) else target):
                raise ValueError(f"the compliant program does not set {path} of {resource}")
            del target[key]
        else:
            target[key] = copy.deepcopy(value)

    return change


def add(name: str, kind: type[pulumi.Resource], args: Args, *, first: bool = False) -> Change:
    """Add a resource, at the end or before all others."""

    def change(resources: Resources) -> None:
        rest = dict(resources)
        if first:
            resources.clear()
        resources[name] = (kind, copy.deepcopy(args))
        if first:
            resources.update(rest)

    return change


def copied(resource: str, name: str, **changed: Any) -> Change:
    """Add a second resource like one of the program's."""

    def change(resources: Resources) -> None:
        kind, args = resources[resource]
        resources[name] = (kind, copy.deepcopy({**args, **changed}))

    return change


def without(*names: str) -> Change:
    """Leave resources out."""

    def change(resources: Resources) -> None:
        for name in names:
            del resources[name]

    return change


def resolve(value: Any, made: dict[str, Any]) -> Any:  # noqa: PLR0911 - one for each mark
    """Return what a program passes for a value, with the resources that are made already."""
    if isinstance(value, Unknown):
        return value.output()
    if isinstance(value, Secret):
        return pulumi.Output.secret(resolve(value.value, made))
    if isinstance(value, From):
        return getattr(made[value.resource], value.output).apply(value.make)
    if isinstance(value, All):
        parts: pulumi.Output[Any] = pulumi.Output.all(**resolve(value.parts, made))
        return parts.apply(value.make)
    if isinstance(value, dict):
        return {key: resolve(member, made) for key, member in cast("Args", value).items()}
    if isinstance(value, list):
        return [resolve(element, made) for element in cast("list[Any]", value)]
    return value
