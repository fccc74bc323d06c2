"""The Docker daemon is asked over ssh, TLS and TCP; what stands in the way is named."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.runtime import set_all_config

from components.docker.daemon import client as daemon
from components.docker.daemon.address import Address
from components.docker.daemon.connection import ssh_command
from simulators.ec2_host.authority import Authority
from tests.docker_door import certificate_folder, mutual_tls, tcp_door
from tests.unit.docker_api import Daemon

# Stands for ssh and the daemon behind it: writes down its arguments and connects to the socket it is told.
_SSH = """#!{python} -IS
import json, os, socket, sys, threading
with open({arguments!r}, "w") as file:
    json.dump(sys.argv[1:], file)
there = socket.socket(socket.AF_UNIX)
there.connect({socket!r})
def back():
    while piece := there.recv(65536):
        os.write(1, piece)
threading.Thread(target=back, daemon=True).start()
while piece := os.read(0, 65536):
    there.sendall(piece)
"""


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have nothing set but what a test sets."""
    for name in [name for name in os.environ if name.startswith("DOCKER_")]:
        monkeypatch.delenv(name)
    yield
    set_all_config({})


def install_ssh(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "ssh"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.fixture
def ssh_arguments(docker_daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install an ssh that reaches the daemon, and return the file in which it writes its arguments."""
    arguments, socket = str(tmp_path / "arguments"), docker_daemon.address.removeprefix("unix://")
    install_ssh(tmp_path, _SSH.format(python=sys.executable, arguments=arguments, socket=socket), monkeypatch)
    return Path(arguments)


def ask() -> list[str]:
    with daemon.connect() as docker:
        return [container["Names"][0] for container in docker.containers()]


def failure() -> str:
    with pytest.raises(daemon.DaemonError) as failed:
        ask()
    return str(failed.value)


def test_over_ssh(docker_daemon: Daemon, ssh_arguments: Path) -> None:
    docker_daemon.publish("wiki", 80)
    docker_daemon.logs["wiki"] = "started\n"
    set_all_config({"docker:host": "ssh://deploy@docker.test:2222", "docker:sshOpts": '["-i", "a key"]'})
    with daemon.connect() as docker:
        assert docker.containers()[0]["Names"] == ["/wiki"]
        assert docker.log("wiki", 5) == b"started\n"
        assert docker.log("none", 5) is None
        assert not docker.address.is_local
    assert json.loads(ssh_arguments.read_text()) == [
        *("-l", "deploy", "-p", "2222", "-i", "a key", "-o ConnectTimeout=30", "-T"),
        *("--", "docker.test", "docker system dial-stdio"),
    ]


@pytest.mark.parametrize(
    ("url", "options", "expected"),
    [
        ("ssh://Docker", (), ["-o ConnectTimeout=30", "-T", "--", "Docker", "docker system dial-stdio"]),
        (
            "ssh://a%40b@[::1]/run/user/1/docker.sock",
            ("-T", "-oConnectTimeout=5"),
            [
                *("-l", "a@b", "-T", "-oConnectTimeout=5", "--", "::1"),
                "docker --host=unix:///run/user/1/docker.sock system dial-stdio",
            ],
        ),
    ],
)
def test_the_command_is_docker_s_own(
    url: str, options: tuple[str, ...], expected: list[str], ssh_arguments: Path
) -> None:
    assert ssh_command(Address(url, options))[1:] == expected


def test_over_ssh_without_a_fork(docker_daemon: Daemon, ssh_arguments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handlers of a fork, which is where gRPC ends the program, don't run."""
    register = getattr(ctypes.CDLL(None), "__register_atfork", None)
    if register is None:
        pytest.skip("only glibc tells of a fork this way")
    forks: list[int] = []
    handler = ctypes.CFUNCTYPE(None)(lambda: forks.append(1))
    monkeypatch.setattr(sys.modules[__name__], "_kept", handler, raising=False)  # glibc calls it to the end
    assert register(handler, None, None, None) == 0
    monkeypatch.setenv("DOCKER_HOST", "ssh://docker.test")
    assert ask() == []
    assert forks == []
    subprocess.run(["true"], preexec_fn=lambda: None, check=True)
    assert forks


def test_what_ssh_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Warning: something\nPermission denied (publickey)."
    install_ssh(tmp_path, f"#!/bin/sh\necho '{said}' >&2\nexit 255\n", monkeypatch)
    monkeypatch.setenv("DOCKER_HOST", "ssh://docker.test")
    assert failure() == (
        "no Docker daemon answers at ssh://docker.test: "
        "ssh ended with 255: Warning: something; Permission denied (publickey)."
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ssh://deploy:hunter2@docker.test", "an address with a password is not supported: ssh needs a key"),
        ("ssh://", "the address must be ssh://USER@HOST, with :PORT where it isn't 22"),
        ("ssh://docker.test?x=y", "the address must be ssh://USER@HOST, with :PORT where it isn't 22"),
        ("tcp://docker.test:port", "the address has no valid port"),
        ("tcp://", "the address has no host"),
        ("nonsense://x", "the address must begin with unix://, tcp:// or ssh://"),
    ],
)
def test_an_address_that_is_none(url: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", url)
    shown = url.replace("hunter2", "[secret]")
    assert failure() == f"no Docker daemon answers at {shown}: {reason}"


@pytest.mark.parametrize("material", [False, True])
def test_with_client_certificates(docker_daemon: Daemon, tmp_path: Path, material: bool) -> None:
    authority, other = Authority("daemon"), Authority("other")
    folder = certificate_folder(tmp_path / "client", authority)
    (folder / "ca.pem").write_text(f"# Zürich\n{authority.pem}", encoding="utf-8")
    certificates = {"certPath": str(folder)}
    if material:
        certificates = {f"{name}Material": (folder / f"{name}.pem").read_text() for name in ("ca", "cert", "key")}
    docker_daemon.publish("wiki", 80)
    with tcp_door(docker_daemon.address.removeprefix("unix://"), mutual_tls(authority)) as port:
        url = f"tcp://127.0.0.1:{port}"
        set_all_config({"docker:host": url, **{f"docker:{key}": value for key, value in certificates.items()}})
        assert ask() == ["/wiki"]
        set_all_config({"docker:host": url})
        assert failure().startswith(f"no Docker daemon answers at {url}: ")
        strange = certificate_folder(tmp_path / "strange", other)
        set_all_config({"docker:host": url, "docker:certPath": str(strange)})
        assert "certificate verify failed" in failure()
        (strange / "ca.pem").write_text(authority.pem)
        assert failure().startswith(f"no Docker daemon answers at {url}: ")
        (strange / "key.pem").write_text((folder / "key.pem").read_text())
        assert "client certificate and key don't fit each other" in failure()


def test_what_does_not_count_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    assert failure().endswith(
        "; the provider does not read DOCKER_TLS_VERIFY: to use TLS, set docker:certPath or DOCKER_CERT_PATH to the "
        "folder of the client certificates"
    )
