"""What the user sees while something takes long: what is being done, that it still goes on, how long it took.

Everything goes to standard error, so that the output of `make env` stays fit for `eval`.
"""

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

from .errors import EngineError

_NOTICE_SECONDS = 10.0
_TAIL_LINES = 20
_LAST_LINES_SECONDS = 5
STALLED_SECONDS = 300
"""Longest silence of a build or download that names each of its steps: longer than its largest step takes."""
DOWNLOAD_TRIES = 3
"""Number of tries of such a command. What a try has downloaded, the next one finds in the command's own cache."""


def say(text: str) -> None:
    """Print one line for the user."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title: str) -> Generator[None]:
    """Announce a step and, when it has worked, say how long it took."""
    say(f"==> {title}")
    started = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - started:.1f} s")


class Waiting:
    """Says from time to time that something still goes on."""

    def __init__(self, what: str) -> None:
        """Start the clock."""
        self._what = what
        self._started = self._said = time.monotonic()

    def tick(self, detail: str = "") -> None:
        """Say so if nothing has been said for a while."""
        now = time.monotonic()
        if now - self._said >= _NOTICE_SECONDS:
            self._said = now
            say(f"    {now - self._started:.0f} s: {self._what}{detail}")


def run(  # noqa: PLR0913 - what commands differ in
    command: Sequence[str],
    *,
    what: str,
    log: Path,
    env: Mapping[str, str] | None = None,
    describe: Callable[[list[str]], str] = lambda _lines: "",
    silent_seconds: float = math.inf,
    tries: int = 1,
) -> None:
    """Run a long command with its output in a log file; report progress, and its last lines if it fails.

    Args:
        command: The command line.
        what: What it does, for the progress lines.
        log: Where its output goes.
        env: Its whole environment, if not ours.
        describe: Makes a progress detail of the lines seen so far.
        silent_seconds: For how long it may print nothing; a download that stalls would otherwise take for ever.
        tries: How often it is run if it is too long silent.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    code: int | None = None
    waiting = Waiting(what)
    for _ in range(tries):
        lines.clear()
        code = _once(command, log, env, silent_seconds, lines=lines, tick=lambda: waiting.tick(describe(lines)))
        if code is not None:
            break
        say(f"    {what} printed nothing for {silent_seconds:g} s and was stopped")
    if code != 0:
        tail = "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
        ended = f"exit code {code}" if code is not None else f"nothing printed for {silent_seconds:g} s, {tries} times"
        raise EngineError(f"{what} failed ({ended}), full output in {log}:\n{tail}")


def _once(  # noqa: PLR0913
    command: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None,
    silent_seconds: float,
    *,
    lines: list[str],
    tick: Callable[[], None],
) -> int | None:
    """Run it once and collect its lines; return its exit code, or None where it was stopped because it was silent."""
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Its own children hold its output, and are stopped with it.
            process_group=0,
        ) as process,
    ):
        heard = time.monotonic()

        def read() -> None:
            nonlocal heard
            for line in process.stdout or ():
                heard = time.monotonic()
                lines.append(line.rstrip())
                file.write(line)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            while process.poll() is None:
                tick()
                if time.monotonic() - heard > silent_seconds:
                    _kill(process)
                    # Its last lines say where it was; a process that left the group may hold its output for long.
                    reader.join(_LAST_LINES_SECONDS)
                    return None
                time.sleep(0.1)
        except BaseException:
            _kill(process)
            raise
        reader.join()
        return process.returncode


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
