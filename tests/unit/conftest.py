"""The deployment that most tests look at, declared once for each way to get certificates."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.resolver
import pytest

from components.docker.deployment import DockerDeployment, DockerDeploymentArgs
from tests.unit.docker_api import Daemon, daemon
from tests.unit.name_servers import World
from tests.unit.recording import Declared, declare

LABELS = {"team": "identity"}
PUBLIC: DockerDeploymentArgs = {
    "base_url": "https://auth.example.com",
    "acme_email": "ops@example.com",
    "labels": LABELS,
}
INTERNAL: DockerDeploymentArgs = {
    "base_url": "https://kotauth.localhost:8443",
    "environment": "development",
    "certificates": "internal",
    "http_port": 8080,
    "labels": LABELS,
}
_OUTPUTS = ("url", "admin_url", "ready_url", "admin_password", "checklist_api_key", "database_url", "ca_certificate")


def deploy(args: DockerDeploymentArgs) -> Declared:
    """Declare a deployment and ask for all its outputs."""

    def program() -> dict[str, Any]:
        deployment = DockerDeployment("kotauth", args)
        return {output: getattr(deployment, output) for output in _OUTPUTS}

    return declare(program)


@pytest.fixture(scope="session")
def public() -> Declared:
    """Return a production deployment with public certificates."""
    return deploy(PUBLIC)


@pytest.fixture(scope="session")
def internal() -> Declared:
    """Return a development deployment with a certificate authority of its own."""
    return deploy(INTERNAL)


@pytest.fixture(scope="session", params=["public", "internal"])
def deployment(request: pytest.FixtureRequest) -> Declared:
    """Return each of the two."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def docker_daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """Serve a Docker daemon that this process asks."""
    # Not tmp_path: a socket's path has room for about a hundred characters.
    with tempfile.TemporaryDirectory() as folder, daemon(Path(folder)) as known:
        monkeypatch.setenv("DOCKER_HOST", known.address)
        yield known


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Return the world's name servers, which know nothing yet."""
    known = World()
    monkeypatch.setattr(dns.resolver, "resolve", known.resolve)
    return known
