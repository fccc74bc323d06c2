"""Log lines on their way: from the journal, whole and redacted, to CloudWatch."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.aws.host.scripts import ship_logs
from components.aws.host.scripts.aws import AwsError

NOW = 1_800_000_000_000_000
"""Microseconds, as the journal counts."""


def entry(message: Any, at: int = NOW, **fields: str) -> dict[str, Any]:
    return {"MESSAGE": message, "__REALTIME_TIMESTAMP": str(at), "__CURSOR": f"at-{at}", **fields}


def server(message: Any, at: int = NOW, **fields: str) -> dict[str, Any]:
    return entry(message, at, CONTAINER_TAG="server", CONTAINER_ID_FULL="c1", PRIORITY="6", **fields)


class CloudWatch:
    """Keeps what it is handed."""

    instance = "i-0123456789abcdef0"

    def __init__(self, *failures: AwsError, poison: str = "poison") -> None:
        self.failures = list(failures)
        self.poison = poison
        self.streams: dict[str, list[str]] = {}
        self.batches: list[list[dict[str, Any]]] = []

    def put_log_events(self, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        size = sum(len(event["message"].encode()) + 26 for event in events)
        if size > 1_048_576:
            raise AwsError(
                "logs", 400, f'{{"__type":"InvalidParameterException","message":"Upload too large: {size}"}}'
            )
        if any(self.poison in event["message"] for event in events):
            raise AwsError("logs", 400, '{"__type":"InvalidParameterException"}')
        self.batches.append(events)
        self.streams.setdefault(f"{group}:{stream}", []).extend(event["message"] for event in events)


@pytest.fixture(autouse=True)
def cursor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ship_logs, "CURSOR", str(tmp_path / "cursor"))
    real = ship_logs.write
    monkeypatch.setattr(ship_logs, "write", lambda path, content: real(path, content, owner=(os.getuid(), os.getgid())))
    return tmp_path / "cursor"


@pytest.fixture
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no batch be sent for its age, however slow the machine is."""
    monkeypatch.setattr(ship_logs, "BATCH_SECONDS", float("inf"))


def batched(entries: Iterable[dict[str, Any] | None]) -> list[list[dict[str, Any]]]:
    return list(ship_logs.batches(ship_logs.whole(iter(entries))))


def batches(entries: Iterable[dict[str, Any] | None]) -> list[list[str]]:
    return [[e["MESSAGE"] for e in batch] for batch in batched(entries)]


def test_lines_reach_the_stream_of_their_container_in_the_order_of_time() -> None:
    cloud = CloudWatch()
    batch = [
        server("second", NOW + 2000),
        server("first", NOW + 1000),
        entry("proxy", CONTAINER_TAG="frontend"),
        entry('{"kotauth": "boot"}', _SYSTEMD_UNIT="kotauth-boot.service"),
        server("  "),
    ]
    ship_logs.ship(cloud, "group", batch)  # pyright: ignore[reportArgumentType]
    assert cloud.streams == {
        "group:i-0123456789abcdef0/server": ["first", "second"],
        "group:i-0123456789abcdef0/frontend": ["proxy"],
        "group:i-0123456789abcdef0/host": ['{"kotauth": "boot"}'],
    }


