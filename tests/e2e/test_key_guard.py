"""A secret key that is not the database's stops the `up`, and never a server that runs."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Callable, Iterator
from time import monotonic

import pytest

from components.kotauth.secret_key import chain_key_id
from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]


@pytest.fixture
def wrong_key(changing: Stack) -> Iterator[str]:
    """Configure a key that the database doesn't know, as long as the test runs."""
    key = secrets.token_hex(32)
    changing.project.pulumi("config", "set", "--secret", "secretKey", "--", key)
    yield key
    changing.project.pulumi("config", "rm", "secretKey", check=False)


def test_another_secret_key_is_refused_before_a_server_starts(
    changing: Stack, wrong_key: str, record_property: Callable[[str, object], None]
) -> None:
    client, password, server = changing.client, changing.outputs["adminPassword"], changing.container("server")
    assert client.login(password).status == 302
    database_key = changing.administrator_sql("SELECT chain_key_id FROM kotauth.audit_log ORDER BY id DESC LIMIT 1")

    began = monotonic()
    with _parts_made(changing) as made:
        failed = changing.project.up(check=False)
    record_property("refused after", f"{monotonic() - began:.0f} s")
    assert failed.code
    guard = [line.strip() for line in failed.output.splitlines() if "does not fit this database" in line]
    assert guard[-1] == (
        f"error: kotauth-server-key-guard: key guard: the secret key (key id {chain_key_id(wrong_key)}) does not fit "
        f"this database: its newest audit row was written with the key of id {database_key}. Every login would fail, "
        "so the server is not started. Give back the old key; it can't be made again."
    )
    assert wrong_key not in failed.output
    assert set(made) == {"files", "job"}
    assert changing.containers("server", stopped=True) == [server]

    # The old server's files are still its own, also when it reads them again.
    docker("restart", server)
    eventually("an answer", client.finds_it_ready)
    assert client.login(password).status == 302

    changing.project.pulumi("config", "rm", "secretKey")
    changing.project.up()
    assert client.login(password).status == 302


@contextlib.contextmanager
def _parts_made(stack: Stack) -> Iterator[list[str]]:
    """Yield a list that holds, after the block, the part of each container that was made in it, kept or not.

    Heard as it happens: the daemon remembers its last 256 events only, and each health check is three.
    """
    filters = ["--filter", f"label=kotauth.stack=kotauth/{stack.project.stack}", "--filter", "event=create"]
    part = '{{index .Actor.Attributes "kotauth.part"}}'
    command = ["docker", "events", *filters, "--format", part]
    parts: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as events:
        try:
            yield parts
        finally:
            events.terminate()
            parts += events.communicate()[0].split()
