"""A new password of the server's database login: two logins take turns, so the old server goes on until it is replaced.

On the way there the administrator can't log in for a while, so that the job that makes the login fails.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack

import pytest

from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.e2e.held_engine import held
from tests.e2e.load import Load
from tests.e2e.pools import Pools
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]

_GIVE_BACK = """DO $$ BEGIN EXECUTE format('ALTER ROLE kotauth_admin PASSWORD %L',
trim(E' \\n' FROM pg_read_file('/run/secrets/administrator_password'))); END $$"""


@pytest.fixture
def locked_out(changing: Stack) -> Iterator[Callable[[], None]]:
    """Give the administrator a password that the program doesn't know; what is yielded gives the right one back."""
    changing.administrator_sql("ALTER ROLE kotauth_admin PASSWORD 'changed by hand'")

    def give_back(*, check: bool = True) -> None:
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "kotauth_admin", "kotauth"]
        exec_ = ["exec", "--interactive", "--env", "PGPASSWORD=changed by hand", changing.container("database")]
        docker(*exec_, *command, text=_GIVE_BACK, check=check)

    yield give_back
    give_back(check=False)


def test_a_rotation_loses_nothing_also_after_a_job_that_failed(
    changing: Stack, locked_out: Callable[[], None], record_property: Callable[[str, object], None]
) -> None:
    client, server = changing.client, changing.container("server")
    password = changing.outputs["adminPassword"]
    changing.project.configure(databasePasswordVersion="2")

    with Load(client) as load:
        failed = changing.project.up(check=False)
    assert failed.code
    assert re.search(
        'error: kotauth-database-role: .*password authentication failed for user "kotauth_admin"', failed.output
    )
    assert changing.containers("server") == [server]
    assert load.problems == []

    locked_out()
    # With its connections gone, the old server has to open new ones while it is replaced.
    changing.administrator_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kotauth_a'")
    time.sleep(1)  # from half a second of idleness on, it looks whether a connection is alive
    pools = Pools(changing, client, size=10)
    with ThreadPoolExecutor(1) as threads:
        up = threads.submit(changing.project.up)
        while not changing.administrator_sql("SELECT 1 FROM pg_roles WHERE rolname = 'kotauth_b'"):
            wait([up], timeout=0.3)
            assert not up.done(), up.result().output
        with ExitStack() as stack:
            with held(changing):
                before = _connections(changing, "kotauth_a")
                # Not earlier: on a busy machine visitors alone fill the pool, and nothing would be left to open.
                load = stack.enter_context(Load(client, password))
                pools.fill()
                opened = _connections(changing, "kotauth_a") - before
                # The new one may be starting beside it.
                assert server in changing.containers("server"), "too late to say anything about the old server"
            up.result()
    record_property("load", str(load))
    record_property("connections that the old server opened after the rotation", len(opened))
    assert load.problems == []
    assert load.dropped == 0
    assert pools.unanswered == []
    assert opened
    assert changing.environment(changing.container("server"))["DB_USER"] == "kotauth_b"
    assert _connections(changing, "kotauth_b")
    eventually("the old connections end", lambda: not _connections(changing, "kotauth_a"))


def _connections(stack: Stack, login: str) -> set[str]:
    """Return the process of each connection that a login holds."""
    by_login = stack.administrator_sql("SELECT usename, pid FROM pg_stat_activity WHERE usename IS NOT NULL")
    return {row.partition("|")[2] for row in by_login.splitlines() if row.startswith(f"{login}|")}
