"""Measures a command with all that it starts: processor time, and the peaks of memory of each process."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_SECONDS = 0.1
_SESSION = 3
"""Index of the session after the name of the command in `/proc/PID/stat`."""


@dataclass(frozen=True)
class Measured:
    """What a command used."""

    output: str
    code: int
    clock: float
    """Seconds from the start to the end."""
    processor: float
    """Seconds of processor time, of all processes."""
    memory: int
    """Sum of the peaks of resident memory of the processes, in MB."""


def measure(command: list[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command in a session of its own, and measure all processes of the session."""
    before = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    peaks: dict[int, int] = {}
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peaks, ended), daemon=True)
    watcher.start()
    try:
        output = process.stdout.read() if process.stdout else ""
    finally:
        # Not `wait`, which keeps the usage to itself. It includes the children that the process waited for.
        _, status, usage = os.wait4(process.pid, 0)
        ended.set()
        watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stdout:
        process.stdout.close()
    clock = time.perf_counter() - before
    processor = usage.ru_utime + usage.ru_stime
    return Measured(output, process.returncode, clock, processor, sum(peaks.values()) // 1024)


def _watch(session: int, peaks: dict[int, int], ended: threading.Event) -> None:
    while not ended.wait(_SECONDS):
        for folder in _PROC.iterdir():
            if folder.name.isdecimal() and (peak := _peak(folder, session)):
                peaks[int(folder.name)] = peak


def _peak(folder: Path, session: int) -> int:
    """Return the peak of a process's resident memory in KB; 0 if it is of another session, or has ended."""
    try:
        # The name of the command is in brackets, and may contain any character.
        if int((folder / "stat").read_text().rpartition(")")[2].split()[_SESSION]) != session:
            return 0
        for line in (folder / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return 0
