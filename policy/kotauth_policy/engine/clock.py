"""The date on which rules and waivers are evaluated."""

from __future__ import annotations

from datetime import UTC, date, datetime


def today() -> date:
    """Return the day, in UTC."""
    return datetime.now(UTC).date()
