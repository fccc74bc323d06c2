"""An outage of the endpoint that log lines go to, and what must hold after it, however long it was."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.e2e.load import Load
from tests.e2e.loki import Loki
from tests.e2e.stack import Stack
from tests.logs.otlp import Line
from tests.logs.written import SOON_SECONDS, counts, state, writer

PER_SECOND = 50
MOST_LATE = 1000
"""What the shipper was sending when it was killed, and what it had gathered for the next request."""
_CALM_SECONDS = 10
_SLOWER_SECONDS = 0.25
"""So much longer the median visitor may wait while the endpoint is away."""
_FILE = "100k"
"""Docker rotates a file of this size every 4 s at 50 lines a second."""


@dataclass
class Report:
    """What an outage was like."""

    asked_seconds: float
    sent: int = 0
    received: int = 0
    doubled: int = 0
    late: int = 0
    """Lines that came after a later one."""
    rotations: int = 0
    unhealthy: tuple[str, str] = ("", "")
    """Health and line of the watcher at the end of the outage."""
    back_seconds: float = 0.0
    healthy_seconds: float = 0.0
    counted: Mapping[str, int] | None = None
    """What the watcher says in the end."""
    before: str = ""
    during: str = ""
    before_median: float = 0.0
    during_median: float = 0.0
    before_p99: float = 0.0
    during_p99: float = 0.0
    problems: tuple[str, ...] = ()

    @property
    def lost(self) -> int:
        """Lines that were sent and never came."""
        return self.sent - self.received

    def __str__(self) -> str:
        return "\n".join(
            [
                f"endpoint away: {self.asked_seconds:.0f} s at {PER_SECOND} lines a second",
                "shipper and reader killed once each",
                f"Docker's file rotated at least {self.rotations} times",
                f"lines: sent {self.sent}, received {self.received}, doubled {self.doubled}, lost {self.lost}, "
                f"in order but for {self.late} lines that came late",
                f"all lines there {self.back_seconds:.1f} s after the endpoint's return",
                f"healthy {self.healthy_seconds:.1f} s after it",
                f"the watcher: {self.unhealthy[0]}, {self.unhealthy[1]}; in the end {self.counted}",
                f"server before: {self.before}, median {_ms(self.before_median)}, p99 {_ms(self.before_p99)}",
                f"server during: {self.during}, median {_ms(self.during_median)}, p99 {_ms(self.during_p99)}",
            ]
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def outage(stack: Stack, loki: Loki, seconds: float) -> Report:
    """Take the endpoint away for so long, while a container writes lines and visitors use the server."""
    report = Report(seconds, sent=int(PER_SECOND * (seconds + _CALM_SECONDS)))
    label = f"kotauth/{stack.project.stack}"
    watcher = stack.container("log-watcher")
    with writer(label, PER_SECOND, report.sent, size=_FILE) as container:
        with Load(stack.client) as load:
            time.sleep(_CALM_SECONDS)
        report.before, report.before_median, report.before_p99 = str(load), _waited(load, 0.5), _waited(load, 0.99)
        loki.endpoint.set_up(up=False)
        began = time.monotonic()
        try:
            with Load(stack.client) as load:
                for share, part in ((1 / 3, "log-shipper"), (2 / 3, "log-reader")):
                    time.sleep(max(0.0, began + seconds * share - time.monotonic()))
                    killed = stack.container(part)
                    docker("kill", killed)
                    docker("start", killed)
                time.sleep(max(0.0, began + seconds - time.monotonic()))
                eventually("unhealthy", lambda: state(watcher)[0] == "unhealthy", SOON_SECONDS, lambda: state(watcher))
                # Other tests on the same processors slow visitors down for a while only, and the endpoint stays away.
                most = report.before_median + _SLOWER_SECONDS
                eventually(
                    "quick answers", lambda: _waited(load, 0.5, 5) < most, SOON_SECONDS, lambda: _waited(load, 0.5, 5)
                )
            report.unhealthy = state(watcher)
        finally:
            loki.endpoint.set_up(up=True)
        report.during, report.during_median, report.during_p99 = str(load), _waited(load, 0.5), _waited(load, 0.99)
        report.problems = tuple(load.problems)
        report.rotations = _rotations(container, report.sent)

        def taken() -> list[Line]:
            return loki.endpoint.lines(container=container)

        report.back_seconds = eventually(
            "all lines", lambda: len(_numbers(taken())) >= report.sent, SOON_SECONDS, lambda: len(_numbers(taken()))
        )
        report.healthy_seconds = report.back_seconds + eventually(
            "healthy", lambda: state(watcher)[0] == "healthy", SOON_SECONDS, lambda: state(watcher)
        )
    lines = taken()
    numbers = _numbers(lines)
    report.received, report.doubled = len(numbers), len(lines) - len(numbers)
    report.late = sum(number < latest for number, latest in zip(numbers, accumulate(numbers, max), strict=True))
    report.counted = counts(watcher)
    return report


def check(report: Report) -> None:
    """Assert what must hold: of 30 seconds as of ten minutes."""
    assert report.lost == 0
    assert report.late <= MOST_LATE
    assert report.rotations >= 3
    assert report.unhealthy[0] == "unhealthy"
    assert report.unhealthy[1].startswith("the endpoint takes no lines (it gives no answer)")
    assert report.counted
    assert (report.counted["refused"], report.counted["lost"]) == (0, 0)
    assert report.problems == ()


def _waited(load: Load, share: float, last_seconds: float = math.inf) -> float:
    """Return how long visitors waited, for an answer that came in the last seconds; for ever where none came."""
    since = time.monotonic() - load.began - last_seconds
    waited = sorted(outcome.seconds for outcome in load.outcomes if outcome.due + outcome.seconds > since)
    return waited[int(share * (len(waited) - 1))] if waited else math.inf


def _numbers(lines: list[Line]) -> list[int]:
    """Return the numbers of the lines, each where it came first."""
    return list(dict.fromkeys(int(line.attributes["requestId"].rpartition("-")[2]) for line in lines))


def _rotations(container: str, sent: int) -> int:
    """Return how often Docker has rotated the file at least: it keeps two whole ones and one that grows."""
    kept = docker("logs", container).count("\n") + 1
    return sent // max(1, kept // 2) - 1
