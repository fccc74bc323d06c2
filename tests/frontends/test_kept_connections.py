"""Between a frontend and the server: what a server that closes kept connections costs, as one does that stops."""

from __future__ import annotations

import json

import pytest

from components.frontends.external import traefik_labels
from components.kotauth.base_url import parse_base_url
from components.kotauth.server import PORT
from simulators.docker_command import docker
from simulators.kotauth.client import FORM
from simulators.waiting import eventually
from tests.frontends.edges import ALIAS, NAMES, Edge, Edges

pytestmark = [pytest.mark.docker, pytest.mark.engine]

# The worst moment, each time: the first request of a connection is answered, the second one is read, and then the
# connection ends. The answer says how often that was, by method.
_CLOSING = f"""
import http.server, json
met = {{"GET": 0, "POST": 0}}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    first = True
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.first:
            met[self.command] += 1
            self.close_connection = True
            return
        self.first = False
        body = json.dumps(met).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
http.server.ThreadingHTTPServer(("", {PORT}), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def closed(edges: Edges) -> dict[str, tuple[set[int], int]]:
    """Put that server in the upstream's place; return each frontend's statuses, and the POSTs that met an end."""
    labels = traefik_labels(parse_base_url(edges.given["external"]), edges.network)
    own = (
        *(f"--network={edges.network}", f"--network-alias={ALIAS}", f"--label={edges.label}"),
        *(f"--label={name}={value}" for name, value in labels.items()),
    )
    with edges.without_upstream():
        image = edges.given["upstream_image"]
        closing = docker("run", "--detach", *own, "--entrypoint=python3", image, "-c", _CLOSING)
        try:
            return {name: _met(edges[name]) for name in NAMES}
        finally:
            docker("rm", "--force", closing)


def _met(edge: Edge) -> tuple[set[int], int]:
    eventually("an answer", edge.answers)
    before = json.loads(edge.client.get("/").text)["POST"]
    get, post = edge.client.get, edge.client.request
    statuses = {status for _ in range(10) for status in (get("/").status, post("POST", "/", "a=b", FORM).status)}
    return statuses, json.loads(edge.client.get("/").text)["POST"] - before


def test_a_get_whose_kept_connection_ends_is_sent_again_and_a_post_never_meets_one(
    edge: Edge, closed: dict[str, tuple[set[int], int]]
) -> None:
    assert closed[edge.name] == ({200}, 0)
