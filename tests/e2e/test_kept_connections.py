"""Between the frontend and the server: what a server that closes kept connections costs, as one does that stops."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from components.kotauth.server import PORT
from simulators.kotauth.client import FORM, Client
from tests.e2e.echo import frontend_before

pytestmark = pytest.mark.docker

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


@pytest.fixture
def frontend(images: dict[str, str], simulator_images: list[str]) -> Iterator[Client]:
    """Yield a client of the frontend before that server."""
    with frontend_before(
        [simulator_images[0], "-c", 'exec python3 -c "$1"', "sh", _CLOSING], images["frontendImage"]
    ) as client:
        yield client


def test_a_get_whose_kept_connection_ends_is_sent_again_and_a_post_never_meets_one(frontend: Client) -> None:
    for _ in range(10):
        assert frontend.get("/").status == 200
        assert frontend.request("POST", "/", "a=b", FORM).status == 200
    met = json.loads(frontend.get("/").text)
    assert met["GET"] >= 10
    assert met["POST"] == 0
