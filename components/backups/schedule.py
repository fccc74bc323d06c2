"""Rules for when backups are made, and for how many are kept."""

from __future__ import annotations

import re

from ..inputs.number import whole_number
from ..inputs.text import items

DEFAULT_SCHEDULE = ["03:30"]
KEEP_DAILY, KEEP_WEEKLY, KEEP_MONTHLY = 7, 5, 12
"""Default numbers of days, weeks and months of which the newest backup is kept."""

parse_keep_daily = whole_number("a number of days", 1, 366)
parse_keep_weekly = whole_number("a number of weeks", 0, 520)
parse_keep_monthly = whole_number("a number of months", 0, 240)

_MOST_TIMES = 24
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def parse_schedule(raw: object) -> list[str]:
    """Parse times of day in UTC, as a list or as text with commas; return them in their order."""
    times = sorted({*items(raw)})
    if not 1 <= len(times) <= _MOST_TIMES or not all(map(_TIME.fullmatch, times)):
        raise ValueError(f"must be times of day in UTC such as 03:30 or 03:30,15:30, at most {_MOST_TIMES}")
    return times
