"""The types of resources that the simulator knows, a module for each service.

To add a type, add a `Kind` to `KINDS` of its service's module; a module that is new here is found by itself.
`aws/__init__.py` says what else a type needs.
"""

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
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return {kind.token: kind for module in modules for kind in module.KINDS}


def kind(token: str) -> Kind:
    """Return a type.

    Raises:
        UnknownKindError: It isn't in the table.
    """
    if token not in table():
        raise UnknownKindError(f"the simulator doesn't know {token}: add it to the tables under {__package__}")
    return table()[token]
