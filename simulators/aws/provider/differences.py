"""Compares old and new inputs: what an update changes, and whether it replaces the resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import provider_pb2

from ..schema import sdk
from ..schema.wire import File
from . import names

_Kind = provider_pb2.PropertyDiff.Kind
_REPLACING = {
    _Kind.ADD: _Kind.ADD_REPLACE,
    _Kind.DELETE: _Kind.DELETE_REPLACE,
    _Kind.UPDATE: _Kind.UPDATE_REPLACE,
}


# The provider says so itself: the new one would be the same thing as the old, and go with it.
_ONE_AT_A_TIME = ("aws:iam/rolePolicyAttachment:RolePolicyAttachment",)


class UndecidedError(Exception):
    """No entry says what a change of this input means."""


@dataclass(frozen=True)
class Changes:
    """For one type: inputs whose change replaces the resource, and inputs that are changed in place."""

    replace: str = ""
    update: str = ""
    decide: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = field(default_factory=dict)
    """For inputs where it depends: whether old and new inputs mean a replacement."""
    differs: Mapping[str, str] = field(default_factory=dict)
    """Inputs (separated by spaces) where CloudFormation's createOnlyProperties say otherwise, and the reason."""

    def replaces(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether the change replaces the resource.

        Raises:
            UndecidedError: The table doesn't say.
        """
        if name in self.decide:
            return self.decide[name](old, new)
        if name in (*self.replace.split(), "region", *names.PREFIXES):
            return True
        if name in (*self.update.split(), "tags"):
            return False
        raise UndecidedError(name)


def between(token: str, changes: Changes, old: Mapping[str, Any], new: Mapping[str, Any]) -> provider_pb2.DiffResponse:
    """Compare the inputs.

    Raises:
        UndecidedError: No entry covers one of the changes.
    """
    details: dict[str, provider_pb2.PropertyDiff] = {}
    replaced: list[str] = []
    changed: list[str] = []
    computed = sdk.schema(token).computed
    for name in sorted({*old, *new} - {"__defaults"}):
        before, after = old.get(name), new.get(name)
        # What AWS fills in where the program says nothing stays as it is when the program stops saying it.
        if _same(before, after) or (after is None and name in computed):
            continue
        changed.append(name)
        replaces = changes.replaces(name, old, new)
        if replaces:
            replaced.append(name)
        for path, kind in _paths(name, before, after):
            details[path] = provider_pb2.PropertyDiff(kind=_REPLACING[kind] if replaces else kind, inputDiff=True)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=replaced,
        diffs=changed,
        detailedDiff=details,
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replaced) and (token in _ONE_AT_A_TIME or names.is_the_program_s(token, new)),
    )


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, File) and isinstance(new, File):
        return old["hash"] == new["hash"]  # wherever it lies
    return old == new


def _paths(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any]]:
    if old is None:
        yield path, _Kind.ADD
    elif new is None:
        yield path, _Kind.DELETE
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                yield from _paths(
                    f'{path}["{name}"]' if "." in name else f"{path}.{name}", old.get(name), new.get(name)
                )
    elif isinstance(old, list) and isinstance(new, list):
        for number in range(max(len(old), len(new))):
            pair = [each[number] if number < len(each) else None for each in (old, new)]
            if pair[0] != pair[1]:
                yield from _paths(f"{path}[{number}]", *pair)
    else:
        yield path, _Kind.UPDATE
