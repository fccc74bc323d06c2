"""One lab for all tests of hosts: each module boots its own, and ends it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.host.example import SECRET, user_data
from tests.host.instance import Host
from tests.host.lab import Lab
from tests.host.site import Site
from tests.shared_daemon import SharedDaemon

ANSWER = "what the secret says"


@pytest.fixture(scope="package")
def running(shared_daemon: SharedDaemon) -> Iterator[None]:
    """Keep the Docker daemon from being restarted: no host would survive it."""
    with shared_daemon.running():
        yield


@pytest.fixture(scope="package")
def lab(images: dict[str, str], running: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Yield a lab whose AWS has the example's secret."""
    lab = Lab.create(tmp_path_factory.mktemp("lab"), images)
    try:
        lab.boto3("secretsmanager").create_secret(Name=SECRET, SecretString=ANSWER)
        yield lab
    finally:
        lab.close()


@pytest.fixture(scope="package")
def frontend(lab: Lab, images: dict[str, str]) -> str:
    """Return the frontend's image, in the lab's registry."""
    return lab.registry.push(images["frontendImage"], "library/caddy")


@pytest.fixture(scope="module")
def host(lab: Lab, frontend: str) -> Iterator[Host]:
    """Yield a host that serves the example."""
    host = lab.boot(user_data(frontend), role="server")
    try:
        host.wait_ready()
        yield host
    finally:
        host.terminate()


@pytest.fixture(scope="package")
def site(lab: Lab, images: dict[str, str]) -> Site:
    """Return Kotauth's surroundings, with the database's role."""
    site = Site.create(lab, images)
    site.make_role()
    return site
