"""TLS as the scanner sslyze judges it, by the profile "intermediate" of Mozilla's recommendations."""

from __future__ import annotations

import pytest

from tests.frontends.edges import HOST, NAMES, Edge, Edges
from tests.frontends.scanner import Finding, scan

pytestmark = [pytest.mark.docker, pytest.mark.engine]


@pytest.fixture(scope="module")
def findings(edges: Edges) -> dict[int, Finding]:
    """Return what the scanner found at each port."""
    clients = [edges[name].client for name in NAMES]
    authorities = "".join({client.ca_certificate for client in clients})
    return scan(authorities, HOST, [client.port for client in clients])


def test_only_current_versions_and_ciphers_are_offered(edge: Edge, findings: dict[int, Finding]) -> None:
    finding = findings[edge.client.port]
    assert finding.protocols == ["tls_1_2", "tls_1_3"]
    assert finding.issues == ""
