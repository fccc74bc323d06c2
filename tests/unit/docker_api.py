"""A Docker daemon as far as the program asks one: its containers and their logs, on a real socket."""

from __future__ import annotations

import http.server
import json
import re
import socketserver
import struct
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LIMITS = ("MemoryLimit", "SwapLimit", "CpuCfsQuota")


@dataclass
class Daemon:
    """What the daemon knows."""

    address: str
    containers: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    info: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(_LIMITS, True))
    networks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    logs: dict[str, str] = field(default_factory=dict[str, str])
    asked: list[str] = field(default_factory=list[str])
    busy_seconds: float = 0
    """How long each answer takes."""

    def publish(self, name: str, *ports: int, labels: dict[str, str] | None = None, network: str = "bridge") -> None:
        """Add a running container with published ports, and one that is only exposed."""
        published = [{"PrivatePort": 80, "PublicPort": port, "Type": "tcp", "IP": "0.0.0.0"} for port in ports]  # noqa: S104
        listed = {
            "Names": [f"/{name}"],
            "Labels": labels or {},
            "Ports": [{"PrivatePort": 9, "Type": "tcp"}, *published],
            "NetworkSettings": {"Networks": {network: {}}},
        }
        self.containers.append(listed)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Answer a GET, or a POST without a body."""
        self.asked.append(path)
        path = re.sub(r"^/v1\.\d+", "", path.partition("?")[0])
        listed = {
            "/version": {"ApiVersion": "1.41"},
            "/info": self.info,
            "/containers/json": self.containers,
            "/networks": self.networks,
        }
        if path.endswith("/stop"):
            return 204, b""
        if path in listed:
            return 200, json.dumps(listed[path]).encode()
        match = re.fullmatch(r"/containers/([^/]+)/(json|logs)", path)
        if not match or match[1] not in self.logs:
            return 404, json.dumps({"message": f"No such container: {match[1] if match else path}"}).encode()
        if match[2] == "json":
            return 200, json.dumps({"Id": match[1], "Config": {"Tty": False}}).encode()
        text = self.logs[match[1]].encode()
        return 200, struct.pack(">BxxxL", 1, len(text)) + text


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextmanager
def daemon(folder: Path) -> Generator[Daemon]:
    """Serve a daemon on a socket in ``folder``, whose path must be short."""
    file = folder / "docker.sock"
    known = Daemon(f"unix://{file}")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(known.busy_seconds)
            status, body = known.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

        def address_string(self) -> str:
            return "client"

        do_POST = do_GET  # noqa: N815 - the name that the library calls

    with _Server(str(file), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield known
        server.shutdown()
