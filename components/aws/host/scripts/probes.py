"""What the watchdog asks: the frontend as a client would, and PostgreSQL as `pg_isready` does.

The frontend is asked over TLS, by the public name, at the published port. PostgreSQL is asked as far as the request
for a password: a TCP connection alone proves nothing, because a proxy or a stopped process accepts one, too.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
from typing import BinaryIO

ADDRESS = "127.0.0.1"
# The frontend itself tries for ten seconds to reach a server that is away.
ANSWER_SECONDS = 15
OWN_ANSWER_SECONDS = 5
DATABASE_ANSWER_SECONDS = 5
_FOREIGN = "watchdog.invalid"
_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_STARTUP = b"user\0kotauth-watchdog\0\0"
_VERSION = 196608
# SQLSTATE cannot_connect_now: it starts, recovers or stops.
_NOT_NOW = b"C57P03\0"


class NoCertificateError(Exception):
    """The frontend answers, but refuses TLS: it has no certificate for the name yet."""


class _Connection(http.client.HTTPSConnection):
    """To this host, whatever the name means in DNS. Whether the certificate is good is not asked here."""

    def __init__(self, name: str, port: int, timeout: float) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE
        super().__init__(name, port, timeout=timeout, context=self._tls)

    def connect(self) -> None:
        plain = socket.create_connection((ADDRESS, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def status_of(name: str, port: int, path: str) -> int | None:
    """Return the status of a GET; None without an answer in time. Raise ``NoCertificateError``."""
    return _ask(_Connection(name, port, ANSWER_SECONDS), path, name)


def answers_itself(name: str, port: int) -> bool:
    """Whether it answers a request that no server has to be asked for: one for a name that it doesn't serve."""
    return _ask(_Connection(name, port, OWN_ANSWER_SECONDS), "/", _FOREIGN) is not None


def _ask(connection: _Connection, path: str, host: str) -> int | None:
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    except ssl.SSLEOFError:
        # The connection was closed in the middle: Docker's own proxy does that for a container that doesn't listen.
        return None
    except ssl.SSLError as error:
        raise NoCertificateError(f"{error.reason or error}") from None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def accepts_connections(host: str, port: int) -> bool:
    """Whether a server there asks for a password, or refuses for a reason other than that it isn't up."""
    try:
        with socket.create_connection((host, port), timeout=DATABASE_ANSWER_SECONDS) as plain:
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
