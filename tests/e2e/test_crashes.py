"""What ends without being asked to comes back by itself, with everything that was written."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from engine.docker import Daemon
from tests.e2e.forwarded import Workspace
from tests.e2e.stack import Stack
from tests.images.lab import eventually
from tests.shared_daemon import SharedDaemon

pytestmark = [pytest.mark.docker, pytest.mark.engine]

_READY_SECONDS = 60
"""A start of the real server takes up to 12 s on half a processor; Docker waits longer after each failed one."""
_DAEMON_READY_SECONDS = 120
_WRITTEN = "SELECT count(*) FROM kotauth.audit_log"


@pytest.mark.parametrize("part", ["database", "frontend", "server"])
def test_a_killed_process_is_back_without_help(
    stack: Stack, part: str, record_property: Callable[[str, object], None]
) -> None:
    client, container = stack.client, stack.container(part)
    written = _write_a_row(stack)
    before = stack.inspect(container)
    # The process and not `docker kill`, after which Docker takes the container for one that was stopped on purpose.
    os.kill(before["State"]["Pid"], signal.SIGKILL)
    began = monotonic()
    eventually("another start", lambda: stack.inspect(container)["RestartCount"] > before["RestartCount"])
    eventually("ready", client.finds_it_ready, _READY_SECONDS)
    record_property("ready again after", f"{monotonic() - began:.1f} s")
    _assert_nothing_is_lost(stack, written)


@pytest.fixture
def alone(shared_daemon: SharedDaemon) -> Iterator[None]:
    """Wait for other processes that run tests until none needs the daemon."""
    with shared_daemon.alone():
        yield


@pytest.mark.usefixtures("alone")
def test_a_restarted_daemon_brings_every_stack_back(
    stack: Stack, changing: Stack, daemon: Daemon, record_property: Callable[[str, object], None]
) -> None:
    if not daemon.started and not os.environ.get("KOTAUTH_OWN_DOCKERD"):
        pytest.skip("the Docker daemon was there before the tests: it is not theirs to restart")
    assert daemon.started, "KOTAUTH_OWN_DOCKERD is set, but a daemon was there before the tests"
    clients = [stack.client, changing.client]
    written = [_write_a_row(stack), _write_a_row(changing)]
    daemon.restart()
    began = monotonic()
    eventually("ready", lambda: all(client.finds_it_ready() for client in clients), _DAEMON_READY_SECONDS)
    record_property("ready again after", f"{monotonic() - began:.1f} s")
    _assert_nothing_is_lost(stack, written[0])
    _assert_nothing_is_lost(changing, written[1])


def _write_a_row(stack: Stack) -> int:
    """Have the server write an audit row as late as possible, and return how many there are now.

    By a login that fails, in a workspace of its own: those that work are counted by other tests, and an address may
    try five in a minute.
    """
    Workspace(stack.client, stack.administrator_sql).through_the_frontend([])
    return int(stack.administrator_sql(_WRITTEN))


def _assert_nothing_is_lost(stack: Stack, written: int) -> None:
    assert int(stack.administrator_sql(_WRITTEN)) == written
    assert _write_a_row(stack) == written + 1
