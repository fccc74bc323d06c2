"""What ends without being asked to comes back by itself, with everything that was written.

The frontends are killed in `tests/frontends`. The restart of a whole Docker daemon is in `test_remote_daemon.py`, where
there is one that nothing else needs.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from time import monotonic

import pytest

from simulators.waiting import eventually
from tests.e2e.audit import assert_nothing_is_lost, write_a_row
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]

_READY_SECONDS = 300
"""On a busy machine. A start of the real server takes up to 12 s on half a processor; Docker waits before another."""


@pytest.mark.parametrize("part", ["database", "server"])
def test_a_killed_process_is_back_without_help(
    stack: Stack, part: str, record_property: Callable[[str, object], None]
) -> None:
    client, container = stack.client, stack.container(part)
    written = write_a_row(stack)
    before = stack.inspect(container)
    # The process and not `docker kill`, after which Docker takes the container for one that was stopped on purpose.
    os.kill(before["State"]["Pid"], signal.SIGKILL)
    began = monotonic()
    eventually(
        "another start", lambda: stack.inspect(container)["RestartCount"] > before["RestartCount"], _READY_SECONDS
    )
    eventually("ready", client.finds_it_ready, _READY_SECONDS)
    record_property("ready again after", f"{monotonic() - began:.1f} s")
    assert_nothing_is_lost(stack, written)
    health = lambda: stack.inspect(container)["State"]["Health"]["Status"]  # noqa: E731
    eventually("Docker calls it healthy again", lambda: health() == "healthy", _READY_SECONDS)
