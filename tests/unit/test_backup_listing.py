"""The table of backups."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.backups.drill import Result
from cli.backups.job import Runner
from cli.backups.listing import age, lost, size, status, table
from cli.backups.site import Site
from cli.backups.source import Backup, Listing, Source
from cli.stack import Stack

NOW = datetime(2026, 1, 3, 12, 0, tzinfo=UTC)
SOURCE = Source(stack="prod", shown="s3:s3.example.com/backups", command="", image="", environment={}, mounts=[])
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


def test_the_order_is_that_of_their_making_and_a_time_in_the_future_is_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def snapshot(id_: str, time: str, *tags: str) -> dict[str, Any]:
        return {"short_id": id_, "time": time, "tags": tags, "summary": {"total_bytes_processed": 1000}}

    made = [
        snapshot("00000003", "2026-01-02T03:30:00Z", "scheduled", "number=10"),
        snapshot("00000002", "2027-06-01T03:30:00Z", "manual", "number=9"),
        snapshot("00000001", "2025-12-31T03:30:00Z", "scheduled", "number=8"),
        snapshot("00000000", "2025-12-30T03:30:00Z", "scheduled"),
    ]
    monkeypatch.setattr(Runner, "run", lambda *_, **__: json.dumps(made[::-1]))
    listed = SOURCE.list(Runner(None, ""))  # pyright: ignore[reportArgumentType]
    assert table(SOURCE, listed, NOW).splitlines()[2:] == [
        "00000003       1 d  2026-01-02 03:30        1 KB  scheduled",
        "00000002    future  2027-06-01 03:30        1 KB  manual",
        "00000001       3 d  2025-12-31 03:30        1 KB  scheduled",
        "00000000       4 d  2025-12-30 03:30        1 KB  scheduled",
        "A time in the future is that of a clock of the Docker host which was wrong. "
        "The order above is the one in which the backups were made.",
    ]


def test_only_a_time_is_in_the_future() -> None:
    """A tag may have that name."""
    listed = Listing([Backup("01234567", NOW, 1, ["future"])], {"checked": str(int(NOW.timestamp()) + 600)})
    assert table(SOURCE, listed, NOW).splitlines()[2:] == [
        "01234567       0 s  2026-01-03 12:00         1 B  future",
        "Last check of the repository: in the future",
    ]


def test_a_drill_with_a_backup_from_the_future_says_so() -> None:
    told = str(Result(SimpleNamespace(rows={"users": 2}), 12, 7200, -4000))  # pyright: ignore[reportArgumentType]
    assert "RPO  backup from the future: the clock of its host was wrong, newest audit row 2 h old\n" in told


@pytest.mark.parametrize(("last", "is_lost"), [("89abcdef", False), ("00000000", True)])
def test_a_removed_backup_is_a_problem(last: str, is_lost: bool) -> None:
    found = [*lost(Listing(BACKUPS, {"last": LAST.replace('"id":"0"', f'"id":"{last}"')}))]
    gone = ["backup 00000000, which was made last, is not in the repository any more: find out who removed it"]
    assert found == (gone if is_lost else [])
    assert [*lost(Listing([], {})), *lost(Listing([], {"last": LAST[:30]}))] == []


def test_no_backup_and_no_check_yet() -> None:
    lines = table(SOURCE, Listing([], {"checked": "0"}), NOW).splitlines()[1:]
    assert lines == ["There is no backup yet.", "The repository was not checked yet."]
    assert table(SOURCE, Listing([], {"last": LAST}), NOW).endswith("\nThere is no backup any more.")
    assert "check" not in table(SOURCE, Listing(BACKUPS, {}), NOW), "a kit doesn't know"


class Host:
    """A Docker host with the containers of the backups, and what a look at their state prints."""

    def __init__(self, printed: str = "", *, health: str = "healthy", missing: str = "") -> None:
        self.printed, self.health, self.missing = printed, health, missing

    def get(self, path: str, **query: str) -> Any:
        if path == "/containers/json":
            (part,) = [label for label in json.loads(query["filters"])["label"] if "part=" in label]
            return [] if part.endswith(self.missing or "=") else [{"Id": part.partition("=")[2]}]
        state = {"Running": path != "/containers/job/json", "Status": "exited", "ExitCode": 0}
        return {
            "Id": path.split("/")[2],
            "Name": f"/{path.split('/')[2]}",
            "State": {**state, "Health": {"Status": self.health}},
            "Config": {"Image": "restic:0.18.1", "User": "65534:65534"},
            "Mounts": [{"Type": "volume", "Destination": "/spool", "Name": "spool"}],
        }

    def post(self, path: str, _: object = None, **__: object) -> Any:
        return {"Id": "job"} if path == "/containers/create" else None

    def delete(self, *_: object, **__: object) -> None:
        pass

    def log(self, _: str) -> str:
        return self.printed


def site(host: Host) -> Site:
    runner = Runner(host, "kotauth/prod")  # pyright: ignore[reportArgumentType]
    return Site(Stack("prod"), None, runner, "kotauth", {})  # pyright: ignore[reportArgumentType]


LAST = '{"id":"0","request":"","time":1767225600,"bytes":1500,"seconds":2}'
STATUS = {
    "a backup": (
        Host(f"last {LAST}\n"),
        "the last one is of 2026-01-01 00:00 UTC, 1.5 KB; make backups STACK=prod lists them",
    ),
    "a time in the future": (
        Host(f"last {LAST.replace('1767225600', '9999999999')}\n"),
        "the last one is of 2286-11-20 17:46 UTC (in the future: the clock of the Docker host was wrong), 1.5 KB",
    ),
    "none yet": (Host(), "the first one is under way; make backups STACK=prod lists them"),
    "a failure": (Host('store-failed {"time":1,"request":"","message":"no route"}\n'), "FAILED: no route"),
    "a state cut in half": (Host(f"last {LAST[:30]}\n"), "the last one is unknown; make backups STACK=prod lists them"),
    "a failure cut in half": (Host('store-failed {"time":1,"req\n'), "FAILED: see docker logs backup-store"),
    "a failure on a full disk": (Host("dump-failed \n"), "FAILED: see docker logs backup-dump"),
    "overdue": (Host(health="unhealthy"), "FAILED: a backup is overdue: see docker logs backup-dump"),
    "no dump": (
        Host(missing="backup-dump"),
        "FAILED: the container of part backup-dump is gone: make it again with pulumi up --refresh --stack prod",
    ),
    "no store": (Host(missing="backup-store"), "FAILED: the container of part backup-store is gone"),
}


@pytest.mark.parametrize(("host", "expected"), STATUS.values(), ids=STATUS)
def test_the_line_at_the_end_of_an_up(host: Host, expected: str) -> None:
    assert status(site(host)).startswith(expected)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-301, "future"), (-300, "0 s"), (5, "5 s"), (90, "2 min"), (3600, "1 h"), (200_000, "2 d")],
)
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (2_000_000, "2 MB"), (3 * 10**12, "3 TB")]
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
