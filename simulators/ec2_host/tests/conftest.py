"""A lab of its own: that of our own hosts is busy with rehearsals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.ec2_host.example import SECRET, user_data
from simulators.ec2_host.instance import Host
from simulators.ec2_host.lab import Lab


@pytest.fixture(scope="module")
def answer() -> str:
    """Return what the example's secret says."""
    return "what the secret says"


@pytest.fixture(scope="module")
def lab(images: dict[str, str], tmp_path_factory: pytest.TempPathFactory, answer: str) -> Iterator[Lab]:
    """Yield a lab whose AWS has the example's secret."""
    lab = Lab.create(tmp_path_factory.mktemp("lab"), images)
    try:
        lab.boto3("secretsmanager").create_secret(Name=SECRET, SecretString=answer)
        yield lab
    finally:
        lab.close()


@pytest.fixture(scope="module")
def host(lab: Lab, images: dict[str, str]) -> Iterator[Host]:
    """Yield a host that serves the example."""
    host = lab.boot(user_data(lab.registry.push(images["frontendImage"], "library/caddy")), role="server")
    try:
        host.wait_ready()
        yield host
    finally:
        host.terminate()
