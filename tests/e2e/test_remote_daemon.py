"""A stack on a daemon that is not at its usual place: over ssh, with client certificates, by a Docker context.

The context leads to a daemon whose kernel can't limit swap: it reports -1 where the stack asked for the memory's limit.
"""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.docker_door import certificate_folder, mutual_tls, tcp_door, without_swap_accounting
from tests.e2e.ssh_server import ssh_server
from tests.e2e.stack import Stack, docker
from tests.host.authority import Authority

pytestmark = [pytest.mark.docker, pytest.mark.engine]

SOCKET = "/var/run/docker.sock"
Way = Callable[[Path], AbstractContextManager[Mapping[str, str]]]


@contextmanager
def over_ssh(folder: Path) -> Generator[Mapping[str, str]]:
    with ssh_server(folder) as server:
        options = {f"docker:sshOpts[{index}]": option for index, option in enumerate(server.options)}
        yield {"docker:host": server.url, **options}


@contextmanager
def with_client_certificates(folder: Path) -> Generator[Mapping[str, str]]:
    authority = Authority("daemon")
    with tcp_door(SOCKET, mutual_tls(authority)) as port:
        certificates = certificate_folder(folder / "client", authority)
        yield {"docker:host": f"tcp://127.0.0.1:{port}", "docker:certPath": str(certificates)}


@contextmanager
def by_context_on_an_old_kernel(folder: Path) -> Generator[Mapping[str, str]]:
    """The context is made in the user's own home: the provider looks nowhere else."""
    home = f"--config={pwd.getpwuid(os.getuid()).pw_dir}/.docker"
    name = f"kotauth-test-{os.getpid()}"
    # A socket's path has room for about a hundred characters.
    with tempfile.TemporaryDirectory() as short, without_swap_accounting(Path(short), SOCKET) as daemon:
        docker(home, "context", "create", name, "--docker", f"host=unix://{daemon}")
        try:
            yield {"docker:context": name}
        finally:
            docker(home, "context", "rm", name)


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have only the stack's configuration say where the daemon is."""
    for name in [name for name in os.environ if name.startswith("DOCKER_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("reached", [over_ssh, with_client_certificates, by_context_on_an_old_kernel])
@pytest.mark.usefixtures("pulumi_engine", "no_variables")
def test_up_an_empty_preview_a_roll_and_down(
    reached: Way, tmp_path: Path, images: dict[str, str], stand_ins: list[str]
) -> None:
    before, after = stand_ins
    with reached(tmp_path) as settings:
        stack = Stack.start(tmp_path / "project", "remote", {**images, "image": before}, **settings)
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
        finally:
            stack.project.destroy()
        parts = ("server", "database", "frontend", "job", "files")
        assert [stack.containers(part, stopped=True) for part in parts] == [[]] * len(parts)
