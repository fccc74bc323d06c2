"""`make backup`: have the containers of a stack make a backup now, and wait for it."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import dataclass

from components.backups import dump, store

from .job import Job, JobError
from .site import Container, Site, list_command

MANUAL, BEFORE_RESTORE = "manual", "before-restore"
"""Tags of backups that a command asked for."""
_DUMP_SECONDS = 6 * 3600.0
_FAILED = 2
_WAITS = "waiting: "
_ASK = (dump.FOLDER / "ask.sh").read_text()


@dataclass(frozen=True)
class Made:
    """A backup that was just made."""

    id: str
    bytes: int
    seconds: int
    """From the begin of the dump until the repository has it."""


def containers(site: Site) -> tuple[Container, Container]:
    """Return dump and store; raise ``SiteError`` where one of them doesn't run."""
    return site.running(dump.PART, site.backups_remedy), site.running(store.PART, site.backups_remedy)


def _say_why_it_waits(line: str) -> None:
    if line.startswith(_WAITS):
        print(f"  {line}", flush=True)


def make(site: Site, tag: str = MANUAL) -> Made:
    """Make a backup and wait for it.

    Raises ``SiteError`` where the stack makes no backups, ``JobError`` with the reason where the backup failed.
    """
    dumps, _ = containers(site)
    job = Job(
        image=dumps.image,
        command=["sh", "-c", _ASK, "ask", tag, secrets.token_hex(8)],
        user=dumps.user,
        mounts=[dumps.mount(dump.SPOOL, read_only=False)],
    )
    try:
        outcome = site.runner.outcome(job, seconds=_DUMP_SECONDS, hear=_say_why_it_waits)
    except KeyboardInterrupt:
        print(
            f"The backup that was requested goes on: {list_command(site.stack)} lists it once it is stored.",
            file=sys.stderr,
        )
        raise
    if outcome.code not in (0, _FAILED):
        raise JobError(outcome.last_line)
    answer = json.loads(outcome.last_line)
    if outcome.code == _FAILED:
        raise JobError(answer["message"])
    return Made(answer["id"], answer["bytes"], answer["seconds"])
