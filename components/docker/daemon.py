"""The Docker daemon seen from the program: only what the provider can't say (who holds a port, why a start failed).

It is the provider's own daemon, so its address is looked up where the provider looks, in configuration and environment.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

import docker
import docker.errors
import pulumi
import requests.exceptions

NOT_FOUND = docker.errors.NotFound
ERRORS = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)
"""Whatever keeps us from an answer."""

_TIMEOUT_SECONDS = 10


def host() -> str:
    """Return the daemon's address, found as the provider finds it."""
    return pulumi.Config("docker").get("host") or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


@contextmanager
def connect() -> Generator[docker.DockerClient]:
    """Yield a client; raises one of ``ERRORS`` where no daemon answers."""
    client = docker.DockerClient(base_url=host(), timeout=_TIMEOUT_SECONDS, use_ssh_client=host().startswith("ssh://"))
    try:
        yield client
    finally:
        client.close()