def test_timestamps_are_the_journal_s_in_milliseconds() -> None:
    (event,) = ship_logs.events([server("line")])["server"]
    assert event == {"timestamp": NOW // 1000, "message": "line"}


@pytest.mark.usefixtures("no_time_passes")
def test_nothing_leaves_unredacted() -> None:
    line = server("-> https://app.example.com/cb?code=abc123&state=xyz789")
    assert batches([line, *(server("") for _ in range(499))])[0][0] == (
        "-> https://app.example.com/cb?code=[redacted]&state=[redacted]"
    )


def test_the_pieces_of_a_long_line_are_redacted_as_one() -> None:
    pieces = [
        server("https://app/cb?code=first-ha", CONTAINER_PARTIAL_MESSAGE="true"),
        entry("between", CONTAINER_TAG="frontend", CONTAINER_ID_FULL="c2", PRIORITY="6"),
        server("lf-of-it&lang=en"),
    ]
    joined = [e for e in ship_logs.whole(iter(pieces)) if e]
    (event,) = ship_logs.events(joined)["server"]
    assert event["message"] == "https://app/cb?code=[redacted]&lang=en"
    assert joined[0]["MESSAGE"] == "between"


def test_a_line_without_an_end_is_cut() -> None:
    pieces = [server("x" * 16_000, CONTAINER_PARTIAL_MESSAGE="true") for _ in range(50)]
    (line,) = [e for e in ship_logs.whole(iter([*pieces, server("end")])) if e]
    assert len(line["MESSAGE"]) == ship_logs.LINE_BYTES


@pytest.mark.parametrize("piece", ["ü", "€", "x€", "\U0001f511", "token=a "])
def test_a_line_is_cut_in_bytes_of_what_is_sent(piece: str) -> None:
    """Characters of several bytes, and a redaction that makes the line twice as long."""
    sent = ship_logs.sent(piece * (99_000 // len(piece)))
    assert ship_logs.LINE_BYTES - 3 <= len(sent.encode()) <= ship_logs.LINE_BYTES
    assert "\ufffd" not in sent


@pytest.mark.usefixtures("no_time_passes")
def test_a_batch_that_redaction_makes_longer_is_still_taken() -> None:
    """A megabyte of what was refused and dropped as a whole: 500 lines that redaction makes twice as long."""
    cloud = CloudWatch()
    lines = [server("token=a " * 220, NOW + number) for number in range(500)]
    for batch in batched([*lines, server("two days later", NOW + 48 * 3600 * 10**6)]):
        ship_logs.ship(cloud, "group", batch)  # pyright: ignore[reportArgumentType]
    (lines,) = cloud.streams.values()
    assert len(lines) == 500
    assert set(lines) == {"token=[redacted] " * 220}
    assert len(cloud.batches) == 3


def test_bytes_that_are_no_text_are_shown_as_well_as_possible() -> None:
    assert ship_logs.text(entry(list(b"\x1b[31mred \xff"))) == "\x1b[31mred \ufffd"
    assert ship_logs.text(entry(None)) == ""


@pytest.mark.usefixtures("no_time_passes")
def test_a_batch_holds_what_cloudwatch_takes() -> None:
    many = [server(f"line {number}") for number in range(1200)]
    assert [len(batch) for batch in batches(many)] == [500, 500]
    large = [server("x" * 90_000) for _ in range(25)]
    assert [len(batch) for batch in batches(large)] == [9, 9]
    days = [server("old", NOW), server("new", NOW + 48 * 3600 * 10**6), None]
    assert batches([*days, server("later", NOW + 96 * 3600 * 10**6)]) == [["old"], ["new"]]


def test_a_quiet_second_ends_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()
    monkeypatch.setattr(ship_logs.time, "monotonic", lambda: float(next(seconds)))
    assert batches([server("one"), None]) == [["one"]]


def test_an_outage_loses_nothing_and_the_cursor_waits(cursor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = CloudWatch(AwsError("logs", 0, "no route"), AwsError("logs", 400, "AccessDeniedException"))
    naps: list[bool] = []
    monkeypatch.setattr(ship_logs.time, "sleep", lambda _: naps.append(cursor.exists()))
    ship_logs.ship(cloud, "group", [server("one"), server("two", NOW + 1)])  # pyright: ignore[reportArgumentType]
    assert cloud.streams == {"group:i-0123456789abcdef0/server": ["one", "two"]}
    assert naps == [False, False]
    assert cursor.read_text() == f"at-{NOW + 1}"


@pytest.mark.parametrize(
    "refusal",
    [
        AwsError("logs", 400, '{"__type":"InvalidParameterException"}'),
        AwsError("logs", 400, '{"__type":"SerializationException"}'),
        AwsError("logs", 413, ""),
    ],
)
def test_a_line_that_is_never_taken_does_not_stop_the_rest(
    cursor: Path, capsys: pytest.CaptureFixture[str], refusal: AwsError
) -> None:
    cloud = CloudWatch(refusal)
    ship_logs.ship(cloud, "group", [server("odd")])  # pyright: ignore[reportArgumentType]
    ship_logs.ship(cloud, "group", [server("next", NOW + 1)])  # pyright: ignore[reportArgumentType]
    assert cloud.streams == {"group:i-0123456789abcdef0/server": ["next"]}
    assert str(refusal) in capsys.readouterr().err
    assert cursor.read_text() == f"at-{NOW + 1}"


@pytest.mark.parametrize("odd", [[0], [3], [9], [2, 7], list(range(10))])
def test_of_a_refused_batch_only_the_odd_lines_are_dropped(odd: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    cloud = CloudWatch()
    lines = [f"{'poison' if number in odd else 'line'} {number}" for number in range(10)]
    ship_logs.ship(cloud, "group", [server(line, NOW + number) for number, line in enumerate(lines)])  # pyright: ignore[reportArgumentType]
    assert [line for stream in cloud.streams.values() for line in stream] == [line for line in lines if "line" in line]
    dropped = [line for line in capsys.readouterr().err.splitlines() if line.startswith("dropped")]
    assert dropped == [f"dropped a line of {cloud.instance}/server that CloudWatch refuses, 8 bytes"] * len(odd)


def test_an_outage_within_a_split_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = AwsError("logs", 400, "InvalidParameterException")
    cloud = CloudWatch(refused, AwsError("logs", 0, "no route"), AwsError("logs", 503, ""))
    monkeypatch.setattr(ship_logs.time, "sleep", lambda _: None)
    ship_logs.ship(cloud, "group", [server(f"line {number}", NOW + number) for number in range(4)])  # pyright: ignore[reportArgumentType]
    assert cloud.streams == {"group:i-0123456789abcdef0/server": [f"line {number}" for number in range(4)]}


def test_the_journal_is_asked_for_our_lines_only() -> None:
    assert ship_logs.matches(["server"]) == [
        "CONTAINER_TAG=server",
        *["+", "_SYSTEMD_UNIT=kotauth-boot.service", "+", "_PID=1", "UNIT=kotauth-boot.service"],
        *["+", "_SYSTEMD_UNIT=kotauth-watchdog.service", "+", "_PID=1", "UNIT=kotauth-watchdog.service"],
        *["+", "_SYSTEMD_UNIT=kotauth-renewal.service", "+", "_PID=1", "UNIT=kotauth-renewal.service"],
        *["+", "_SYSTEMD_UNIT=kotauth-server.service", "+", "_PID=1", "UNIT=kotauth-server.service"],
    ]


@pytest.mark.parametrize("before", ["", "at-1"])
def test_from_the_journal_to_cloudwatch(
    tmp_path: Path, cursor: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """With a program in journalctl's place that prints two entries, in pieces, and ends."""
    if before:
        cursor.write_text(before)
    said = "".join(json.dumps(server(f"line {number}", NOW + number)) + "\n" for number in range(2))
    program = tmp_path / "bin" / "journalctl"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys, time, pathlib\n"
        f"pathlib.Path({str(tmp_path / 'asked')!r}).write_text('\\n'.join(sys.argv[1:]))\n"
        f"said = {said!r}\n"
        "for piece in (said[:50], said[50:]):\n"
        "    sys.stdout.write(piece); sys.stdout.flush(); time.sleep(0.02)\n"
        "time.sleep(0.3)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    cloud = CloudWatch()
    monkeypatch.setattr(ship_logs, "BATCH_SECONDS", 0.1)
    monkeypatch.setattr(ship_logs, "Services", lambda: cloud)
    monkeypatch.setattr(ship_logs, "load_plan", lambda: {"containers": ["server"], "log_group": "group"})
    ship_logs.main()
    assert cloud.streams == {"group:i-0123456789abcdef0/server": ["line 0", "line 1"]}
    assert cursor.read_text() == f"at-{NOW + 1}"
    asked = (tmp_path / "asked").read_text().splitlines()
    assert ("--after-cursor=at-1" if before else "--lines=all") in asked


@pytest.mark.usefixtures("no_time_passes")
def test_nothing_piles_up_in_memory() -> None:
    """Entries are read as they are handed over, not before."""
    read = 0

    def endless() -> Iterator[dict[str, Any]]:
        nonlocal read
        while True:
            read += 1
            yield server("line")

    stream = ship_logs.batches(ship_logs.whole(endless()))
    assert len(next(stream)) == ship_logs.BATCH_LINES
    assert read == ship_logs.BATCH_LINES
