"""Runs in the simulator's image: the simulator's HTTP with its limits and its way down, and an answer that echoes."""

import hashlib
import os

# Where the image has the simulator.
from kotauth_simulator.http.call_threads import CallThreads  # pyright: ignore[reportMissingImports]
from kotauth_simulator.http.server import Server  # pyright: ignore[reportMissingImports]
from kotauth_simulator.http.wire import Request, Response, json_response  # pyright: ignore[reportMissingImports]


def _echo(request: Request) -> Response:
    response = json_response(
        {
            "method": request.method,
            "target": request.target,
            "headers": request.headers,
            "bytes": len(request.body),
            "digest": hashlib.sha256(request.body).hexdigest(),
        }
    )
    response.headers += [
        # As Kotauth sends them.
        ("Server", ""),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-Simulator-Version", os.environ["VERSION"]),
    ]
    return response


code = Server(_echo, CallThreads(4)).run(lambda: None)
# Not sys.exit(): it would wait for threads that hold a client's unfinished request.
os._exit(code)
