"""The watcher of the log route, as a program: what it says of collectors whose metrics a test makes up."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from components.logs import watcher

PROGRAM = Path(watcher.__file__).parent / "watch.awk"
_SECONDS = 120
"""For each test on a busy machine; most need two."""
QUICK = {"TICK": "0.1", "PATIENCE": "1", "REMEMBERED": "1", "FULL": "1"}
_ACCEPTED = "otelcol_receiver_accepted_log_records_total"
_ANSWERS = "http_client_request_duration_seconds_count"
ENDPOINT = "https://loki.example.com/otlp/v1/logs"


def _status(status: str) -> str:
    return f'http_response_status_code="{status}"'


class Collectors:
    """Two collectors that answer with the metrics they are given."""

    def __init__(self) -> None:
        self.reader: dict[str, float] | None = {"written": 0, "read": 0}
        self.shipper: dict[str, float] | None = {"sent": 0, "refused": 0, "waiting": 0}
        self.answers: dict[str, int] = {}
        self.is_full = False
        """Whether the shipper tells the reader to wait, at each look again."""
        self._told_to_wait = 0
        self.catching_up: list[float] = []
        """What the reader has read at each of the next looks, and the shipper has sent."""
        self.looks = 0
        """How often the reader was asked."""

    def metrics(self, path: str) -> str | None:
        """Return the metrics at the path of one of them, None where it doesn't answer."""
        if path.startswith("/reader") and self.reader is not None:
            counts = self.reader
            self.looks += 1
            self._told_to_wait += self.is_full
            if self.catching_up:
                counts["read"] = self.catching_up.pop(0)
                self.shipper = {"sent": counts["read"], "refused": 0, "waiting": 0}
            return "\n".join(
                [
                    f'{_ACCEPTED}{{otel_scope_name="x",receiver="file_log"}} {counts["read"]}',
                    f'{_ACCEPTED}{{otel_scope_name="x",receiver="file_log/written"}} {counts["written"]}',
                    f'{_ANSWERS}{{http_response_status_code="503"}} {self._told_to_wait}',
                ]
            )
        if path.startswith("/shipper") and self.shipper is not None:
            counts = self.shipper
            return "\n".join(
                [
                    f'otelcol_exporter_sent_log_records_total{{exporter="otlp_http"}} {counts["sent"]}',
                    f'otelcol_exporter_send_failed_log_records_total{{error_type="x"}} {counts["refused"]}',
                    f"otelcol_exporter_queue_size{{}} {counts['waiting']:e}",
                    "otelcol_process_uptime_seconds_total{} 5.5",
                    *(f"{_ANSWERS}{{{status}}} {count}" for status, count in self.answers.items()),
                ]
            )
        return None


