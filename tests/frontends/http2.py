"""HTTP/2, which Python's library doesn't speak: curl, in a container on the network of this machine."""

from __future__ import annotations

import http.client
import io
from dataclasses import dataclass

from simulators.docker_command import docker
from simulators.kotauth.client import Answer
from tests.e2e.forwarded import Headers
from tests.frontends.edges import HOST, Edge


@dataclass(frozen=True)
class Http2:
    """A client that speaks nothing else."""

    container: str
    """Id of a container with curl on the machine's network."""

    def get(self, edge: Edge, target: str, headers: Headers) -> Answer:
        """GET a target as it stands."""
        connection = ["--http2", "--resolve", f"{HOST}:{edge.client.port}:127.0.0.1", "--cacert", "/dev/stdin"]
        sent = [argument for name, value in headers for argument in ("--header", f"{name}: {value}")]
        printed = docker(
            *("exec", "--interactive", self.container, "curl", "--silent", "--show-error", "--include"),
            *(*connection, *sent, "--path-as-is", f"{edge.url}{target}"),
            text=edge.client.ca_certificate,
        )
        first, _, rest = printed.partition("\n")
        version, status = first.split()[:2]
        assert version == "HTTP/2"
        head, _, body = rest.replace("\r\n", "\n").partition("\n\n")
        names = http.client.parse_headers(io.BytesIO(f"{head}\n\n".encode()))
        return Answer(int(status), {name.lower(): ", ".join(names.get_all(name, [])) for name in names}, body)
