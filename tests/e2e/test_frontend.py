"""What a change of the frontend's ports costs. `tests/frontends` changes its files."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable

import pytest

from simulators.kotauth.client import Client
from tests.e2e.stack import Stack, free_port

pytestmark = [pytest.mark.docker, pytest.mark.engine]

_GAP_BOUND_SECONDS = 60


def test_other_ports_cost_a_short_gap(changing: Stack, record_property: Callable[[str, object], None]) -> None:
    client, frontend = changing.client, changing.container("frontend")
    port = free_port()
    changing.project.configure(httpPort=str(port))
    with _Gap(client) as gap:
        changing.project.up()
    record_property("gap of https while the http port changed", f"{gap.seconds:.1f} s")
    assert changing.container("frontend") != frontend
    plain = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    plain.request("GET", "/", headers={"Host": "kotauth.localhost"})
    assert plain.getresponse().status == 308
    assert 0 < gap.seconds < _GAP_BOUND_SECONDS


class _Gap:
    """Asks twenty times a second on a new connection; the gap is the longest time without an answer."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.seconds = 0.0

    def __enter__(self) -> _Gap:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _ask(self) -> None:
        last = time.monotonic()
        while not self._end.wait(0.05):
            if self._client.finds_it_ready():
                self.seconds = max(self.seconds, time.monotonic() - last)
                last = time.monotonic()
        self.seconds = max(self.seconds, time.monotonic() - last)
