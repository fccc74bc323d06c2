"""Carries the journal's lines of the containers and of these programs to CloudWatch Logs, redacted.

The journal is the buffer: its cursor moves on only when CloudWatch has taken the lines, so an outage or a restart
loses nothing that the journal still holds, and nothing piles up in memory.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from .aws import AwsError
from .boot import SLOW_PAUSE_SECONDS, load_plan
from .files import read, write
from .redact import redact
from .services import Services

CURSOR = "/var/lib/kotauth/cursor"
BATCH_LINES = 500
BATCH_SECONDS = 1.0
LINE_BYTES = 100_000
"""Longer lines are cut. CloudWatch takes 256 KB a line and 1 MB a batch."""
BATCH_BYTES = 900_000
LINE_OVERHEAD_BYTES = 26
SPAN_MILLISECONDS = 23 * 3600 * 1000
"""CloudWatch refuses a batch that spans a day."""
_FIELDS = "MESSAGE,CONTAINER_TAG,CONTAINER_ID_FULL,CONTAINER_PARTIAL_MESSAGE,PRIORITY"

Entry = dict[str, Any]


def matches(parts: list[str]) -> list[str]:
    """Return what journalctl is asked for: the containers' lines, and the units' with what systemd says of them."""
    terms = [[f"CONTAINER_TAG={part}"] for part in parts]
    for unit in ["kotauth-boot", "kotauth-watchdog", *(f"kotauth-{part}" for part in parts)]:
        terms += [[f"_SYSTEMD_UNIT={unit}.service"], ["_PID=1", f"UNIT={unit}.service"]]
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


def whole(entries: Iterator[Entry | None]) -> Iterator[Entry | None]:
    """Join the pieces into which Docker cuts long lines, so that nothing to redact is cut in two."""
    pieces: dict[tuple[Any, Any], str] = {}
    for entry in entries:
        if entry is None:
            yield None
            continue
        key = entry.get("CONTAINER_ID_FULL"), entry.get("PRIORITY")
        entry["MESSAGE"] = (pieces.pop(key, "") + text(entry))[:LINE_BYTES]
        if entry.get("CONTAINER_PARTIAL_MESSAGE") == "true":
            pieces[key] = entry["MESSAGE"]
        else:
            yield entry


def batches(entries: Iterator[Entry | None]) -> Iterator[list[Entry]]:
    """Yield entries in batches of what CloudWatch takes at once."""
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


def events(batch: list[Entry]) -> dict[str, list[dict[str, object]]]:
    """Return the events of each stream, in the order of time that CloudWatch asks for."""
    streams: dict[str, list[dict[str, object]]] = {}
    for entry in sorted(batch, key=lambda entry: int(entry["__REALTIME_TIMESTAMP"])):
        line = redact(entry["MESSAGE"])
        if line.strip():
            event: dict[str, object] = {"timestamp": int(entry["__REALTIME_TIMESTAMP"]) // 1000, "message": line}
            streams.setdefault(entry.get("CONTAINER_TAG") or "host", []).append(event)
    return streams


def ship(aws: Services, group: str, batch: list[Entry]) -> None:
    """Hand a batch over, however long that takes, and move the cursor."""
    for stream, lines in events(batch).items():
        while True:
            try:
                aws.put_log_events(group, f"{aws.instance}/{stream}", lines)
                break
            except AwsError as error:
                print(error, file=sys.stderr, flush=True)
                if "InvalidParameter" in error.answer:
                    # It will not be taken later either, and what comes after it must not wait for good.
                    break
                time.sleep(SLOW_PAUSE_SECONDS)
    write(CURSOR, batch[-1]["__CURSOR"].encode())


def main() -> None:
    """Follow the journal for good."""
    plan = load_plan()
    aws = Services()
    cursor = read(CURSOR).decode()
    since = [f"--after-cursor={cursor}"] if cursor else ["--lines=all"]
    command = ["journalctl", "--follow", "--all", "--output=json", f"--output-fields={_FIELDS}", *since]
    for batch in batches(whole(follow([*command, *matches(list(plan["parts"]))]))):
        ship(aws, plan["log_group"], batch)


if __name__ == "__main__":
    main()
