"""The log routes that run, for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.logs.routes import Routes
from toolchain.machine.docker import Daemon


@pytest.fixture(scope="package")
def routes(tmp_path_factory: pytest.TempPathFactory, daemon: Daemon, pulumi_engine: None) -> Iterator[Routes]:
    """Yield the routes. Tests leave them up; their health may still be that of a test before."""
    routes = Routes(tmp_path_factory.mktemp("routes") / "project")
    try:
        routes.start()
        yield routes
    finally:
        routes.stop()
