"""The loops of the backup containers, run for real with a clock that the test moves and commands that stand in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from calendar import timegm
from dataclasses import dataclass, field
from pathlib import Path
from time import strptime
from typing import Any

from components import backups
from tests.unit.shell import Shell

FOLDER = Path(backups.__path__[0])
MOVED = ("/tmp", "/spool", "/run/secrets", "/run/config")  # noqa: S108 - moved
_SOURCED = re.compile(r"^\. /run/config/(\S+)$", re.MULTILINE)
DAY = 86400

_DATE = r"""
now=$(<"$CLOCK")
if [ "$*" = "-u +%s" ]; then echo "$now"; else exec "$REAL_DATE" "$@"; fi
"""
# The clock moves while the loop sleeps; an event is a script that runs at its moment, once.
_SLEEP = r"""
now=$(($(<"$CLOCK") + STEP))
echo "$now" >"$CLOCK"
for event in "$EVENTS"/*; do
  [ -e "$event" ] && [ "${event##*/}" -le "$now" ] || continue
  mv "$event" "$event.done" && mv "$event.done" "$EVENTS.done"
  . "$EVENTS.done/${event##*/}.done"
done
[ "$now" -lt "$END" ] || kill -TERM "$PPID"
"""
_PSQL = r"""
echo "$(<"$CLOCK") psql $*" >>"$CALLS"
case "$*" in
  *"FROM pg_tables"*) cat "$ROOT/tables" 2>/dev/null || echo 3 ;;
  *dump.sql*)
    if [ -e "$ROOT/broken" ]; then cat "$ROOT/broken" >&2; exit 0; fi
    printf 'dump at %s' "$(<"$CLOCK")" >"$ROOT/spool/new/kotauth.dump"
    touch "$ROOT/spool/new/dumped"
    echo "{\"time\" : $(<"$CLOCK"), \"rows\" : {\"users\" : 1}}"
    ;;
esac
"""
_RESTIC = r"""
while [ "$1" = -o ] || [ "$1" = --quiet ]; do [ "$1" = -o ] && shift; shift; done
echo "$(<"$CLOCK") restic $*" >>"$CALLS"
case "$1" in
  init) touch "$ROOT/initialised" ;;
  *) [ -e "$ROOT/initialised" ] || { echo "Fatal: repository does not exist" >&2; exit 10; } ;;
esac
if [ -e "$ROOT/fails.$1" ]; then
  . "$ROOT/fails.$1"
fi
if [ "$1" = backup ]; then
  cat kotauth.dump >>"$ROOT/stored" && echo >>"$ROOT/stored"
  echo '{"message_type":"summary","total_bytes_processed":700,"snapshot_id":"0123456789abcdef"}'
fi
"""


def moment(text: str) -> int:
    """Return the seconds of a moment such as `2026-01-01 03:30`, in UTC."""
    return timegm(strptime(text, "%Y-%m-%d %H:%M"))


@dataclass
class Loop:
    """One of the two containers: its script, its files, its clock."""

    shell: Shell
    script: str
    """Name of the script, such as `dump.sh`."""
    environment: dict[str, str] = field(default_factory=dict[str, str])
    schedule: str = "03:30"

    def __post_init__(self) -> None:
        """Put the commands in place."""
        for name, script in {"date": _DATE, "sleep": _SLEEP, "psql": _PSQL, "restic": _RESTIC}.items():
            self.shell.command(name, script)
        self.shell.command("pg_restore", 'exit "$(cat "$ROOT/unreadable" 2>/dev/null || echo 0)"')
        for path in ("/spool/x", "/tmp/x", "/run/secrets/x", "/run/config/x", "/events/x", "/events.done/x"):  # noqa: S108
            self.shell.file(path)
        (self.root / "run/secrets/backup_password").write_text("secret")

    @property
    def root(self) -> Path:
        """Folder that stands for the container's root."""
        return self.shell.root

    def at(self, when: int, event: str) -> None:
        """Have a bash script run when the clock has come to this moment."""
        (self.root / "events" / str(when)).write_text(event.replace("/spool", str(self.root / "spool")))

    def run(self, start: int, end: int, *, step: int = 3600, code: int = 0) -> list[dict[str, Any]]:
        """Run the loop from one moment to another, or until it ends with ``code``; return the lines of its log."""
        (self.root / "clock").write_text(str(start))
        done = self._run("loop", end=end, step=step)
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def is_healthy(self, now: int) -> bool:
        """Return what the probe says at a moment."""
        (self.root / "clock").write_text(str(now))
        return self._run("probe", end=0, step=0).returncode == 0

    def _run(self, argument: str, *, end: int, step: int) -> subprocess.CompletedProcess[str]:
        script = _SOURCED.sub(lambda sourced: (FOLDER / sourced[1]).read_text(), (FOLDER / self.script).read_text())
        script = script.replace("/bin/sleep 5", "/bin/sleep 0.2")
        places = {"CLOCK": "clock", "CALLS": "calls", "EVENTS": "events", "ROOT": ""}
        environment = {
            **{name: str(self.root / place) for name, place in places.items()},
            "REAL_DATE": shutil.which("date") or "",
            "END": str(end),
            "STEP": str(step),
            "SCHEDULE": self.schedule,
            "SCHEMA": "kotauth",
            "STACK": "prod",
            "SERVER_IMAGE": "ghcr.io/inumansoul/kotauth:1.22.0",
            **self.environment,
        }
        return self.shell.run(
            script,
            argument,
            moved=MOVED,
            environment=environment,
            interpreter="bash" if self.script == "dump.sh" else "sh",
        )

    def calls(self, command: str) -> list[tuple[int, str]]:
        """Return when a command was called, and how, such as `restic backup`."""
        file = self.root / "calls"
        lines = [line.partition(" ") for line in file.read_text().splitlines()] if file.exists() else []
        return [(int(when), what) for when, _, what in lines if what.startswith(command)]

    def state(self, name: str) -> Any:
        """Return what a file of the state holds, None where it doesn't exist."""
        file = self.root / "spool/state" / name
        return json.loads(file.read_text()) if file.exists() else None
