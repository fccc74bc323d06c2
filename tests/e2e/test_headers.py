"""Nobody outside tells the server who asks, under which name, or over which scheme."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from simulators.docker_command import docker
from simulators.kotauth.client import FORM, Client
from tests.e2e.echo import PUBLIC_PORT, echo
from tests.e2e.forwarded import SPOOFED, WRONG_LOGIN, Belief, Headers, Workspace, send, spoofed
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
def echoing(images: dict[str, str]) -> Iterator[Client]:
    """Yield a client of the frontend before something that shows what it was sent."""
    with echo(images["frontendImage"], list(SPOOFED)) as client:
        yield client


@pytest.fixture(scope="module")
def honest_straight(stack: Stack, workspace: Workspace) -> Belief:
    """Return what the server believes of a request without any forwarded header."""
    return straight(stack, workspace, [])


@pytest.mark.parametrize("name", SPOOFED)
def test_the_server_would_believe_it(stack: Stack, workspace: Workspace, honest_straight: Belief, name: str) -> None:
    assert straight(stack, workspace, [(name, SPOOFED[name])]) != honest_straight


@spoofed
def test_through_the_frontend_it_changes_nothing(workspace: Workspace, truth: Belief, headers: Headers) -> None:
    assert workspace.through_the_frontend(headers) == truth


def test_a_workspace_without_an_issuer_has_the_public_address_and_port(stack: Stack, truth: Belief) -> None:
    assert truth.base_url == stack.outputs["url"]


@spoofed
def test_the_frontend_sets_three_and_passes_none_on(echoing: Client, headers: Headers) -> None:
    honest = json.loads(echoing.get("/").text)
    assert honest == dict.fromkeys(SPOOFED, "") | {
        "X-Forwarded-For": honest["X-Forwarded-For"],
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": str(PUBLIC_PORT),
    }
    assert honest["X-Forwarded-For"].count(".") == 3
    assert json.loads(send(echoing, "GET", "/", headers).text) == honest


def test_another_address_is_no_way_around_the_rate_limit(own_workspace: Workspace) -> None:
    own = [*FORM.items(), ("Cookie", own_workspace.begin_login())]
    client, login = own_workspace.client, own_workspace.login
    tries = [send(client, "POST", login, [("X-Forwarded-For", f"203.0.113.{n}"), *own], WRONG_LOGIN) for n in range(6)]
    assert tries[-1].status == 429
