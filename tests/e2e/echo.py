"""The stack's frontend before an upstream of a test's own, such as one that answers with the headers it was sent."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from components.frontends.caddy import frontend as caddy
from components.frontends.frontend import EdgeSite, OwnAuthority
from components.kotauth.base_url import BaseUrl
from components.kotauth.server import PORT
from simulators.docker_command import docker
from simulators.kotauth.client import Client

HOST = "kotauth.localhost"
PUBLIC_PORT = 18443
"""Port of the frontend's public address. It is reached on another one, so the header can't come from there."""
_SECONDS = 20
_RUN = 'printf %s "$1" >/tmp/Caddyfile; exec caddy run --config /tmp/Caddyfile --adapter caddyfile'


@contextmanager
def echo(image: str, names: list[str]) -> Iterator[Client]:
    """Run it with Caddy's image; the answer to any request has the value of each of the names."""
    # Caddy puts the values in as they are: none of the tests' has a character that JSON would escape.
    fields = ", ".join(f'{json.dumps(name)}: "{{http.request.header.{name}}}"' for name in names)
    upstream = f"{{\n admin off\n auto_https off\n}}\nhttp://:{PORT} {{\n respond `{{{fields}}}`\n}}\n"
    with frontend_before([image, "-c", _RUN, "sh", upstream], image) as client:
        yield client


@contextmanager
def frontend_before(upstream: list[str], image: str) -> Iterator[Client]:
    """Run the frontend with Caddy's image before a container of another one, whose arguments are a shell's."""
    base_url = BaseUrl(f"https://{HOST}:{PUBLIC_PORT}", HOST, PUBLIC_PORT)
    site = EdgeSite(
        base_url=base_url,
        upstream="upstream",
        image=image,
        http_port=80,
        https_port=PUBLIC_PORT,
        certificate=OwnAuthority(),
    )
    front = caddy.edge_configuration(site)
    network = docker("network", "create", f"--label=kotauth.test={os.getpid()}", f"kotauth-echo-{os.getpid()}")
    containers: list[str] = []
    try:
        common = ("run", "--detach", f"--network={network}", f"--label=kotauth.test={os.getpid()}", "--entrypoint=sh")
        containers.append(docker(*common, "--network-alias=upstream", *upstream))
        published = f"--publish=127.0.0.1::{caddy.HTTPS}"
        containers.append(docker(*common, "--tmpfs=/run/admin", published, image, "-c", _RUN, "sh", front))
        yield _client(containers[-1])
    finally:
        docker("rm", "--force", "--volumes", *containers)
        docker("network", "rm", network)


def _client(container: str) -> Client:
    """Wait until the frontend has its certificate and reaches the upstream."""
    port = int(docker("port", container, f"{caddy.HTTPS}/tcp").splitlines()[0].rpartition(":")[2])
    deadline = time.monotonic() + _SECONDS
    authority = caddy.FRONTEND.ca_certificate
    assert authority
    while True:
        certificate = docker("exec", container, "cat", authority.path, check=False)
        client = Client(HOST, port, certificate)
        try:
            if certificate and client.get("/").status == 200:
                return client
        except (OSError, HTTPException):
            pass
        if time.monotonic() > deadline:
            log = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=False).stderr
            raise TimeoutError(f"no answer:\n{log}")
        time.sleep(0.1)
