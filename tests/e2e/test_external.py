"""A stack behind the Traefik of own-proxy.md serves, rolls without a lost request, and leaves the user's network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from simulators import images as built
from simulators.docker_command import docker
from simulators.kotauth.client import Client
from simulators.waiting import eventually
from tests.e2e.load import Load
from tests.e2e.own_traefik import own_traefik
from tests.e2e.stack import Stack
from tests.ports import free_port

pytestmark = [pytest.mark.docker, pytest.mark.engine]

NETWORK = f"kotauth-external-{os.getpid()}"
LABEL = f"kotauth.test={NETWORK}"


@dataclass
class External:
    """The stack, and a client of its public address."""

    stack: Stack
    client: Client


@pytest.fixture(scope="module")
def external(
    tmp_path_factory: pytest.TempPathFactory, images: dict[str, str], simulator_images: list[str], pulumi_engine: None
) -> Iterator[External]:
    """Yield a stack that is up and routed to."""
    folder, url = tmp_path_factory.mktemp("external"), f"https://external.localhost:{free_port()}"
    settings = {
        "image": simulator_images[0],
        "frontendImage": "",
        "frontend": "external",
        "proxyNetwork": NETWORK,
        "baseUrl": url,
        "httpPort": "",
    }
    traefik = built.choose("traefik")["frontendImage"]
    docker("network", "create", f"--label={LABEL}", NETWORK)
    try:
        with own_traefik(
            folder / "traefik", url, network=NETWORK, http_port=free_port(), image=traefik, label=LABEL
        ) as client:
            stack = Stack.start(folder / "project", "external", images, **settings)
            try:
                eventually("an answer by Traefik", client.finds_it_ready)
                yield External(stack, client)
            finally:
                stack.project.destroy()
                # Nothing of the stack is left on the network, which is still there.
                (still,) = docker("ps", "--quiet", "--no-trunc", f"--filter=network={NETWORK}").split()
                assert still == docker("ps", "--quiet", "--no-trunc", f"--filter=label={LABEL}")
    finally:
        docker("network", "rm", NETWORK)


def test_the_server_answers_at_the_public_address(external: External) -> None:
    outputs = external.stack.outputs
    assert external.client.login(outputs["adminPassword"]).status == 302
    assert outputs["readyUrl"] == f"{outputs['url']}/health/ready"
    assert outputs["caCertificate"] == ""
    assert external.stack.containers("frontend") == []


def test_a_second_up_changes_nothing(external: External) -> None:
    assert set(external.stack.project.preview().summary) == {"unchanged"}


def test_a_roll_behind_the_user_s_traefik_loses_no_request(
    external: External, simulator_images: list[str], record_property: Callable[[str, object], None]
) -> None:
    external.stack.project.configure(image=simulator_images[1])
    # Where the daemon is busy with other containers, Traefik learns of a new server late, and holds requests meanwhile.
    with Load(external.client, external.stack.outputs["adminPassword"]) as load:
        external.stack.project.up()
    record_property("load", str(load))
    assert load.problems == []
    assert load.versions == {image.rpartition(":")[2] for image in simulator_images}
