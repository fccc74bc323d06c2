"""The log routes that run, and the endpoint that records what they send."""

from __future__ import annotations

import json
from pathlib import Path

from components.workload.spec import LOGS_LABEL, PART_LABEL
from simulators import images
from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from tests.logs.endpoint import Endpoint
from tests.project import ROOT, Project

STACK = "kotauth/logs"
SINK = "sink.example.com"
DATADOG, CLOUDWATCH = "otlp.datadoghq.eu", "logs.eu-central-1.amazonaws.com"
TOKENS = {"sink": "canary-token-$1${x}", "datadog": "canary-api-key", "cloudwatch": "ACWLcanary"}
_ROUTES: dict[str, dict[str, str]] = {
    "sink": {"logs": "otlp", "endpoint": f"https://{SINK}"},
    "datadog": {"logs": "datadog", "site": "datadoghq.eu"},
    "cloudwatch": {"logs": "cloudwatch", "region": "eu-central-1", "group": "/kotauth/prod", "stream": "host-1"},
}
_HERE = Path(__file__).parent


class Routes:
    """Routes of one stack to three hosts, which all lead to the recorder."""

    def __init__(self, path: Path) -> None:
        self.label = f"{STACK}-{path.parent.name}"
        """Value of the label of the containers whose lines are sent, and of all that belongs to this test."""
        self._authority = Authority("logs")
        self._path = path
        self.project = Project.create(path, "logs")
        (path / "__main__.py").write_text((_HERE / "program.py").read_text())
        declared = (ROOT / "Pulumi.yaml").read_text()
        (path / "Pulumi.yaml").write_text(declared[: declared.index("\n# All settings")])
        self.endpoint = Endpoint("")

    def start(self) -> None:
        """Deploy the routes, and connect the recorder to their ways out."""
        built = images.ensure(["otelcol", "postgres", "kotauth-simulator"])
        given = {
            "stack": self.label,
            "image": self._trusting(built["otelcol"]),
            "tools_image": built["kotauth-simulator"],
            "files_image": built["postgres"],
            "routes": {name: {**route, "token": TOKENS[name]} for name, route in _ROUTES.items()},
        }
        (self._path / "given.json").write_text(json.dumps(given))
        self.endpoint = self._record()
        self.project.up()
        for network in docker("network", "ls", "--quiet", *self._of("kotauth.network=logs-egress")).split():
            aliases = [f"--alias={host}" for host in (SINK, DATADOG, CLOUDWATCH)]
            docker("network", "connect", *aliases, network, self.endpoint.container)

    def stop(self) -> None:
        """Delete everything."""
        containers = docker("ps", "--all", "--quiet", f"--filter=label={LOGS_LABEL}={self.label}").split()
        docker("rm", "--force", "--volumes", *filter(None, [self.endpoint.container, *containers]), check=False)
        self.project.destroy()

    def _of(self, *labels: str) -> list[str]:
        return [f"--filter=label={label}" for label in (f"kotauth.test={self.label}", *labels)]

    def _trusting(self, image: str) -> str:
        """Return the collector's image with the test's authority instead of the public ones."""
        folder = self._path / "image"
        folder.mkdir()
        (folder / "ca.pem").write_text(self._authority.pem)
        (folder / "Dockerfile").write_text(f"FROM {image}\nCOPY ca.pem /etc/ssl/certs/ca-certificates.crt\n")
        docker("build", "--tag=localhost/kotauth-infra/test-otelcol:0.149.0", str(folder))
        return "localhost/kotauth-infra/test-otelcol:0.149.0"

    def _record(self) -> Endpoint:
        folder = self._path / "tls"
        folder.mkdir()
        chain, key = self._authority.issue(SINK, DATADOG, CLOUDWATCH)
        (folder / "chain.pem").write_text(chain)
        (folder / "key.pem").write_text(key)
        return Endpoint.start([f"--label=kotauth.test={self.label}", f"--volume={folder}:/tls:ro"], "443", "/tls")

    def container(self, route: str, part: str) -> str:
        """Return the id of one of a route's containers: reader, shipper or watcher."""
        labels = self._of(f"kotauth.route={route}", f"{PART_LABEL}=log-{part}")
        return docker("ps", "--all", "--quiet", "--no-trunc", *labels)
