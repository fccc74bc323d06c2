"""The frontends that run, for all tests of the contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.docker_command import docker
from tests.frontends.edges import NAMES, OURS, Edge, Edges
from tests.frontends.http2 import Http2
from toolchain.machine.docker import Daemon


@pytest.fixture(scope="package")
def edges(tmp_path_factory: pytest.TempPathFactory, daemon: Daemon, pulumi_engine: None) -> Iterator[Edges]:
    """Yield the frontends. Tests leave them up, with an upstream that answers."""
    edges = Edges(tmp_path_factory.mktemp("edges") / "project")
    with edges.running():
        yield edges


@pytest.fixture(params=NAMES)
def edge(request: pytest.FixtureRequest, edges: Edges) -> Edge:
    """Return one of the frontends."""
    return edges[request.param]


@pytest.fixture(params=OURS)
def ours(request: pytest.FixtureRequest, edges: Edges) -> Edge:
    """Return one of the frontends that a stack runs, and not its user."""
    return edges[request.param]


@pytest.fixture(scope="package")
def http2(edges: Edges) -> Iterator[Http2]:
    """Yield a client of HTTP/2."""
    image = edges.given["upstream_image"]
    own = ("--network=host", f"--label={edges.label}", "--entrypoint=sleep")
    container = docker("run", "--detach", *own, image, "infinity")
    yield Http2(container)
    docker("rm", "--force", container)
