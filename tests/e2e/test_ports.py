"""A port that another process holds is found before anything is made."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from simulators.docker_command import docker
from tests.e2e.stack import Stack
from tests.ports import free_port
from tests.project import Project

pytestmark = [pytest.mark.docker, pytest.mark.engine]


@pytest.fixture
def program_port() -> Iterator[int]:
    """Yield a port on which another program listens."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        yield port


@pytest.fixture
def container_port(images: dict[str, str]) -> Iterator[int]:
    """Yield a port that another stack's container publishes."""
    port = free_port()
    command = ("run", "--detach", "--name", f"held-{port}", "--publish", f"{port}:80", "--entrypoint", "sleep")
    container = docker(*command, images["databaseImage"], "600")
    yield port
    docker("rm", "--force", "--volumes", container)


def test_held_ports_are_named_with_their_holders_and_nothing_is_made(
    project: Project, images: dict[str, str], program_port: int, container_port: int
) -> None:
    project.configure(**images, baseUrl=f"https://kotauth.localhost:{container_port}", httpPort=str(program_port))
    for command in (project.preview, project.up):
        refused = command(check=False)
        assert refused.code
        assert (
            f"port {program_port} (kotauth:httpPort) is held by another program on this machine; "
            "choose another with httpPort"
        ) in refused.output
        assert (
            f"port {container_port} (kotauth:httpsPort) is held by container held-{container_port}; "
            "choose another with baseUrl or httpsPort"
        ) in refused.output
    made = [resource["type"] for resource in project.state()["deployment"].get("resources", [])]
    assert set(made) <= {"pulumi:pulumi:Stack", "pulumi:providers:docker", "pulumi:providers:random"}


def test_the_stack_s_own_ports_are_no_obstacle(stack: Stack) -> None:
    assert stack.project.preview().code == 0
