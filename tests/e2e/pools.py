"""Database connections of the server's generations, seen from the database."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from simulators.kotauth.client import Client
from tests.e2e.held_engine import held
from tests.e2e.stack import Stack

_HELD_SECONDS = 1.5
"""Well below the 3 s that the server waits for a connection."""
_BURST = 60
"""More than two pools, since either generation gets about half of them."""
_MOST_FILLS = 20
"""A server on a busy machine opens only some of its connections while one lock is held."""
_COUNT = "SELECT client_addr, count(*) FROM pg_stat_activity WHERE usename LIKE 'kotauth\\__' GROUP BY 1"
# Whatever asks for a workspace waits meanwhile, and each waiting request holds a connection. They are counted before
# the lock ends: on a busy machine a later look finds the old generation gone.
_HOLD = (
    f"BEGIN; LOCK TABLE kotauth.tenants IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep({_HELD_SECONDS}); {_COUNT}; COMMIT"
)


@dataclass
class Pools:
    """The pools of a running stack."""

    stack: Stack
    client: Client
    size: int
    """Connections of a full pool."""
    samples: list[dict[str, int]] = field(default_factory=list)
    """Connections by address, one address for each generation, as they were seen one after the other."""
    unanswered: list[str] = field(default_factory=list)
    """What went wrong with the requests that filled the pools."""

    @property
    def both_full(self) -> bool:
        """Whether two generations had a full pool at the same moment."""
        return any(sum(count >= self.size for count in sample.values()) > 1 for sample in self.samples)

    @property
    def most(self) -> int:
        """The most connections that were open at one moment."""
        return max(sum(sample.values()) for sample in self.samples)

    def look(self, statements: str = _COUNT) -> dict[str, int]:
        """Count the open connections by address."""
        rows = (row.split("|") for row in self.stack.administrator_sql(statements).splitlines() if "|" in row)
        sample = {address: int(count) for address, count in rows}
        self.samples.append(sample)
        return sample

    def fill(self) -> None:
        """Have every running server open all connections that it may, by requests that all wait for the same table."""
        with ThreadPoolExecutor(_BURST + 1) as threads:
            held = threads.submit(self.look, _HOLD)
            time.sleep(0.1)
            list(threads.map(self._ask, range(_BURST)))
            held.result()

    @contextlib.contextmanager
    def kept_full(self) -> Iterator[None]:
        """Keep the pools of all generations full while the block runs."""
        end = threading.Event()
        with ThreadPoolExecutor(1) as thread:
            watching = thread.submit(self._watch, end)
            try:
                yield
            finally:
                end.set()
            watching.result()

    def _watch(self, end: threading.Event) -> None:
        while not end.wait(0.3):
            # A server that listens has two; the jobs before its start have one.
            counts = [count for count in self.look().values() if count > 1]
            if len(counts) > 1 and not self.both_full:
                with held(self.stack):
                    self._fill_both()
            elif any(count < self.size for count in counts):
                self.fill()

    def _fill_both(self) -> None:
        for _ in range(_MOST_FILLS):
            self.fill()
            if self.both_full:
                return

    def _ask(self, _number: int) -> None:
        answer = self.client.get("/t/master/.well-known/openid-configuration")
        if answer.status != 200:
            self.unanswered.append(f"{answer.status} {answer.text[:100]}")


def database_log(stack: Stack) -> str:
    """Return all that the database server has written."""
    command = ["docker", "logs", stack.container("database")]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
