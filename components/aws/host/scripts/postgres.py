"""Asks a PostgreSQL whether it accepts connections, the way `pg_isready` does: as far as the request for a password.

A TCP connection alone proves nothing: a proxy, a load balancer or a stopped process accepts one, too.
"""

from __future__ import annotations

import socket
import ssl
import struct
from typing import BinaryIO

ANSWER_SECONDS = 5
_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_STARTUP = b"user\0kotauth-watchdog\0\0"
_VERSION = 196608
# SQLSTATE cannot_connect_now: it starts, recovers or stops.
_NOT_NOW = b"C57P03\0"


def accepts_connections(host: str, port: int) -> bool:
    """Whether a server there asks for a password, or refuses for a reason other than that it isn't up."""
    try:
        with socket.create_connection((host, port), timeout=ANSWER_SECONDS) as plain:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) != b"S":
                return _accepted(plain)
            # Nothing secret is sent, so it doesn't matter who answers.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with context.wrap_socket(plain) as encrypted:
                return _accepted(encrypted)
    except OSError:
        return False


def _accepted(connection: socket.socket) -> bool:
    connection.sendall(struct.pack("!II", 8 + len(_STARTUP), _VERSION) + _STARTUP)
    with connection.makefile("rb") as answers:
        kind, text = _message(answers)
    return kind == b"R" or (kind == b"E" and _NOT_NOW not in text)


def _message(answers: BinaryIO) -> tuple[bytes, bytes]:
    head = answers.read(5)
    return (head[:1], answers.read(struct.unpack("!I", head[1:])[0] - 4)) if len(head) == 5 else (b"", b"")
