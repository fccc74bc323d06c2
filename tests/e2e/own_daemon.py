"""A Docker daemon of a test's own, in a container: nothing else needs it, so a test may restart it.

It is reached by TLS with client certificates, and by a socket. Its containers' ports are published at its own address.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.ec2_host.instance import MACHINE
from simulators.images import ensure
from simulators.waiting import eventually
from tests.docker_door import certificate_folder

_SECONDS = 300
"""For a start, or for an end with all containers and a start, on a busy machine."""
_PORT = 2376
_CERTIFICATES = ("ca", "cert", "key")
# Control groups are read-only in a container. Its address, which the certificate is for, is known once it runs.
_RUN = f"""
set -eu
for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do
  if [ ! -L "$folder" ] && mountpoint -q "$folder"; then mount -o remount,bind,rw "$folder"; fi
done
until [ -e /own/ready ]; do sleep 0.1; done
while :; do dockerd --host=unix:///own/docker.sock --host=tcp://0.0.0.0:{_PORT} --pidfile=/run/docker.pid \\
  --tlsverify --tlscacert=/own/ca.pem --tlscert=/own/cert.pem --tlskey=/own/key.pem || :; done
"""


@dataclass(frozen=True)
class OwnDaemon:
    """A daemon that answers."""

    container: str
    address: str
    socket: str
    """As `DOCKER_HOST` spells it."""
    certificates: Path
    """A client's ca.pem, cert.pem and key.pem."""

    @property
    def url(self) -> str:
        """Its address for clients with certificates."""
        return f"tcp://{self.address}:{_PORT}"

    def restart(self) -> None:
        """Stop it in good order, its containers with it, and start it on the same data."""
        before = self._process()
        docker("exec", self.container, "bash", "-c", f"kill {before}")
        self.wait(before)

    def wait(self, before: str = "") -> None:
        """Wait until one answers that is another process than the one before."""

        def answers() -> bool:
            said = docker("--host", self.socket, "version", "--format={{.Server.Version}}", check=False)
            return bool(said) and self._process() not in ("", before)

        log = lambda: docker("logs", "--tail=20", self.container)  # noqa: E731
        eventually("the daemon answers", answers, _SECONDS, log)

    def _process(self) -> str:
        return docker("exec", self.container, "cat", "/run/docker.pid", check=False)

    def load(self, images: Iterable[str]) -> None:
        """Give it those images that this machine's daemon has; others it can pull."""
        present = [image for image in images if docker("image", "ls", "--quiet", image)]
        with subprocess.Popen(["docker", "save", *present], stdout=subprocess.PIPE) as saving:
            subprocess.run(["docker", "--host", self.socket, "load", "--quiet"], stdin=saving.stdout, check=True)


@contextmanager
def own_daemon(folder: Path, images: Iterable[str]) -> Generator[OwnDaemon]:
    """Run a daemon that has these images, with its certificates in `folder`, which is new."""
    authority = Authority("daemon")
    # A socket's path has room for about a hundred characters.
    with tempfile.TemporaryDirectory() as shared:
        container = docker(
            *("run", "--detach", f"--label=kotauth.test={os.getpid()}", *MACHINE),
            *("--volume=/var/lib/docker", f"--volume={shared}:/own", "--entrypoint=bash"),
            *(ensure(["ec2-host"])["ec2-host"], "-c", _RUN),
        )
        try:
            address = docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)
            certificate, key = authority.issue(address)
            for name, text in zip(_CERTIFICATES, (authority.pem, certificate, key), strict=True):
                (Path(shared) / f"{name}.pem").write_text(text)
            (Path(shared) / "ready").touch()
            certificates = certificate_folder(folder, authority)
            daemon = OwnDaemon(container, address, f"unix://{shared}/docker.sock", certificates)
            daemon.wait()
            daemon.load(images)
            yield daemon
        finally:
            docker("rm", "--force", "--volumes", container)
