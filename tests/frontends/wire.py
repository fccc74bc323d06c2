"""What tests of several subjects send, and look for in an answer."""

from __future__ import annotations

import http.client
import re

from tests.frontends.edges import Edge

HSTS = "max-age=31536000; includeSubDomains"
BANNER = re.compile(r"(caddy|nginx|traefik|go-http-server|openssl)[\s/:v]*\d", re.IGNORECASE)
"""Name of a program with its version."""


def long_target(length: int) -> str:
    """Return a target whose request line has this length."""
    begin = "/t/master/authorize?state="
    return begin + "a" * (length - len(f"GET {begin} HTTP/1.1"))


def plain(edge: Edge, method: str, target: str, host: str) -> tuple[int, str | None]:
    """Return status and location of an answer over http."""
    connection = http.client.HTTPConnection("127.0.0.1", edge.http_port, timeout=60)
    connection.request(method, target, headers={"Host": host})
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Location")
