"""Carries the journal's lines of the containers and of these programs to CloudWatch Logs, redacted.

The journal is the buffer: its cursor moves on only when CloudWatch has taken the lines, so an outage or a restart
loses nothing that the journal still holds, and nothing piles up in memory.
"""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from . import names
from .aws import AwsError
from .boot import load_plan
from .files import read, write
from .redact import redact
from .services import Services
from .stages import SLOW_PAUSE_SECONDS

CURSOR = "/var/lib/kotauth/cursor"
BATCH_LINES = 500
BATCH_SECONDS = 1.0
LINE_BYTES = 100_000
"""Longest line, in bytes of what is sent; longer lines are cut. CloudWatch takes 256 KB a line and 1 MB a batch."""
BATCH_BYTES = 900_000
LINE_OVERHEAD_BYTES = 26
SPAN_MILLISECONDS = 23 * 3600 * 1000
"""CloudWatch refuses a batch that spans a day."""
_REFUSED = re.compile("InvalidParameter|Validation|Serialization")
_FIELDS = "MESSAGE,CONTAINER_TAG,CONTAINER_ID_FULL,CONTAINER_PARTIAL_MESSAGE,PRIORITY"

PAYLOAD_TOO_LARGE = 413

Entry = dict[str, Any]
Event = dict[str, object]


def matches(parts: list[str]) -> list[str]:
    """Return what journalctl is asked for: the containers' lines, and the units' with what systemd says of them."""
    terms = [[f"CONTAINER_TAG={part}"] for part in parts]
    for unit in [names.BOOT_UNIT, names.WATCHDOG_UNIT, names.RENEWAL_UNIT, *map(names.container_unit_name, parts)]:
        terms += [[f"_SYSTEMD_UNIT={unit}"], ["_PID=1", f"UNIT={unit}"]]
    return [word for term in terms for word in ["+", *term]][1:]


def follow(command: list[str]) -> Iterator[Entry | None]:
    """Yield each entry of the journal, and None when a second has passed without one."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout  # noqa: S101 - a pipe
        rest = b""
        while True:
            if not select.select([process.stdout], [], [], BATCH_SECONDS)[0]:
                yield None
                continue
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines)


def text(entry: Entry) -> str:
    """Return an entry's message; the journal gives bytes as numbers where they aren't plain text."""
    message = entry.get("MESSAGE") or ""
    return message if isinstance(message, str) else bytes(message).decode(errors="replace")


def sent(message: str) -> str:
    """Return what is sent of a message: redacted, which can make it longer, and then cut."""
    return redact(message).encode(errors="replace")[:LINE_BYTES].decode(errors="ignore")


def whole(entries: Iterator[Entry | None]) -> Iterator[Entry | None]:
    """Join the pieces into which Docker cuts long lines, so that nothing to redact is cut in two, and redact them."""
    pieces: dict[tuple[Any, Any], str] = {}
    for entry in entries:
        if entry is None:
            yield None
            continue
        key = entry.get("CONTAINER_ID_FULL"), entry.get("PRIORITY")
        message = (pieces.pop(key, "") + text(entry))[:LINE_BYTES]
        if entry.get("CONTAINER_PARTIAL_MESSAGE") == "true":
            pieces[key] = message
        else:
            yield {**entry, "MESSAGE": sent(message)}


def batches(entries: Iterator[Entry | None]) -> Iterator[list[Entry]]:
    """Yield redacted entries in batches of what CloudWatch takes at once."""
    batch: list[Entry] = []
    size = first = 0
    began = time.monotonic()
    for entry in entries:
        if entry is not None:
            length = len(entry["MESSAGE"].encode()) + LINE_OVERHEAD_BYTES
            moment = int(entry["__REALTIME_TIMESTAMP"]) // 1000
            if batch and (size + length > BATCH_BYTES or abs(moment - first) > SPAN_MILLISECONDS):
                yield batch
                batch, size = [], 0
            if not batch:
                first, began = moment, time.monotonic()
            batch.append(entry)
            size += length
        if batch and (len(batch) >= BATCH_LINES or time.monotonic() - began >= BATCH_SECONDS):
            yield batch
            batch, size = [], 0


def events(batch: list[Entry]) -> dict[str, list[Event]]:
    """Return the events of each stream, in the order of time that CloudWatch asks for."""
    streams: dict[str, list[Event]] = {}
    for entry in sorted(batch, key=lambda entry: int(entry["__REALTIME_TIMESTAMP"])):
        if entry["MESSAGE"].strip():
            event: Event = {"timestamp": int(entry["__REALTIME_TIMESTAMP"]) // 1000, "message": entry["MESSAGE"]}
            streams.setdefault(entry.get("CONTAINER_TAG") or names.HOST_LOG, []).append(event)
    return streams


def put(aws: Services, group: str, stream: str, lines: list[Event]) -> None:
    """Hand lines over, however long that takes; halve what CloudWatch refuses, and drop a line that it never takes."""
    while True:
        try:
            return aws.put_log_events(group, stream, lines)
        except AwsError as error:
            print(error, file=sys.stderr, flush=True)
            if not (error.status == PAYLOAD_TOO_LARGE or _REFUSED.search(error.answer)):
                time.sleep(SLOW_PAUSE_SECONDS)
                continue
        # It will not be taken later either, and what comes after it must not wait for good.
        if len(lines) == 1:
            size = len(str(lines[0]["message"]).encode())
            print(f"dropped a line of {stream} that CloudWatch refuses, {size} bytes", file=sys.stderr, flush=True)
            return None
        half = len(lines) // 2
        put(aws, group, stream, lines[:half])
        lines = lines[half:]


def ship(aws: Services, group: str, batch: list[Entry]) -> None:
    """Hand a batch over, and move the cursor."""
    for stream, lines in events(batch).items():
        put(aws, group, f"{aws.instance}/{stream}", lines)
    write(CURSOR, batch[-1]["__CURSOR"].encode())


def main() -> None:
    """Follow the journal for good."""
    plan = load_plan()
    aws = Services()
    cursor = read(CURSOR).decode()
    since = [f"--after-cursor={cursor}"] if cursor else ["--lines=all"]
    command = ["journalctl", "--follow", "--all", "--output=json", f"--output-fields={_FIELDS}", *since]
    for batch in batches(whole(follow([*command, *matches(plan["containers"])]))):
        ship(aws, plan["log_group"], batch)


if __name__ == "__main__":
    main()
