"""The endpoint that records what it is sent, as a container, and what a test asks it."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators import images
from simulators.docker_command import docker
from tests.logs.otlp import Line, lines

_PROGRAM = (Path(__file__).parent / "recorder.py").read_text()


@dataclass(frozen=True)
class Request:
    """What an endpoint was sent."""

    host: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Endpoint:
    """A recorder that runs."""

    container: str

    @classmethod
    def start(cls, options: Sequence[str], *arguments: str) -> Endpoint:
        """Run it; the arguments are those of `recorder.py`."""
        image = images.ensure(["kotauth-simulator"])["kotauth-simulator"]
        run = ("run", "--detach", "--user=0:0", "--entrypoint=python3", *options)
        return cls(docker(*run, image, "-c", _PROGRAM, *arguments))

    def requests(self, host: str = "") -> list[Request]:
        """Return what was taken, by the endpoint of that name only if it is given."""
        log = subprocess.run(["docker", "logs", self.container], capture_output=True, text=True, check=True).stdout
        # The last line may still be on its way.
        requests = [json.loads(line) for line in log.split("\n")[:-1]]
        return [
            Request(entry["host"], entry["path"], entry["headers"], base64.b64decode(entry["body"]))
            for entry in requests
            if not host or entry["host"] == host
        ]

    def lines(self, host: str = "", container: str = "") -> list[Line]:
        """Return the lines that were taken, those of one container only if its id is given."""
        taken = [line for request in self.requests(host) for line in lines(request.body)]
        return [line for line in taken if not container or line.resource["service.instance.id"] == container[:12]]

    def answer(self, status: int) -> None:
        """Answer so from now on."""
        docker("exec", self.container, "sh", "-c", f"echo {status} >/tmp/status")

    def set_up(self, *, up: bool) -> None:
        """Stop it, so that nothing listens, or start it again."""
        docker(*(("start",) if up else ("kill",)), self.container)
