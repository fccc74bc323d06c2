"""The deployments that most tests look at, each declared once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import dns.resolver
import pytest
from moto import mock_aws

from components.aws.host.scripts import names
from components.docker.deployment import DockerDeployment, DockerDeploymentArgs
from tests.unit.aws_deployments import ALB, BASE, BROUGHT, CADDY, ZONE_ID, deployed
from tests.unit.aws_outputs import REGION, certificate_arn
from tests.unit.docker_api import Daemon, daemon
from tests.unit.hosts import Commands
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
    "backups": True,
    "labels": LABELS,
}


def deploy(args: DockerDeploymentArgs) -> Declared:
    """Declare a deployment and ask for all its outputs."""
    return declare(lambda: DockerDeployment("kotauth", args))


@pytest.fixture(scope="session")
def boto3_session() -> boto3.Session:
    """Return a session that keeps the models of the services which it has read."""
    return boto3.Session()


@pytest.fixture
def emulated_aws(monkeypatch: pytest.MonkeyPatch, boto3_session: boto3.Session) -> Iterator[None]:
    """Answer boto3 in this process (moto)."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", boto3_session)
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield


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


@pytest.fixture(scope="session")
def alb() -> Declared:
    """Return one behind a load balancer."""
    return deployed(ALB)


@pytest.fixture(scope="session")
def caddy() -> Declared:
    """Return one on a single host."""
    return deployed({**CADDY, "zone_id": ZONE_ID})


@pytest.fixture(scope="session")
def brought() -> Declared:
    """Return one with network and certificate of one's own, and without protection."""
    return deployed({**BASE, **BROUGHT, "certificate_arn": certificate_arn(), "deletion_protection": False})


@pytest.fixture(scope="session")
def brought_caddy() -> Declared:
    """Return one on a single host in a network of one's own, without a zone."""
    args = {**BASE, **BROUGHT, "frontend": "caddy", "acme_email": "ops@example.com"}
    return deployed({**args, "private_subnet_ids": BROUGHT["private_subnet_ids"][:1], "deletion_protection": False})


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Return commands that only say what they were asked."""
    commands = Commands(tmp_path)
    monkeypatch.setenv("PATH", f"{commands.folder}:{os.environ['PATH']}")
    return commands


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder in the place of a host's root."""
    for name in ("FIXED", "RUN", "VOLUMES", "UNITS"):
        monkeypatch.setattr(names, name, str(tmp_path) + getattr(names, name))
    yield tmp_path
    # Folders that only their owner enters would keep another user's pytest from cleaning up.
    for folder, _, _ in os.walk(tmp_path):
        Path(folder).chmod(0o700)
