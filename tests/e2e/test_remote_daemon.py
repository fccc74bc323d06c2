"""A stack on a daemon that is not at its usual place: over ssh, with client certificates, by a Docker context.

The one with client certificates is a daemon that nothing else needs, so it is restarted, too. The context leads to a
daemon whose kernel can't limit swap: it reports -1 where the stack asked for the memory's limit.
"""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.docker_door import without_swap_accounting
from tests.e2e.audit import assert_nothing_is_lost, write_a_row
from tests.e2e.own_daemon import OwnDaemon, own_daemon
from tests.e2e.side_by_side import side_by_side
from tests.e2e.ssh_server import ssh_server
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]

SOCKET = "/var/run/docker.sock"


@dataclass(frozen=True)
class Reached:
    """A daemon, and the settings that lead to it."""

    settings: Mapping[str, str]
    own: OwnDaemon | None = None


Way = Callable[[Path, list[str]], AbstractContextManager[Reached]]


@contextmanager
def over_ssh(folder: Path, _images: list[str]) -> Generator[Reached]:
    with ssh_server(folder) as server:
        options = {f"docker:sshOpts[{index}]": option for index, option in enumerate(server.options)}
        yield Reached({"docker:host": server.url, **options})


@contextmanager
def with_client_certificates(folder: Path, images: list[str]) -> Generator[Reached]:
    with own_daemon(folder / "client", images) as daemon:
        yield Reached({"docker:host": daemon.url, "docker:certPath": str(daemon.certificates)}, daemon)


@contextmanager
def by_context_on_an_old_kernel(_folder: Path, _images: list[str]) -> Generator[Reached]:
    """The context is made in the user's own home: the provider looks nowhere else."""
    home = f"--config={pwd.getpwuid(os.getuid()).pw_dir}/.docker"
    name = f"kotauth-test-{os.getpid()}"
    # A socket's path has room for about a hundred characters.
    with tempfile.TemporaryDirectory() as short, without_swap_accounting(Path(short), SOCKET) as daemon:
        docker(home, "context", "create", name, "--docker", f"host=unix://{daemon}")
        try:
            yield Reached({"docker:context": name})
        finally:
            docker(home, "context", "rm", name)


WAYS: dict[str, Way] = {way.__name__: way for way in (over_ssh, with_client_certificates, by_context_on_an_old_kernel)}


@pytest.fixture(scope="module")
def walks(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    images: dict[str, str],
    simulator_images: list[str],
    pulumi_engine: None,
) -> Iterator[dict[str, Future[None]]]:
    """Yield the walks on all daemons, which take place side by side: most of their time is waiting."""
    with pytest.MonkeyPatch.context() as patch:
        # Only the stack's configuration says where the daemon is.
        for name in [name for name in os.environ if name.startswith("DOCKER_")]:
            patch.delenv(name)
        folder = tmp_path_factory.mktemp("remote")
        with side_by_side(request, "way", partial(walk, folder, images, simulator_images)) as walks:
            yield walks


@pytest.mark.parametrize("way", WAYS)
def test_up_an_empty_preview_a_roll_a_restart_and_down(walks: dict[str, Future[None]], way: str) -> None:
    walks[way].result()


def walk(folder: Path, images: dict[str, str], simulator_images: list[str], way: str) -> None:
    """Go through the life of a stack on one daemon."""
    before, after = simulator_images
    chosen, path = {**images, "image": before}, folder / way
    path.mkdir()
    with WAYS[way](path, [*chosen.values(), after]) as reached:
        own = reached.own
        place = {"daemon": own.socket, "address": own.address} if own else {}
        name = f"remote-{list(WAYS).index(way)}"
        stack = Stack.start(path / "project", name, chosen, **place, **reached.settings)
        try:
            assert stack.client.finds_it_ready()
            database, server = stack.container("database"), stack.container("server")

            second = stack.project.preview("--diff")
            assert set(second.summary) == {"unchanged"}, second.output

            stack.project.configure(image=after)
            stack.project.up()
            assert stack.client.finds_it_ready()
            assert stack.container("server") != server
            assert stack.inspect(stack.container("server"))["Config"]["Image"] == after
            assert stack.container("database") == database
            if own:
                assert_a_restart_brings_it_back(stack, own)
        finally:
            stack.project.destroy()
        parts = ("server", "database", "frontend", "job", "files")
        assert {part: left for part in parts if (left := stack.containers(part, stopped=True))} == {}


def assert_a_restart_brings_it_back(stack: Stack, daemon: OwnDaemon) -> None:
    """Stop the daemon in good order with all containers, start it, and find everything that was written."""
    written, client = write_a_row(stack), stack.client
    started = {part: stack.inspect(stack.container(part))["State"]["StartedAt"] for part in ("server", "database")}
    daemon.restart()
    eventually("ready", client.finds_it_ready)
    assert_nothing_is_lost(stack, written)
    for part, moment in started.items():
        assert stack.inspect(stack.container(part))["State"]["StartedAt"] > moment, f"{part} was not started again"
