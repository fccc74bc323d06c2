"""Other ways to a Docker daemon: by TCP, by TLS with client certificates, and as if its kernel could not limit swap."""

from __future__ import annotations

import asyncio
import functools
import http.client
import http.server
import json
import re
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path

from simulators.ec2_host.authority import Authority


def mutual_tls(authority: Authority) -> ssl.SSLContext:
    """Return the daemon's side of TLS on 127.0.0.1: it takes only clients with a certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.pem)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write("".join(authority.issue("127.0.0.1")))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def certificate_folder(path: Path, authority: Authority) -> Path:
    """Write a client's ca.pem, cert.pem and key.pem, and return their folder."""
    path.mkdir()
    certificate, key = authority.issue("client.test")
    for name, text in (("ca", authority.pem), ("cert", certificate), ("key", key)):
        (path / f"{name}.pem").write_text(text)
    return path


@contextmanager
def tcp_door(daemon: str, tls: ssl.SSLContext | None = None) -> Generator[int]:
    """Forward connections to the daemon's socket; yield the port on 127.0.0.1."""
    started: Future[tuple[int, Callable[[], object]]] = Future()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(daemon)
        pumps = [asyncio.create_task(_pump(reader, back)), asyncio.create_task(_pump(there, writer))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        back.close()
        writer.close()

    async def serve() -> None:
        stopped = asyncio.Event()
        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        stop = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, stopped.set)
        started.set_result((server.sockets[0].getsockname()[1], stop))
        await stopped.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    port, stop = started.result()
    try:
        yield port
    finally:
        stop()
        thread.join()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()


@contextmanager
def without_swap_accounting(folder: Path, daemon: str) -> Generator[Path]:
    """Forward requests to the daemon's socket, and answer as on a kernel without swap accounting; yield the socket.

    There the daemon says so in its information, and has turned every container's limit on swap into -1.
    """
    file = folder / "docker.sock"

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            connection = http.client.HTTPConnection("docker")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(daemon)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
            connection.request(self.command, self.path, self._body(), headers)
            answer = connection.getresponse()
            body = _without_swap(self.path.partition("?")[0], answer.read())
            connection.close()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding"):
                    self.send_header(name, value)
            if self.command != "HEAD" and answer.status != http.HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815 - http.server's names

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while length := int(self.rfile.readline().partition(b";")[0], 16):
                body += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def address_string(self) -> str:
            return "client"

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    with _UnixServer(str(file), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield file
        server.shutdown()


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


def _without_swap(path: str, body: bytes) -> bytes:
    path = re.sub(r"^/v1\.\d+", "", path)
    if path == "/info":
        return json.dumps({**json.loads(body), "SwapLimit": False}).encode()
    if re.fullmatch(r"/containers/[^/]+/json", path):
        container = json.loads(body)
        if container.get("HostConfig", {}).get("Memory"):
            container["HostConfig"]["MemorySwap"] = -1
        return json.dumps(container).encode()
    return body
