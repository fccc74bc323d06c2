"""A real Loki behind an endpoint that records what it takes, as containers: where the lines of a stack go."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from components.workload.spec import HOST_NAME
from simulators import images
from simulators.docker_command import docker
from simulators.waiting import eventually
from tests.logs.endpoint import Endpoint
from tests.logs.written import SOON_SECONDS
from tests.ports import free_port


@dataclass(frozen=True)
class Loki:
    """A Loki that runs, with what a stack needs to know of it."""

    endpoint: Endpoint
    """Hands on to Loki what it takes. Only this address is given to the stack."""
    settings: dict[str, str]
    _loki: str
    _network: str
    _port: int

    @classmethod
    def start(cls, name: str) -> Loki:
        """Start both, on ports of the host and a network of their own; ``name`` is unique on this machine."""
        built = images.ensure(["loki", "otelcol"])
        network = docker("network", "create", f"kotauth-loki-{name}")
        port, own_port = free_port(), free_port()
        joined = (f"--network={network}", "--label=kotauth.test=loki")
        loki = docker(
            "run", "--detach", *joined, "--network-alias=loki", f"--publish=127.0.0.1:{own_port}:3100", built["loki"]
        )
        endpoint = Endpoint.start([*joined, f"--publish={port}:3100"], "3100", "http://loki:3100")
        settings = {"logs": "loki", "logsEndpoint": f"http://{HOST_NAME}:{port}", "logsImage": built["otelcol"]}
        return cls(endpoint, settings, loki, network, own_port)

    def stop(self) -> None:
        """Remove both."""
        docker("rm", "--force", "--volumes", self._loki, self.endpoint.container)
        docker("network", "rm", self._network)

    def wait(self) -> None:
        """Wait until it takes lines."""
        eventually("Loki is ready", lambda: self._get("/ready"), SOON_SECONDS)

    def find(self, query: str) -> list[tuple[dict[str, str], str]]:
        """Return labels and text of each line that a LogQL query finds."""
        asked = urllib.parse.urlencode({"query": query, "since": "1h", "limit": 5000})
        found: Any = json.loads(self._get(f"/loki/api/v1/query_range?{asked}"))
        return [(entry["stream"], line) for entry in found["data"]["result"] for _, line, *_ in entry["values"]]

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=60) as answer:
            return answer.read().decode()
