"""The types that the simulator knows, by service."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from ..calls.kind import Kind


class UnknownKindError(Exception):
    """The simulator has no such type."""


@functools.cache
def table() -> dict[str, Kind]:
    """Return all types by token."""
    modules = [importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    return {kind.token: kind for module in modules for kind in module.KINDS}


def kind(token: str) -> Kind:
    """Return a type.

    Raises:
        UnknownKindError: It isn't in the table.
    """
    if token not in table():
        raise UnknownKindError(f"the simulator doesn't know {token}: add it to the tables under {__package__}")
    return table()[token]
