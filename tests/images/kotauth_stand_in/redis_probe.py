"""The check of KAUTH_REDIS_URL at the start. Nothing is kept in Redis: the stand-in's limits are per instance."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from . import log
from .refusal import RefusedError
from .settings import Settings

LOGGER = "com.kauth.infrastructure.redis.RedisHealthProbe"
DEFAULT_PORT = 6379


def check(settings: Settings) -> None:
    """Connect, log in and PING when a URL is set.

    A dead address raises OSError (a stack trace, as from the real server); anything but PONG raises RefusedError.
    """
    if settings.redis_url is None:
        return
    log.info(LOGGER, f"Redis enabled: {settings.redis_url}")
    url = urlsplit(settings.redis_url)
    address = (url.hostname or "localhost", url.port or DEFAULT_PORT)
    with socket.create_connection(address, settings.redis_timeout_ms / 1000) as plain:
        plain.settimeout(settings.redis_probe_timeout_ms / 1000)
        connection = plain
        if url.scheme == "rediss":
            connection = ssl.create_default_context().wrap_socket(plain, server_hostname=url.hostname)
        commands = [["PING"]]
        if settings.redis_password:
            commands.insert(0, ["AUTH", settings.redis_username or "default", settings.redis_password])
        try:
            answers = [_ask(connection, command) for command in commands]
        except OSError as error:
            answers = [str(error)]
    if answers[-1] != "+PONG":
        raise RefusedError("FATAL: KAUTH_REDIS_URL is set but Redis is unreachable.", "", answers[0])


def _ask(connection: socket.socket, command: list[str]) -> str:
    parts = "".join(f"${len(part.encode())}\r\n{part}\r\n" for part in command)
    connection.sendall(f"*{len(command)}\r\n{parts}".encode())
    return connection.recv(512).decode(errors="replace").strip()
