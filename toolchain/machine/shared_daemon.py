"""One Docker daemon for all processes that run tests: who comes first starts it, who leaves last stops it."""

from __future__ import annotations

import os
from pathlib import Path

from toolchain.machine import cache, docker


class SharedDaemon:
    """A daemon that this process uses, from `join` to `leave`, beside others with the same folder."""

    def __init__(self, folder: Path) -> None:
        """Keep the list of its users in `folder`."""
        self._users = folder / "docker-users"
        self._started = folder / "docker-started"
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
        """Stop it if it was started here and no process uses it any more."""
        with cache.lock("dockerd"):
            self._me.unlink()
            if self._started.exists() and not any(_runs(int(user.name)) for user in self._users.iterdir()):
                running = docker.ensure_daemon()
                if running.pid:
                    running.stop()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
