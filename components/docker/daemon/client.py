"""Requests to the Docker daemon for what the provider can't say: what holds a port, why a start failed.

It makes the few requests itself: Docker's library forks this process for ssh, which gRPC does not survive.
"""

from __future__ import annotations

import http.client
import json
import struct
import urllib.parse
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from .address import STACK, Address, AddressError, Configuration, find
from .connection import end, explain, open_connection


class DaemonError(Exception):
    """No daemon answers; the message says where and why."""


class Daemon:
    """A daemon at an address, which may not answer."""

    def __init__(self, address: Address, connection: http.client.HTTPConnection) -> None:
        """Ask the daemon at ``address`` by ``connection``."""
        self.address = address
        self._connection = connection
        self._base = urllib.parse.urlsplit(address.url).path.rstrip("/") if address.scheme == "tcp" else ""

    def info(self) -> dict[str, Any]:
        """Return what the daemon says of itself and its kernel."""
        return self._json("/info")

    def containers(self) -> list[dict[str, Any]]:
        """Return the running containers."""
        return self._json("/containers/json")

    def networks(self) -> list[dict[str, Any]]:
        """Return the networks, without the containers on them."""
        return self._json("/networks")

    def log(self, container: str, lines: int) -> bytes | None:
        """Return the last lines that a container without a terminal printed, ``None`` if there is no such container."""
        name = urllib.parse.quote(container, safe="")
        body = self._get(f"/containers/{name}/logs?stdout=1&stderr=1&tail={lines}")
        return None if body is None else _without_frames(body)

    def _json(self, path: str) -> Any:  # noqa: ANN401 - JSON
        try:
            return json.loads(self._get(path) or b"")
        except ValueError as error:
            raise _unreachable(self.address, "another program answers at this address") from error

    def _get(self, path: str) -> bytes | None:
        try:
            self._connection.request("GET", self._base + path)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(self.address, explain(self._connection, error)) from error
        if answer.status == http.HTTPStatus.NOT_FOUND:
            return None
        if answer.status != http.HTTPStatus.OK:
            raise _unreachable(
                self.address,
                f"it answers with HTTP status {answer.status}: {body[:200].decode(errors='replace').strip()}",
            )
        return body


@contextmanager
def connect(configuration: Configuration = STACK) -> Generator[Daemon]:
    """Yield the daemon of a Docker provider, by default of the stack's.

    Raises ``DaemonError`` if the settings of the daemon are not valid, or if the daemon does not answer; a request
    inside the block can raise it, too.
    """
    try:
        address = find(configuration)
    except AddressError as error:
        raise DaemonError(f"the settings of the Docker daemon are not valid: {error}") from error
    try:
        connection = open_connection(address)
    except (ValueError, OSError) as error:
        raise _unreachable(address, str(error)) from error
    try:
        yield Daemon(address, connection)
    finally:
        end(connection)


def _unreachable(address: Address, reason: str) -> DaemonError:
    return DaemonError("; ".join([f"no Docker daemon answers at {address}: {reason}", *address.remarks]))


def _without_frames(log: bytes) -> bytes:
    """Return the text of a log: each piece of it comes with its stream and its length before it."""
    text, rest = b"", log
    while len(rest) >= 8:
        (length,) = struct.unpack(">xxxxL", rest[:8])
        text, rest = text + rest[8 : 8 + length], rest[8 + length :]
    return text
