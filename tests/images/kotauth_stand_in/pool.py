"""A pool of database connections with a fixed upper size, as the real server's: 3 s wait, then an error.

A connection that broke is thrown away and replaced by the next caller, so the server recovers by itself after the
database was away. Idle connections are kept for good (the real pool closes some after five minutes).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep

import pg8000.native

from .jdbc import Database

WAIT_SECONDS = 3.0
ANSWER_SECONDS = 3.0
"""How long connecting and each later answer may take: also the time after which a vanished database is noticed."""
RETRY_SECONDS = 0.2
CHECK_AFTER_IDLE_SECONDS = 0.5

_BROKEN = (pg8000.native.InterfaceError, pg8000.native.DatabaseError, OSError)
_Idle = tuple[pg8000.native.Connection, float]
"""A connection and since when it is idle."""


class NoConnectionError(Exception):
    """No connection was to be had in time."""


class Pool:
    """Connections for `with pool.transaction() as connection`."""

    def __init__(self, database: Database, max_size: int, min_idle: int) -> None:
        if max_size < 1:
            raise ValueError("maxPoolSize cannot be less than 1")
        self._database = database
        self._max_size = max_size
        self._size = 0
        self._idle: list[_Idle] = []
        self._changed = threading.Condition()
        for connection in [self._open() for _ in range(max(0, min(min_idle, max_size)))]:
            self._give_back(connection)

    @contextmanager
    def transaction(self, wait_seconds: float = WAIT_SECONDS) -> Iterator[pg8000.native.Connection]:
        """One transaction: committed at the end, rolled back on an error. Raises NoConnectionError after the wait."""
        connection = self._take(wait_seconds)
        try:
            connection.run("START TRANSACTION")
            yield connection
            connection.run("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise
        self._give_back(connection)

    def _take(self, wait_seconds: float) -> pg8000.native.Connection:
        deadline = monotonic() + wait_seconds
        cause: Exception | None = None
        while True:
            idle = self._idle_or_reserved(deadline)
            if isinstance(idle, NoConnectionError):
                raise idle from cause
            if idle is None:
                try:
                    return self._database.connect(ANSWER_SECONDS)
                except _BROKEN as error:
                    cause = error
                    self._forget()
                    sleep(RETRY_SECONDS)
            elif self._alive(idle):
                return idle[0]
            else:
                self._discard(idle[0])

    def _idle_or_reserved(self, deadline: float) -> _Idle | NoConnectionError | None:
        """An idle connection; None when the caller now holds the right to open one; else the error to raise."""
        with self._changed:
            while not self._idle:
                left = deadline - monotonic()
                if left <= 0:
                    return NoConnectionError(
                        f"HikariPool-1 - Connection is not available, request timed out ({self._size} open)"
                    )
                if self._size < self._max_size:
                    self._size += 1
                    return None
                self._changed.wait(left)
            return self._idle.pop()

    @staticmethod
    def _alive(idle: _Idle) -> bool:
        connection, since = idle
        if monotonic() - since < CHECK_AFTER_IDLE_SECONDS:
            return True
        try:
            connection.run("SELECT 1")
        except _BROKEN:
            return False
        return True

    def _open(self) -> pg8000.native.Connection:
        connection = self._database.connect(ANSWER_SECONDS)
        self._size += 1
        return connection

    def _roll_back(self, connection: pg8000.native.Connection) -> None:
        try:
            connection.run("ROLLBACK")
        except _BROKEN:
            self._discard(connection)
        else:
            self._give_back(connection)

    def _give_back(self, connection: pg8000.native.Connection) -> None:
        with self._changed:
            self._idle.append((connection, monotonic()))
            self._changed.notify()

    def _discard(self, connection: pg8000.native.Connection) -> None:
        with suppress(*_BROKEN):
            connection.close()
        self._forget()

    def _forget(self) -> None:
        with self._changed:
            self._size -= 1
            self._changed.notify()
