"""The table of backups."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cli.backups.listing import age, size, table
from cli.backups.source import Backup, Listing, Source

NOW = datetime(2026, 1, 3, 12, 0, tzinfo=UTC)
SOURCE = Source(stack="prod", shown="s3:s3.example.com/backups", image="", environment={}, mounts=[])
BACKUPS = [
    Backup("01234567", datetime(2026, 1, 1, 3, 30, tzinfo=UTC), 12_345_678, ["scheduled"]),
    Backup("89abcdef", datetime(2026, 1, 3, 11, 59, tzinfo=UTC), None, ["manual"]),
]


def test_newest_first_with_age_size_and_the_last_check() -> None:
    assert table(SOURCE, Listing(BACKUPS, {"checked": str(int(NOW.timestamp()) - 3 * 86400)}), NOW) == (
        "Backups of prod in s3:s3.example.com/backups\n"
        "ID             Age  Made (UTC)              Size  Made by\n"
        "89abcdef     1 min  2026-01-03 11:59           ?  manual\n"
        "01234567       2 d  2026-01-01 03:30     12.3 MB  scheduled\n"
        "Last check of the repository: 3 d ago"
    )


def test_no_backup_and_no_check_yet() -> None:
    lines = table(SOURCE, Listing([], {"checked": "0"}), NOW).splitlines()[1:]
    assert lines == ["There is no backup yet.", "The repository was not checked yet."]
    assert "check" not in table(SOURCE, Listing(BACKUPS, {}), NOW), "a kit doesn't know"


@pytest.mark.parametrize(("seconds", "text"), [(5, "5 s"), (90, "2 min"), (3600, "1 h"), (200_000, "2 d")])
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (2_000_000, "2 MB"), (3 * 10**12, "3 TB")]
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
