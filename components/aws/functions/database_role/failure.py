"""How the function fails. Whoever invokes it reads the text of its error, so that never holds a value."""

from __future__ import annotations


class DatabaseRoleError(Exception):
    """The roles can't be made; waiting would not help."""


class NotYetError(Exception):
    """An attempt failed in a way that may pass."""
