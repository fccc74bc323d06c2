"""Connections to a Docker daemon, each as the Docker provider makes it: a socket, TCP, TLS, or ssh."""

from __future__ import annotations

import http.client
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO

from .address import Address, Certificates

_TIMEOUT_SECONDS = 10
_SSH_TIMEOUT_SECONDS = 40
"""Longer than ssh's own time limit below, because ssh says better what is wrong."""
_SSH_CONNECT = "-o ConnectTimeout=30"
_DIAL = ("docker", "system", "dial-stdio")
_SSH_URL = re.compile(
    r"ssh://(?:(?P<user>[^@/?#]*)@)?(?P<host>\[[^]/]+\]|[^:/@?#]*)(?::(?P<port>\d+))?(?P<path>/[^?#]*)?"
)
_END_SECONDS = 3


def open_connection(address: Address) -> http.client.HTTPConnection:
    """Return a connection that opens with its first request; raise ``ValueError`` where the address is none."""
    if address.scheme == "unix":
        return _UnixConnection(address.url.removeprefix("unix://"))
    if address.scheme == "ssh":
        return _SshConnection(ssh_command(address))
    if address.scheme in ("tcp", "http", "https"):
        return _tcp_connection(address)
    raise ValueError("the address must begin with unix://, tcp:// or ssh://")


def explain(connection: http.client.HTTPConnection, error: Exception) -> str:
    """End the connection and return why there is no answer: in ssh's own words where it has some."""
    said = end(connection)
    if isinstance(error, TimeoutError):
        return "; ".join([f"no answer within {connection.timeout:.0f} s", *([said] if said else [])])
    return said or str(error) or type(error).__name__


def end(connection: http.client.HTTPConnection) -> str:
    """Close the connection for good; return how ssh ended and what it printed, empty if it printed nothing."""
    connection.close()
    return connection.end_ssh() if isinstance(connection, _SshConnection) else ""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=_TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _tcp_connection(address: Address) -> http.client.HTTPConnection:
    try:
        url = urllib.parse.urlsplit(address.url)
        host, port = url.hostname, url.port
    except ValueError as error:
        raise ValueError("the address has no valid port") from error
    if not host:
        raise ValueError("the address has no host")
    # TLS goes with certificates, whatever the scheme says: so the provider's client decides.
    scheme, context = ("https", _tls(address.certificates)) if address.certificates else ("http", None)
    port = port or (443 if context else 80)
    proxy = _proxy(scheme, host, port)
    near, near_port = proxy or (host, port)
    if not context:
        origin = f"http://{address.url.partition('://')[2].partition('/')[0]}" if proxy else ""
        return _PlainConnection(near, near_port, origin)
    connection = http.client.HTTPSConnection(near, near_port, context=context, timeout=_TIMEOUT_SECONDS)
    if proxy:
        connection.set_tunnel(host, port)
    return connection


class _PlainConnection(http.client.HTTPConnection):
    """HTTP over TCP; with ``origin`` by a proxy."""

    def __init__(self, host: str, port: int, origin: str) -> None:
        super().__init__(host, port, timeout=_TIMEOUT_SECONDS)
        self._origin = origin

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        super().putrequest(method, self._origin + url, skip_host, skip_accept_encoding)


def _proxy(scheme: str, host: str, port: int) -> tuple[str, int] | None:
    """Return the proxy of the environment; like Go's client, none for this machine."""
    proxy = urllib.request.getproxies_environment().get(scheme)
    if not proxy or host == "localhost" or host.startswith("127.") or host == "::1":
        return None
    if urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    url = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return (url.hostname, url.port or 80) if url.hostname else None


def _tls(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if certificates.authority:
        # Comments around the certificates may be in any alphabet, and the library takes ASCII only.
        context.load_verify_locations(cadata=certificates.authority.encode("ascii", "ignore").decode())
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    # The library reads files only.
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder) / "cert.pem", Path(folder) / "key.pem"
        certificate.write_text(certificates.certificate, encoding="utf-8")
        key.touch(mode=0o600)
        key.write_text(certificates.key, encoding="utf-8")
        try:
            # With a password, so that an encrypted key is an error and no question at the terminal.
            context.load_cert_chain(certificate, key, password="")
        except ssl.SSLError as error:
            raise ValueError(f"client certificate and key don't fit each other, or can't be read: {error}") from error
    return context


def ssh_command(address: Address) -> list[str]:
    """Return the command that reaches the daemon, as `docker` itself and the provider build it."""
    found = _SSH_URL.fullmatch(address.url)
    if not found or not found["host"]:
        raise ValueError("the address must be ssh://USER@HOST, with :PORT where it isn't 22")
    user, port, path = (urllib.parse.unquote(found[part] or "") for part in ("user", "port", "path"))
    if ":" in (found["user"] or ""):
        raise ValueError("an address with a password is not supported: ssh needs a key")
    program = shutil.which("ssh")
    if not program:
        raise ValueError("the program ssh is not installed here")
    options = list(address.ssh_options)
    if "ConnectTimeout" not in "".join(options):
        options.append(_SSH_CONNECT)
    if "-T" not in options:
        options.append("-T")
    remote = [_DIAL[0], f"--host=unix://{path}", *_DIAL[1:]] if path.strip("/") else _DIAL
    return [
        program,
        *(["-l", user] if user else []),
        *(["-p", port] if port else []),
        *options,
        "--",
        found["host"].strip("[]"),
        shlex.join(remote),
    ]


class _SshConnection(http.client.HTTPConnection):
    """HTTP over the standard input and output of ssh."""

    def __init__(self, command: list[str]) -> None:
        super().__init__("docker", timeout=_SSH_TIMEOUT_SECONDS)
        self._command = command
        self._running: tuple[subprocess.Popen[bytes], IO[bytes]] | None = None

    def connect(self) -> None:
        self.end_ssh()  # an answer may have ended the last one
        near, far = socket.socketpair()
        near.settimeout(self.timeout)
        self.sock = near
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the connection
        with far:
            # This process serves gRPC, which does not survive a fork. Without closing descriptors and without Python
            # code in the child, subprocess uses posix_spawn, or vfork on Linux, where a session of its own keeps ssh
            # from asking at the terminal (the provider's ssh has none either).
            ssh = subprocess.Popen(
                self._command,
                stdin=far.fileno(),
                stdout=far.fileno(),
                stderr=errors,
                close_fds=False,
                start_new_session=sys.platform == "linux",
            )
        self._running = ssh, errors

    def end_ssh(self) -> str:
        """Wait for ssh's end, which the closed connection brings; not in `close`, which comes before the answer."""
        if not self._running:
            return ""
        ssh, errors = self._running
        self._running = None
        try:
            ssh.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            ssh.kill()
            ssh.wait()
        with errors:
            errors.seek(0)
            printed = errors.read().decode(errors="replace").splitlines()
        lines = [line.strip() for line in printed if line.strip()]
        return f"ssh ended with {ssh.returncode}: {'; '.join(lines[-3:])}" if lines else ""
