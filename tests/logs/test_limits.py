"""What a log route takes of the machine, and what it says where it can't keep up."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

from components.logs.collector import METRICS, READER, SHIPPER
from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.logs.routes import SINK, Routes
from tests.logs.written import SOON_SECONDS, counts, state, writer

PARTS = (READER, SHIPPER)
MOST_MB = 192
RATE, SECONDS = 1000, 10


def test_a_thousand_lines_a_second(routes: Routes, record_property: Callable[[str, object], None]) -> None:
    before = {part: _process(routes, part) for part in PARTS}
    began, most = time.monotonic(), dict.fromkeys(PARTS, 0.0)
    with writer(routes.label, RATE, RATE * SECONDS) as container:
        while time.monotonic() - began < SECONDS:
            most = {part: max(most[part], _process(routes, part)[1]) for part in PARTS}
            time.sleep(0.5)
        took = time.monotonic() - began
        used = {part: _process(routes, part)[0] - before[part][0] for part in PARTS}
        eventually("all lines", lambda: len(routes.endpoint.lines(SINK, container)) >= RATE * SECONDS, SOON_SECONDS)
    for part in PARTS:
        record_property(part, f"{most[part]:.0f} MB, {used[part] / took:.1%} of a processor at {RATE} lines a second")
    limits = [
        json.loads(docker("inspect", routes.container("sink", part)))[0]["HostConfig"]["Memory"] for part in PARTS
    ]
    assert sum(limits) <= MOST_MB << 20
    assert sum(most.values()) < MOST_MB


def test_lines_that_docker_removes_before_they_are_read_are_counted(routes: Routes) -> None:
    """The queue of this route is small, so the reader waits, and Docker keeps only the newest lines."""
    watcher, lines = routes.container("sink", "watcher"), 3000
    lost_before = counts(watcher)["lost"]
    routes.endpoint.answer(503)
    try:
        # Docker keeps four seconds of these lines, so a busy machine still counts all of them.
        with writer(routes.label, 300, lines, size="200k") as container:
            eventually(
                "the end", lambda: docker("inspect", "--format={{.State.Status}}", container) == "exited", SOON_SECONDS
            )
            routes.endpoint.answer(200)
            eventually(
                "a count of lost lines",
                lambda: counts(watcher)["lost"] > lost_before,
                SOON_SECONDS,
                lambda: state(watcher),
            )
            received = lambda: len(routes.endpoint.lines(SINK, container))  # noqa: E731
            told = lambda: counts(watcher)["lost"] - lost_before  # noqa: E731
            eventually("all lines", lambda: received() + told() == lines, SOON_SECONDS, lambda: (received(), told()))
            assert 0 < received() < lines
            assert "lines were lost" in docker("logs", watcher)
    finally:
        routes.endpoint.answer(200)


def _process(routes: Routes, part: str) -> tuple[float, float]:
    """Return what a collector says of itself: processor seconds, and memory in MB."""
    command = ["curl", "-sf", f"http://{part}:{METRICS}/metrics"]
    metrics = docker("exec", routes.container("sink", "watcher"), *command)

    def value(name: str) -> float:
        return float(re.findall(rf"^otelcol_process_{name}(?:{{.*}})? (\S+)$", metrics, re.MULTILINE)[0])

    return value("cpu_seconds_total"), value("memory_rss_bytes") / (1 << 20)
