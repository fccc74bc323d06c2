"""Audit rows of a running stack, by which a test sees that nothing is lost which was written."""

from __future__ import annotations

from tests.e2e.forwarded import Workspace
from tests.e2e.stack import Stack

_WRITTEN = "SELECT count(*) FROM kotauth.audit_log"


def write_a_row(stack: Stack) -> int:
    """Have the server write an audit row as late as possible, and return how many there are now.

    By a login that fails, in a workspace of its own: those that work are counted by other tests, and an address may
    try five in a minute.
    """
    Workspace(stack.client, stack.administrator_sql).through_the_frontend([])
    return int(stack.administrator_sql(_WRITTEN))


def assert_nothing_is_lost(stack: Stack, written: int) -> None:
    """Assert that there are still so many rows, and that the server writes the next one."""
    assert int(stack.administrator_sql(_WRITTEN)) == written, "rows of the audit log"
    assert write_a_row(stack) == written + 1, "rows of the audit log after another login"
