"""Checks whether a stack answers at its public address, as a client would, and why it has no certificate."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .stack import Stack

if TYPE_CHECKING:
    from components.frontends.acme_problem import AcmeProblem

_ANSWER_SECONDS = 15.0
"""Kotauth answers 503 up to 9 s after the request while its database is down."""
_PAUSE_SECONDS = 1.0
_LOG_LINES = 500
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


def log_route(stack: Stack, watcher: str) -> str:
    """Return the state of the container that watches the log route of a stack on Docker, and its last line."""
    # Loads Pulumi's SDK.
    from components.docker.daemon import client as daemon  # noqa: PLC0415

    _choose_daemon(stack)
    try:
        with daemon.connect() as docker:
            running = [each["Status"] for each in docker.containers() if f"/{watcher}" in each["Names"]]
            line = (docker.log(watcher, 1) or b"").decode(errors="replace").strip()
    except daemon.DaemonError as error:
        return str(error)
    with contextlib.suppress(ValueError):
        line = str(json.loads(line)["message"])
    return f"{running[0] if running else 'not running'}; {line}"


def _choose_daemon(stack: Stack) -> None:
    import pulumi  # noqa: PLC0415 - as above

    keys = ("docker:host", "docker:context", "docker:certPath")
    if settings := {key: value for key in keys if (value := stack.setting(key))}:
        pulumi.runtime.set_all_config(settings)


def certificate_problem(stack: Stack, host: str, seconds: float) -> AcmeProblem | None:
    """Return why the frontend of a stack on Docker has no certificate by ACME, as its log says within ``seconds``."""
    # Loads Pulumi's SDK.
    from components.config.stack import STACK_LABEL  # noqa: PLC0415
    from components.docker.daemon import client as daemon  # noqa: PLC0415
    from components.frontends import acme_problem  # noqa: PLC0415
    from components.workload.spec import PART_LABEL  # noqa: PLC0415

    _choose_daemon(stack)
    deadline = time.monotonic() + seconds
    while True:
        try:
            with daemon.connect() as docker:
                frontends = [
                    str(container["Names"][0]).lstrip("/")
                    for container in docker.containers()
                    if container["Labels"].get(PART_LABEL) == "frontend"
                    and container["Labels"].get(STACK_LABEL, "").rpartition("/")[2] == stack.name
                ]
                logs = {name: (docker.log(name, _LOG_LINES) or b"").decode(errors="replace") for name in frontends}
        except daemon.DaemonError:
            return None
        for name, log in logs.items():
            if problem := acme_problem.find(log, host, name):
                return problem
        if time.monotonic() >= deadline:
            return None
        time.sleep(_PAUSE_SECONDS)
