"""Asks the frontend on this host as a client would: over TLS, by the public name, at the published port."""

from __future__ import annotations

import http.client
import socket
import ssl

ADDRESS = "127.0.0.1"
# The frontend itself tries for ten seconds to reach a server that is away.
ANSWER_SECONDS = 15
OWN_ANSWER_SECONDS = 5
_FOREIGN = "watchdog.invalid"


class NoCertificateError(Exception):
    """The frontend refused TLS, and so it lives: it has no certificate for the name yet."""


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