class Watched:
    """The program that runs from the first question on, and what it says."""

    def __init__(self, collectors: Collectors, health: Path, command: list[str]) -> None:
        self.collectors = collectors
        self._health, self._command = health, command
        self._printed: list[str] = []
        self._until = time.monotonic() + _SECONDS

    @cached_property
    def _process(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=lambda: self._printed.extend(process.stdout or ()), daemon=True).start()
        return process

    @property
    def line(self) -> str:
        """What it last wrote about the health."""
        return self._health.read_text() if self._health.exists() else ""

    def says(self, text: str) -> str:
        """Wait until the line of its health has this text, and return it."""
        while text not in (line := self.line):
            self._wait()
        return line

    def prints(self, text: str) -> dict[str, Any]:
        """Wait until it prints a line with this text, also one that its health had for a moment only, and return it."""
        while not (found := [line for line in self._printed if text in line]):
            self._wait()
        return json.loads(found[-1])

    def looks(self, times: int) -> None:
        """Wait until it has looked so often again."""
        # The look that goes on may have begun before.
        wanted = self.collectors.looks + times + 1
        while self.collectors.looks < wanted:
            self._wait()

    def _wait(self) -> None:
        assert self._process.poll() is None
        assert time.monotonic() < self._until, self.line
        time.sleep(0.05)

    def end(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    collectors = Collectors()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            metrics = collectors.metrics(self.path)
            self.send_response(200 if metrics else 503)
            self.end_headers()
            self.wfile.write((metrics or "").encode() + b"\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address, health = f"http://127.0.0.1:{server.server_port}", tmp_path / "health"
    variables = {"HEALTH": str(health), "ENDPOINT": ENDPOINT, **QUICK}
    variables |= {"READER": f"{address}/reader", "SHIPPER": f"{address}/shipper"}
    command = ["awk", *(word for name, value in variables.items() for word in ("-v", f"{name}={value}")), "-f"]
    watched = Watched(collectors, health, [*command, str(PROGRAM)])
    yield watched
    watched.end()
    server.shutdown()
    server.server_close()


def test_lines_that_get_through(watched: Watched) -> None:
    watched.collectors.reader = {"written": 2_000_000, "read": 2_000_000}
    watched.collectors.shipper = {"sent": 2_000_000, "refused": 0, "waiting": 0}
    began = int(time.time())
    line = watched.says(" ok ok: 2000000 lines read, 2000000 sent, 0 refused, 0 lost, 0 bytes waiting")
    assert began <= int(line.split()[0]) <= time.time()
    assert watched.prints("") == {
        "level": "INFO",
        "message": f"log route to {ENDPOINT}: ok: 2000000 lines read, 2000000 sent, 0 refused, 0 lost, 0 bytes waiting",
    }


@pytest.mark.parametrize(
    ("answers", "said"),
    [({_status("429"): 3}, "it answers 429"), ({"": 3}, "it gives no answer")],
)
def test_lines_that_wait_in_vain(watched: Watched, answers: dict[str, int], said: str) -> None:
    watched.collectors.reader = {"written": 5, "read": 5}
    watched.collectors.shipper = {"sent": 0, "refused": 0, "waiting": 67_000_000}
    watched.collectors.answers = answers
    watched.says(f" failed the endpoint takes no lines ({said}): 5 lines read, 0 sent, 0 refused, 0 lost, 67000000")
    watched.collectors.shipper = {"sent": 5, "refused": 0, "waiting": 0}
    watched.says(" ok ok: 5 lines read, 5 sent")
    assert watched.prints("takes no lines")["level"] == "WARN"
    assert watched.prints(" ok: 5 lines read, 5 sent")["level"] == "INFO"


def test_lines_that_are_refused(watched: Watched) -> None:
    watched.collectors.reader = {"written": 9, "read": 9}
    for refused, status in enumerate(("401", "403", "404", "413", "400"), start=1):
        watched.collectors.answers[_status(status)] = 1
        watched.collectors.shipper = {"sent": 0, "refused": refused, "waiting": 0}
        watched.says(
            f" failed the endpoint refuses lines (it answers {status}): 9 lines read, 0 sent, {refused} refused"
        )
    watched.collectors.shipper = {"sent": 4, "refused": 5, "waiting": 0}
    watched.says(" ok ok: 9 lines read, 4 sent, 5 refused, 0 lost")


@pytest.mark.parametrize("part", ["reader", "shipper"])
def test_a_collector_that_does_not_answer(watched: Watched, part: str) -> None:
    watched.collectors.reader = {"written": 1, "read": 1}
    watched.says(" ok ")
    setattr(watched.collectors, part, None)
    watched.says(f" failed the {part} does not answer")


def test_a_reader_that_finds_nothing(watched: Watched) -> None:
    watched.says(" failed the reader finds no lines of this stack")


def test_lines_that_are_gone_before_they_are_read(watched: Watched) -> None:
    watched.collectors.reader = {"written": 1000, "read": 100}
    watched.collectors.shipper = {"sent": 0, "refused": 0, "waiting": 5}
    watched.collectors.is_full = True
    line = watched.says("takes no lines (it gives no answer), and the queue is full: 100 lines read")
    assert " 0 lost" in line
    watched.collectors.is_full = False
    # It catches up, with all that is still there.
    watched.collectors.catching_up = [300, 500, 600]
    lost = (
        "lines were lost, because Docker removed them before they were read: 600 lines read, 600 sent, 0 refused, 400"
    )
    assert watched.prints(lost)["level"] == "WARN"
    watched.says(" ok ok: 600 lines read, 600 sent, 0 refused, 400 lost")


def test_a_reader_that_starts_again_has_lost_nothing(watched: Watched) -> None:
    watched.collectors.reader = {"written": 1000, "read": 1000}
    watched.says("1000 lines read")
    # What it counted since the last look is gone, of one more than of the other.
    watched.collectors.reader = {"written": 40, "read": 10}
    watched.says("1010 lines read")
    watched.looks(8)
    watched.says(" ok ok: 1010 lines read, 0 sent, 0 refused, 0 lost")
