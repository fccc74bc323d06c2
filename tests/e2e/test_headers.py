"""What the server believes about who asks, under which name, and over which scheme.

`tests/frontends` shows that each frontend sends it the same, whatever a client claims.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.docker_command import docker
from simulators.kotauth.client import FORM
from tests.e2e.forwarded import SPOOFED, WRONG_LOGIN, Belief, Headers, Workspace, send
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]


def straight(stack: Stack, workspace: Workspace, headers: Headers) -> Belief:
    """Ask the server itself, from a container of the frontend's network."""
    cookie = ("-b", workspace.begin_login())
    lines = [argument for name, value in headers for argument in ("-H", f"{name}: {value}")]
    login = ["-o", "/dev/null", "-d", WRONG_LOGIN, *cookie]
    network = docker(
        "network",
        "ls",
        "-q",
        "-f",
        f"label=kotauth.stack=kotauth/{stack.project.stack}",
        "-f",
        "label=kotauth.network=frontend",
    )
    image = stack.inspect(stack.container("server"))["Image"]
    text = docker(
        *("run", "--rm", f"--network={network}", "--entrypoint=curl", image),
        *("-s", *lines, *login, f"http://kotauth:8080{workspace.login}"),
        *("--next", "-s", *lines, f"http://kotauth:8080{workspace.discovery}"),
    )
    return workspace.belief(text)


@pytest.fixture(scope="module")
def workspace(stack: Stack) -> Iterator[Workspace]:
    """Yield the workspace, and remove it with everything that the tests left in it."""
    made = Workspace(stack.client, stack.administrator_sql)
    yield made
    made.remove()


@pytest.fixture
def own_workspace(stack: Stack) -> Iterator[Workspace]:
    """Yield a workspace whose allowed tries a test may use up."""
    made = Workspace(stack.client, stack.administrator_sql)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def truth(workspace: Workspace) -> Belief:
    """Return what the server believes of an honest request."""
    return workspace.through_the_frontend([])


@pytest.fixture(scope="module")
def honest_straight(stack: Stack, workspace: Workspace) -> Belief:
    """Return what the server believes of a request without any forwarded header."""
    return straight(stack, workspace, [])


@pytest.mark.parametrize("name", SPOOFED)
def test_the_server_would_believe_it(stack: Stack, workspace: Workspace, honest_straight: Belief, name: str) -> None:
    assert straight(stack, workspace, [(name, SPOOFED[name])]) != honest_straight


def test_a_workspace_without_an_issuer_has_the_public_address_and_port(stack: Stack, truth: Belief) -> None:
    assert truth.base_url == stack.outputs["url"]


def test_another_address_is_no_way_around_the_rate_limit(own_workspace: Workspace) -> None:
    own = [*FORM.items(), ("Cookie", own_workspace.begin_login())]
    client, login = own_workspace.client, own_workspace.login
    tries = [send(client, "POST", login, [("X-Forwarded-For", f"203.0.113.{n}"), *own], WRONG_LOGIN) for n in range(6)]
    assert tries[-1].status == 429
