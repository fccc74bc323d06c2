"""Can the official images be pulled here? Asked of the daemon, because it is the daemon that pulls."""

from __future__ import annotations

import functools
import http.client
import socket
import subprocess
from urllib.parse import quote

ANSWER_SECONDS = 5


@functools.cache
def registry_reachable(reference: str) -> bool:
    """Whether the local daemon has this image or its registry answers for it within five seconds.

    The answer is kept for the process. A daemon behind anything but a Unix socket counts as unable to pull: the tests
    need a local one.
    """
    local = subprocess.run(["docker", "image", "inspect", reference], capture_output=True, check=False)
    return local.returncode == 0 or _registry_knows(reference)


def _registry_knows(reference: str) -> bool:
    path = _socket_path()
    if not path:
        return False
    connection = _UnixConnection(path)
    try:
        connection.request("GET", f"/distribution/{quote(reference)}/json")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _socket_path() -> str:
    command = ["docker", "context", "inspect", "--format={{.Endpoints.docker.Host}}"]
    endpoint = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return endpoint.removeprefix("unix://") if endpoint.startswith("unix://") else ""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(self._path)
