"""Statements that return rows."""

from __future__ import annotations

from typing import Any

import pg8000.native


def rows_of(connection: pg8000.native.Connection, statement: str, **values: Any) -> list[Any]:
    """Return the rows of a statement; the driver itself has None for one that returns none."""
    return connection.run(statement, **values) or []
