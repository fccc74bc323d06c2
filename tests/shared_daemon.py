"""One Docker daemon for all processes that run tests: who comes first starts it, who leaves last stops it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine import cache, docker

_ALONE_SECONDS = 1800
"""As long as all tests of hosts may take."""


class SharedDaemon:
    """A daemon that this process uses, from `join` to `leave`, beside others with the same folder."""

    def __init__(self, folder: Path) -> None:
        self._users = folder / "docker-users"
        self._started = folder / "docker-started"
        self._running = folder / "docker-running"
        self._me = self._users / str(os.getpid())

    def join(self) -> docker.Daemon:
        """Return the daemon, which says that it was started if any of the processes did that."""
        self._users.mkdir(exist_ok=True)
        with cache.lock("dockerd"):
            running = docker.ensure_daemon()
            if running.started:
                self._started.touch()
            running.started = self._started.exists()
            self._me.touch()
        return running

    def leave(self) -> None:
        """Stop it if it was started here and nobody uses it any more."""
        with cache.lock("dockerd"):
            self._me.unlink()
            if self._started.exists() and not any(_lives(int(user.name)) for user in self._users.iterdir()):
                running = docker.ensure_daemon()
                if running.pid:
                    running.stop()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Promise that it goes on for as long as this lasts."""
        with self._running.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody needs it to go on."""
        with self._running.open("w") as file:
            give_up = time.monotonic() + _ALONE_SECONDS
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    assert time.monotonic() < give_up, "other tests still need the Docker daemon"
                    time.sleep(1)
            yield


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
