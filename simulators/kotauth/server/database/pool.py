"""A pool of database connections with a fixed upper size, as the real server's: three tries of 3 s, then an error.

The 3 s are the pool's (HikariCP), the three tries the database library's (Exposed repeats a transaction that failed).
Both hold for every request, so each takes 6 to 9 s to fail while the database refuses connections. A connection that
broke is thrown away and replaced by the next caller, so the server recovers by itself. A database that vanishes without
a reset is another matter: what waits for an answer then waits until the kernel gives up (`jdbc.py`).

Idle connections are kept for good (the real pool closes some after five minutes).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep

import pg8000.native

from .jdbc import Database, limit_answers

TRIES = 3
WAIT_SECONDS = 3.0
"""`connectionTimeout`, which also limits a login to the database."""
RETRY_SECONDS = 0.2
CHECK_AFTER_IDLE_SECONDS = 0.5
CHECK_SECONDS = 5.0
"""`validationTimeout`, HikariCP's default: how long the check of an idle connection may take."""

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
    def transaction(self) -> Iterator[pg8000.native.Connection]:
        """One transaction: committed at the end, rolled back on an error. Raises NoConnectionError after three waits.

        Only its beginning is tried again. The real server repeats the whole transaction.
        """
        connection = self._begin()
        try:
            yield connection
            connection.run("COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise
        self._give_back(connection)

    def _begin(self, tries: int = TRIES) -> pg8000.native.Connection:
        connection = None
        try:
            connection = self._take()
            connection.run("START TRANSACTION")
        except (NoConnectionError, *_BROKEN):
            if connection:
                self._discard(connection)
                self._discard_idle()
            if tries == 1:
                raise
            return self._begin(tries - 1)
        return connection

    def _take(self) -> pg8000.native.Connection:
        deadline = monotonic() + WAIT_SECONDS
        cause: Exception | None = None
        while True:
            idle = self._idle_or_reserved(deadline)
            if isinstance(idle, NoConnectionError):
                raise idle from cause
            if idle is None:
                try:
                    return self._database.connect(WAIT_SECONDS)
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
            while (left := deadline - monotonic()) > 0:
                if self._idle:
                    return self._idle.pop()
                if self._size < self._max_size:
                    self._size += 1
                    return None
                self._changed.wait(left)
        return NoConnectionError(f"HikariPool-1 - Connection is not available, request timed out ({self._size} open)")

    def _alive(self, idle: _Idle) -> bool:
        connection, since = idle
        if monotonic() - since < CHECK_AFTER_IDLE_SECONDS:
            return True
        try:
            limit_answers(connection, CHECK_SECONDS)
            connection.run("SELECT 1")
            limit_answers(connection, self._database.socket_seconds)
        except _BROKEN:
            return False
        return True

    def _open(self) -> pg8000.native.Connection:
        connection = self._database.connect(WAIT_SECONDS)
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

    def _discard_idle(self) -> None:
        """What broke one connection broke those beside it: only one try may fail at once."""
        with self._changed:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            self._discard(connection)

    def _forget(self) -> None:
        with self._changed:
            self._size -= 1
            self._changed.notify()
