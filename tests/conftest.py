"""What tests of every kind share: the real engine, a Docker daemon, the images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import docker, selection
from tests.project import Project


@pytest.fixture(scope="session", autouse=False)
def pulumi_engine() -> None:
    """See to it that there is an engine, as `make` does."""
    selection.ensure()


@pytest.fixture(scope="session")
def daemon() -> Iterator[docker.Daemon]:
    """Yield a Docker daemon; one that had to be started is stopped at the end."""
    running = docker.ensure_daemon()
    started = running.started
    yield running
    if started and running.pid:
        running.stop()


@pytest.fixture(scope="session")
def images(daemon: docker.Daemon) -> dict[str, str]:
    """Return the images to run: the official ones where a registry can be reached, else built from packages."""
    from tests import images  # noqa: PLC0415 - only where Docker is used

    return images.choose()


@pytest.fixture
def project(tmp_path: Path, pulumi_engine: None) -> Project:
    """Return the program with a fresh stack."""
    return Project.create(tmp_path / "project")
