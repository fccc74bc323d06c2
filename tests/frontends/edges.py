"""The frontends that run, and how a test reaches each."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from components.config.frontends import FRONTENDS
from components.frontends.external import EXTERNAL
from components.frontends.frontend import CertificateFiles, EdgeSite, Frontend
from components.kotauth.base_url import parse_base_url
from simulators import images
from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.kotauth.client import Client
from simulators.waiting import eventually
from tests.e2e.forwarded import Headers, send
from tests.e2e.own_traefik import own_traefik
from tests.ports import free_port
from tests.project import ROOT, Project


def _checks_files(frontend: Frontend) -> bool:
    url = parse_base_url("https://auth.example.com")
    files = CertificateFiles()
    site = EdgeSite(base_url=url, upstream="x", image="x", http_port=80, https_port=443, certificate=files)
    return not {"command", "check"}.isdisjoint(frontend.edge(site).get("reload", {}))


HOST = "contract.localhost"
ALIAS = "kotauth"
"""The upstream's name on the network."""
OURS = tuple(FRONTENDS)
NAMES = (*OURS, EXTERNAL)
CHECKING = tuple(name for name, frontend in FRONTENDS.items() if _checks_files(frontend))
"""Those that refuse files which are bad. Before the others only the settings do."""
_HERE = Path(__file__).parent
_ANSWER_SECONDS = 60
"""Caddy alone tries to reach an upstream that is away for up to 13 s."""


@dataclass(frozen=True)
class Edge:
    """One frontend."""

    name: str
    url: str
    http_port: int
    image: str
    client: Client
    label: str

    @property
    def container(self) -> str:
        """Id of its container."""
        labels = (self.label, f"kotauth.edge={self.name}", "kotauth.part=frontend")
        filters = [f"--filter=label={label}" for label in labels]
        return docker("ps", "--quiet", "--no-trunc", *filters)

    @property
    def probe(self) -> list[str]:
        """Command of its probe."""
        return self.inspect()["Config"]["Healthcheck"]["Test"][1:]

    def answers(self) -> bool:
        """Whether the upstream can be reached now. Raises where the frontend can't."""
        return self.client.get("/").status == 200

    def inspect(self) -> dict[str, Any]:
        """Return what Docker knows of its container."""
        return json.loads(docker("inspect", self.container))[0]

    def echo(self, method: str, target: str, headers: Headers | None = None, body: str = "") -> dict[str, Any]:
        """Return what the upstream was sent."""
        answer = send(self.client, method, target, headers or [], body)
        assert answer.status == 200, answer
        return json.loads(answer.text)

    def log(self) -> str:
        """Return what the container has printed."""
        done = subprocess.run(
            ["docker", "logs", self.container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
        )
        return done.stdout


def _free_url() -> str:
    return f"https://{HOST}:{free_port()}"


class Edges:
    """All of them: the container of each entry of `FRONTENDS`, and a Traefik that is configured as the docs say.

    Both are before one upstream, on a network that the test makes, as users with a proxy of their own do.
    """

    def __init__(self, path: Path) -> None:
        self.project = Project.create(path, "edges")
        for file, name in (("program.py", "__main__.py"), ("upstream.py", "upstream.py")):
            (path / name).write_text((_HERE / file).read_text())
        # Without its settings, which are the real program's.
        declared = (ROOT / "Pulumi.yaml").read_text()
        (path / "Pulumi.yaml").write_text(declared[: declared.index("\n# All settings")])
        self.authority = Authority("contract")
        self.network = f"kotauth-contract-{os.getpid()}"
        self.label = f"kotauth.test={self.network}"
        built = images.ensure([*OURS, "postgres", "kotauth-simulator"])
        self._images = built
        self.given: dict[str, Any] = {
            "network": self.network,
            "alias": ALIAS,
            "label": self.network,
            "upstream_image": built["kotauth-simulator"],
            "files_image": built["postgres"],
            "version": "1",
            "admin_cidrs": [],
            "certificate": self.certificate(),
            # The tests of refusals fill it.
            "refused": {},
            "external": _free_url(),
            "edges": {},
        }
        for name in OURS:
            self.add(name, name, {})

    def add(self, name: str, frontend: str, spec: Mapping[str, Any]) -> None:
        """Add a container of a frontend, with these differences of its spec."""
        self.given["edges"][name] = {
            "frontend": frontend,
            "image": self._images[frontend],
            "url": _free_url(),
            "http_port": free_port(),
            "spec": spec,
        }

    @contextmanager
    def running(self) -> Generator[None]:
        """Deploy them, wait until each reaches the upstream, and remove everything at the end."""
        url, http_port, image = self.given["external"], free_port(), self.given["edges"]["traefik"]["image"]
        labels = f"{self.label} --label kotauth.edge={EXTERNAL} --label kotauth.part=frontend"
        folder = self.project.path.parent / "traefik"
        with self.deployed():
            self.up()
            with own_traefik(
                folder, url, network=self.network, http_port=http_port, image=image, label=labels
            ) as client:
                patient = replace(client, timeout=_ANSWER_SECONDS)
                self._external = Edge(EXTERNAL, url, http_port, image, patient, self.label)
                self.wait()
                yield

    @contextmanager
    def deployed(self) -> Generator[None]:
        """Make the network, and remove at the end what was deployed on it."""
        docker("network", "create", f"--label={self.label}", self.network)
        try:
            yield
        finally:
            self.project.destroy()
            docker("network", "rm", self.network)

    def certificate(self) -> str:
        """Return a new certificate for the public name: its chain, then its key."""
        return "".join(self.authority.issue(HOST))

    def up(self, *arguments: str, check: bool = True, **changes: Any) -> str:
        """Deploy with what has changed, and return what the engine printed."""
        self.given |= changes
        (self.project.path / "given.json").write_text(json.dumps(self.given))
        return self.project.up(*arguments, check=check).output

    def wait(self) -> None:
        """Wait until each one reaches the upstream."""
        for name in NAMES:
            eventually(f"an answer by {name}", self[name].answers)

    @contextmanager
    def without_upstream(self) -> Generator[None]:
        """Stop the upstream, and start it again at the end."""
        upstream = docker("ps", "--quiet", f"--filter=label={self.label}", "--filter=label=kotauth.part=server")
        docker("stop", upstream)
        try:
            yield
        finally:
            docker("start", upstream)
            self.wait()

    def __getitem__(self, name: str) -> Edge:
        if name == EXTERNAL:
            return self._external
        given = self.given["edges"][name]
        port = int(given["url"].rpartition(":")[2])
        client = Client(HOST, port, self.authority.pem, timeout=_ANSWER_SECONDS)
        return Edge(name, given["url"], given["http_port"], given["image"], client, self.label)
