"""The errors of the function. Its caller can read their texts, so they never contain a value."""

from __future__ import annotations


class DatabaseRoleError(Exception):
    """The roles can't be made; waiting would not help."""


class NotYetError(Exception):
    """An attempt failed in a way that may pass."""
