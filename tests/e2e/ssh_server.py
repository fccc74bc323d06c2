"""A real ssh server on this machine, with keys and configuration of its own, for one test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulators.waiting import eventually
from tests.ports import free_port
from toolchain.machine import debian

_SEARCHED = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
_PRIVILEGE_SEPARATION = Path("/run/sshd")
_CONFIGURATION = """
ListenAddress {address}
Port {port}
HostKey {folder}/host_key
HostCertificate {folder}/host_key-cert.pub
AuthorizedKeysFile {folder}/user_key.pub
AllowUsers {user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
Subsystem sftp internal-sftp
"""
"""The rest is the default, such as how many connections may wait for their authentication."""


@dataclass(frozen=True)
class SshServer:
    """A server that lets this user in with one key."""

    url: str
    """As `docker:host`."""
    options: list[str]
    """What ssh needs to come in: the key, and the server's own key to compare with."""
    log: Path


def install() -> None:
    """See to it that ssh and sshd are installed. Debian starts no server where its policy forbids that, as here."""
    missing = {"ssh": "openssh-client", "sshd": "openssh-server"}
    packages = [package for program, package in missing.items() if not shutil.which(program, path=_SEARCHED)]
    if packages and not debian.can_install():
        pytest.skip(f"needs {' and '.join(packages)}, which can't be installed from here")
    debian.install(packages)


@contextmanager
def ssh_server(folder: Path, address: str = "127.0.0.1") -> Generator[SshServer]:
    """Run a server with its files in ``folder``; it also serves SFTP."""
    install()
    for name in ("host_key", "user_key", "authority"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    certify = ["ssh-keygen", "-q", "-s", folder / "authority", "-I", "host", "-h", "-n", address]
    subprocess.run([*certify, folder / "host_key.pub"], check=True)
    port = free_port()
    known, user = (folder / "host_key.pub").read_text().split()[:2], pwd.getpwuid(os.getuid()).pw_name
    (folder / "known_hosts").write_text(f"[{address}]:{port} {' '.join(known)}\n")
    (folder / "sshd_config").write_text(_CONFIGURATION.format(address=address, port=port, folder=folder, user=user))
    if os.getuid() == 0:
        _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    sshd, log = shutil.which("sshd", path=_SEARCHED), folder / "log"
    assert sshd
    server = subprocess.Popen([sshd, "-D", "-f", folder / "sshd_config", "-E", log], stdin=subprocess.DEVNULL)
    options = ["-F", "none", "-i", str(folder / "user_key"), "-o", f"UserKnownHostsFile={folder / 'known_hosts'}"]
    try:
        eventually("sshd listens", lambda: _listens(address, port))
        yield SshServer(f"ssh://{user}@{address}:{port}", options, log)
    finally:
        server.terminate()
        server.wait()


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0
