"""Checks whether a stack answers at its public address, as a client would."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

_ANSWER_SECONDS = 15.0
"""Kotauth answers 503 up to 9 s after the request while its database is down."""
_PAUSE_SECONDS = 1.0
_LOOPBACK_DOMAIN = ".localhost"
"""Names below it mean this machine (RFC 6761), also where the system's resolver does not know them."""


@dataclass(frozen=True)
class Answer:
    """What the address answered last."""

    ready: bool
    text: str
    """The status, or why there is none, such as "502 Bad Gateway"."""
    conclusive: bool = True
    """Whether it says something about the stack, and not about this machine: its resolver, its trusted authorities."""


class _Connection(http.client.HTTPSConnection):
    """Knows the addresses of names below `.localhost`."""

    def connect(self) -> None:
        address = "127.0.0.1" if self.host.endswith(_LOOPBACK_DOMAIN) else self.host
        plain = socket.create_connection((address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)  # pyright: ignore


def ask(url: str, ca_certificate: str) -> Answer:
    """GET ``url`` once, trusting ``ca_certificate`` (PEM) alone, or the system's authorities where it is empty."""
    address = urlsplit(url)
    context = ssl.create_default_context(cadata=ca_certificate or None)
    connection = _Connection(address.hostname or "", address.port, timeout=_ANSWER_SECONDS, context=context)
    try:
        connection.request("GET", address.path)
        response = connection.getresponse()
        return Answer(response.status == http.client.OK, f"{response.status} {response.reason}")
    except socket.gaierror as error:
        return Answer(False, f"not asked: {address.hostname} has no address here ({error.strerror})", conclusive=False)
    except ssl.SSLCertVerificationError as error:
        text = f"not asked: the certificate is not trusted here ({error.verify_message})"
        return Answer(False, text, conclusive=False)
    except (OSError, http.client.HTTPException) as error:
        return Answer(False, str(error) or type(error).__name__)
    finally:
        connection.close()


def wait(url: str, ca_certificate: str, seconds: float) -> Answer:
    """Ask until the answer is 200 or inconclusive, for ``seconds`` at most; return the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask(url, ca_certificate)
        if answer.ready or not answer.conclusive or time.monotonic() >= deadline:
            return answer
        time.sleep(_PAUSE_SECONDS)
