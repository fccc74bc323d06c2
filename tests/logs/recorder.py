"""An endpoint for log lines: prints each request that it takes. It takes none while a file holds another status.

It runs in a container of its own, with Python's standard library alone. Arguments: the port, and either the folder of a
certificate and key, or the URL of the host to which it hands each request on.
"""

from __future__ import annotations

import base64
import gzip
import json
import ssl
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_writing = threading.Lock()
STATUS = Path("/tmp/status")  # noqa: S108 - the container's own


class Recorder(BaseHTTPRequestHandler):
    """Takes POST requests of any path."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Print what came, if it is taken, and answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        status = int(STATUS.read_text()) if STATUS.exists() else 200
        if status == 200 and not _with_tls():
            status = self._handed_on(body)
        if status < 300:
            request = {
                "host": self.headers["Host"],
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": base64.b64encode(body).decode(),
            }
            with _writing:
                sys.stdout.write(json.dumps(request) + "\n")
                sys.stdout.flush()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _handed_on(self, body: bytes) -> int:
        headers = {"Content-Type": self.headers["Content-Type"]}
        request = urllib.request.Request(sys.argv[2] + self.path, body, headers)  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - http
            return answer.status

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing else."""


def _with_tls() -> bool:
    return sys.argv[2].startswith("/")


def main() -> None:
    """Serve."""
    server = ThreadingHTTPServer(("", int(sys.argv[1])), Recorder)
    if _with_tls():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{sys.argv[2]}/chain.pem", f"{sys.argv[2]}/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
