"""The database's address goes silent, as that of a dead host does, and the database comes back under another one.

No packet answers, so only the kernel's patience ends a connection. The probes are sockets of the server's own network
namespace: what the driver sees there, without the driver.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from components.docker.database import APPLY_ROLE, HOST
from components.kotauth.database import DATABASE_PORT
from components.postgres.server import ADMINISTRATOR
from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]

_SECONDS = 300
"""For a busy machine: 27 s are needed, and by the kernel's own numbers it would be a quarter of an hour at least."""
_MOST_HOLDERS = 8
"""Docker gives out the lowest free address, or, in some versions, the next one; then the old one is not given again."""
# One connection waits for an answer, the other one asks after the database is gone.
_PROBE = f"""
import socket, sys, threading
def connected():
    connection = socket.create_connection(("{HOST}", {DATABASE_PORT}))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connection
def end(name, connection):
    try:
        connection.recv(1)
    except TimeoutError:
        print(name, "given up", flush=True)
waiting, asking = connected(), connected()
print("connected", flush=True)
sys.stdin.readline()
asking.send(b"?")
threads = [threading.Thread(target=end, args=each) for each in (("waiting", waiting), ("asking", asking))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
_SLOW_ROLE_JOB = (
    'printf %s "$ADMINISTRATOR_PASSWORD" >/run/secrets/administrator_password; '
    f"echo 'SELECT pg_sleep(3600)' >/run/secrets/role.sql; {APPLY_ROLE}"
)


@contextmanager
def _container(network: str, image: str, *options: str, command: list[str]) -> Iterator[subprocess.Popen[str]]:
    name = f"kotauth-probe-{uuid.uuid4().hex}"
    start = ("docker", "run", "--rm", "--interactive", f"--name={name}", f"--label=kotauth.test={os.getpid()}")
    words = [*start, f"--network={network}", *options, f"--entrypoint={command[0]}", image, *command[1:]]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            docker("rm", "--force", name, check=False)


def _ask(probe: subprocess.Popen[str]) -> None:
    _pipe(probe.stdin).write("\n")
    _pipe(probe.stdin).flush()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe
    return pipe


def test_connections_are_given_up_and_the_server_finds_the_database_at_its_next_address(
    stack: Stack, simulator_images: list[str]
) -> None:
    database, server, client = stack.container("database"), stack.container("server"), stack.client
    (network,) = stack.inspect(database)["NetworkSettings"]["Networks"]
    address = _address(database, network)
    probe = ["python3", "-c", _PROBE]
    job_options = (
        *(f"--env={name}" for name in (f"PGHOST={HOST}", "PGDATABASE=kotauth", f"PGUSER={ADMINISTRATOR}")),
        f"--env=ADMINISTRATOR_PASSWORD={docker('exec', database, 'cat', '/run/secrets/administrator_password')}",
        "--tmpfs=/run/secrets:mode=1777",
    )
    image = stack.inspect(database)["Config"]["Image"]
    with (
        _container(f"container:{server}", simulator_images[0], command=probe) as servers,
        _container(network, simulator_images[0], command=probe) as others,
        _container(network, image, *job_options, command=["sh", "-c", _SLOW_ROLE_JOB]) as job,
    ):
        for each in (servers, others):
            assert _pipe(each.stdout).readline() == "connected\n"
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        eventually("the role job asks", lambda: stack.administrator_sql(sleeping) == "1")

        docker("network", "disconnect", network, database)
        try:
            _ask(servers)
            _ask(others)
            given_up, _ = servers.communicate(timeout=_SECONDS)
            assert sorted(given_up.splitlines()) == ["asking given up", "waiting given up"]
            _, error = job.communicate(timeout=_SECONDS)
            assert job.returncode
            assert "Connection timed out" in error
            # What has neither the parameters nor libpq's options still waits.
            assert others.poll() is None
        finally:
            with _taken(address, network, simulator_images[0]):
                docker("network", "connect", f"--alias={HOST}", network, database)
    assert _address(database, network) != address
    eventually("ready again", client.finds_it_ready, _SECONDS)
    assert client.login(stack.outputs["adminPassword"]).status == 302


def _address(container: str, network: str) -> str:
    return docker("inspect", "--format", f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}', container)


@contextmanager
def _taken(address: str, network: str, image: str) -> Iterator[None]:
    """Have other containers take the free addresses of a network, up to this one."""
    idle = ("run", "--detach", f"--network={network}", f"--label=kotauth.test={os.getpid()}", "--entrypoint=sleep")
    holders: list[str] = []
    try:
        while len(holders) < _MOST_HOLDERS and (not holders or _address(holders[-1], network) != address):
            holders.append(docker(*idle, image, "infinity"))
        yield
    finally:
        docker("rm", "--force", *holders)
