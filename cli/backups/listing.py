"""`make backups`: the backups of a stack, and what is wrong with them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from components.backups import dump, store

from .job import Job
from .site import Container, Site, list_command
from .source import Backup, Listing, Source

_FAILURES = {"dump-failed": dump.PART, "store-failed": store.PART, "check-failed": store.PART}
_STATE = """
for name in last dump-failed store-failed check-failed; do
  [ ! -e "/spool/state/$name" ] || printf '%s %s\\n' "$name" "$(cat "/spool/state/$name")"
done
"""
_QUICK_SECONDS = 60.0
_CLOCK_SECONDS = 300
"""How far two clocks may differ."""
_CLOCK = (
    "A time in the future is that of a clock of the Docker host which was wrong. "
    "The order above is the one in which the backups were made."
)
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def table(source: Source, listing: Listing, now: datetime) -> str:
    """Return the backups as text, the one that was made last at the top."""
    lines = [f"Backups of {source.stack} in {source.shown}"]
    if listing.backups:
        lines.append(f"{'ID':10}{'Age':>8}  {'Made (UTC)':18}{'Size':>10}  Made by")
        lines += [_row(backup, now) for backup in reversed(listing.backups)]
        lines += [_CLOCK] if any(is_future(_age(backup, now)) for backup in listing.backups) else []
    else:
        lines.append("There is no backup any more." if "last" in listing.state else "There is no backup yet.")
    checked = listing.state.get("checked")
    if checked == "0":
        lines.append("The repository was not checked yet.")
    elif checked:
        seconds = now.timestamp() - int(checked)
        ago = "in the future" if is_future(seconds) else f"{age(seconds)} ago"
        lines.append(f"Last check of the repository: {ago}")
    return "\n".join(lines)


def problems(site: Site, state: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with the backups of a stack, by its containers and by what they noted."""
    containers = {part: site.find(part) for part in (dump.PART, store.PART)}
    failed = [name for name in _FAILURES if name in state]
    for name in failed:
        container = containers[_FAILURES[name]]
        yield _told(state[name]).get("message") or f"see docker logs {container.name if container else ''}"
    for part, container in containers.items():
        if container is None:
            remedy = f"pulumi up --refresh --stack {site.stack.name}"
            yield f"the container of part {part} is gone: make it again with {remedy}"
        elif not container.runs:
            yield f"container {container.name} doesn't run: start it with docker start {container.name}"
        elif container.health == "unhealthy" and not failed:
            yield f"a backup is overdue: see docker logs {container.name}"


def lost(listing: Listing) -> Iterator[str]:
    """Yield that the repository lacks the backup that was made last, which no retention removes."""
    last = _told(listing.state.get("last", ""))
    if last and last["id"] not in {backup.id for backup in listing.backups}:
        yield f"backup {last['id']}, which was made last, is not in the repository any more: find out who removed it"


def status(site: Site) -> str:
    """Return in one line how the backups of a stack are doing; it asks no repository."""
    stores = site.find(store.PART)
    state = _state(site, stores) if stores else {}
    for problem in problems(site, state):
        return f"FAILED: {problem}"
    lists_them = f"{list_command(site.stack)} lists them"
    if "last" not in state:
        return f"the first one is under way; {lists_them}"
    last = _told(state["last"])
    if not last:
        return f"the last one is unknown; {lists_them}"
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(last["time"]))
    if is_future(time.time() - last["time"]):
        made += " (in the future: the clock of the Docker host was wrong)"
    return f"the last one is of {made}, {size(last['bytes'])}; {lists_them}"


def _state(site: Site, stores: Container) -> dict[str, str]:
    printed = site.runner.run(
        Job(
            image=stores.image,
            command=["sh", "-c", _STATE],
            user=stores.user,
            mounts=[stores.mount(dump.SPOOL)],
        ),
        seconds=_QUICK_SECONDS,
    )
    return dict(line.split(" ", 1) for line in printed.splitlines() if " " in line)


def _told(text: str) -> dict[str, Any]:
    """Parse what a container noted: nothing where a power loss or a full disk has left an incomplete file."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def is_future(age: float) -> bool:
    """Return whether an age in seconds is that of a moment to come, by more than two clocks may differ."""
    return age < -_CLOCK_SECONDS


def age(seconds: float) -> str:
    """Return how long ago something was, in the largest unit; `future` where it wasn't yet."""
    if is_future(seconds):
        return "future"
    seconds = max(seconds, 0)
    return next((f"{seconds / size:.0f} {unit}" for size, unit in _UNITS if seconds >= size), f"{seconds:.0f} s")


def size(count: int | None) -> str:
    """Return a number of bytes for people."""
    if count is None:
        return "?"
    number = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"


def _age(backup: Backup, now: datetime) -> float:
    return (now - backup.time).total_seconds()


def _row(backup: Backup, now: datetime) -> str:
    made, old = backup.time.astimezone(UTC), age(_age(backup, now))
    return f"{backup.id:10}{old:>8}  {made:%Y-%m-%d %H:%M}  {size(backup.bytes):>10}  {', '.join(backup.tags)}"
