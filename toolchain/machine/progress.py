"""What the user sees while something takes long: what is being done, that it still goes on, how long it took.

Everything goes to standard error, so that the output of `make env` stays fit for `eval`.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import EngineError

_NOTICE_SECONDS = 10.0
_TAIL_LINES = 20


def say(text: str) -> None:
    """Print one line for the user."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
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


def run(
    command: Sequence[str],
    *,
    what: str,
    log: Path,
    env: Mapping[str, str] | None = None,
    describe: Callable[[list[str]], str] = lambda _lines: "",
) -> None:
    """Run a long command with its output in a log file; report progress, and its last lines if it fails.

    Args:
        command: The command line.
        what: What it does, for the progress lines.
        log: Where its output goes.
        env: Its whole environment, if not ours.
        describe: Makes a progress detail of the lines seen so far.
    """
    lines: list[str] = []
    log.parent.mkdir(parents=True, exist_ok=True)
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
        ) as process,
    ):

        def read() -> None:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                file.write(line)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        waiting = Waiting(what)
        try:
            while process.poll() is None:
                waiting.tick(describe(lines))
                time.sleep(0.1)
        except BaseException:
            process.kill()
            raise
        reader.join()
    if process.returncode != 0:
        tail = "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
        raise EngineError(f"{what} failed (exit code {process.returncode}), full output in {log}:\n{tail}")
