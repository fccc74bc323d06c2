"""A host as production has it, and the services that its scripts ask, played on this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pulumi

from components.aws.host.description import Host, Secret, Volume
from components.aws.host.scripts.aws import Metadata
from components.aws.host.scripts.services import Services
from components.aws.host.user_data import UserData, render
from components.config.frontends import DEFAULT as FRONTEND
from components.config.frontends import INNER
from components.frontends.frontend import Acme, EdgeSite, InnerSite
from components.kotauth import server as kotauth
from components.kotauth.base_url import parse_base_url
from components.kotauth.database import DatabaseConnection
from components.kotauth.secret_files import SECRET_FILES
from components.workload.spec import ContainerSpec

URL = parse_base_url("https://auth.example.com")
TOOLS = "public.ecr.aws/docker/library/postgres:14.23"
CA = "-----BEGIN CERTIFICATE-----\n" + "bm90IGEgcmVhbCBvbmU=\n" * 200 + "-----END CERTIFICATE-----\n"
NAMES = {"parameter": "kotauth-boot-1a2b3c4", "bucket": "kotauth-artifacts-1a2b3c4", "log_group": "kotauth-1a2b3c4"}
_SITE: dict[str, Any] = {
    "base_url": URL,
    "upstream": "server",
    "image": "public.ecr.aws/docker/library/caddy:2.11.9",
    "https_port": 443,
}
CANARY = "canary-9f8e7d"


def server(host: pulumi.Input[str] | None = None, **changes: Any) -> ContainerSpec:
    """Return the server's spec; the database's address is not known yet."""
    arguments: dict[str, Any] = {
        "image": "ghcr.io/inumansoul/kotauth:1.22.0",
        "base_url": URL,
        "environment": "production",
        "memory": 512,
        "cpus": 1.0,
        "pool_size": 10,
        "update_check": True,
        "database": DatabaseConnection(
            host=host or pulumi.Output.from_input("database.test"),
            name="kotauth",
            user="kotauth_a",
            tools_image=TOOLS,
            ca=CA,
        ),
    }
    return kotauth.server(**{**arguments, **changes})


def inner() -> ContainerSpec:
    """Return the proxy behind a load balancer."""
    networks = ["10.64.0.0/24", "10.64.1.0/24"]
    return INNER(InnerSite(**_SITE, load_balancer_cidrs=networks))


def edge() -> ContainerSpec:
    """Return the proxy with certificates of its own."""
    return FRONTEND.edge(EdgeSite(**_SITE, http_port=80, certificate=Acme("ops@example.com")))


def secrets(version: str = "v1") -> dict[str, dict[str, Secret]]:
    """Return where the server's secrets lie."""
    return {"server": {file: Secret(f"arn:{file}", version) for file in SECRET_FILES}}


def rendered(**changes: Any) -> UserData:
    """Return production's host, with changes."""
    arguments: dict[str, Any] = {"containers": [server(), inner()], "secrets": secrets(), "in_group": True}
    return render(Host(**{**arguments, **changes}))


def rendered_edge() -> UserData:
    """Return the host of the variant without a load balancer."""
    return rendered(containers=[server(), edge()], in_group=False, volume=Volume("vol-0123456789abcdef0"))


class Commands:
    """Commands on PATH before the machine's own; each call is one line of `calls`."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "bin"
        self.folder.mkdir()
        self.log = root / "calls"

    def set(self, name: str, script: str = "") -> None:
        file = self.folder / name
        file.write_text(f'#!/bin/sh\necho {name} "$@" >>{self.log}\n{script}\n')
        file.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@dataclass
class Played:
    """An HTTP server whose answers a test decides."""

    answer: Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]
    """From method, path, headers and body to status and body."""
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list[Any])

    def __enter__(self) -> Played:
        played = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {key.lower(): value for key, value in self.headers.items()}
                played.requests.append((self.command, self.path, headers, body))
                status, content = played.answer(self.command, self.path, headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the library's own names

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"


def credentials(seconds: float = 3600) -> dict[str, str]:
    """Return a role's credentials that live so long."""
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    keys = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "example/secret+key", "Token": "session=="}
    return {**keys, "Expiration": expires}


def instance(lifetimes: list[float] | None = None) -> Played:
    """Play an instance's metadata; each reading of its credentials takes one lifetime, and the last one for good."""
    left = lifetimes or [3600.0]
    leaves = {
        "meta-data/instance-id": "i-0123456789abcdef0",
        "meta-data/placement/region": "eu-central-1",
        "meta-data/services/domain": "amazonaws.com",
        "meta-data/iam/security-credentials/": "host-role",
    }

    def answer(method: str, path: str, headers: Mapping[str, str], _: bytes) -> tuple[int, bytes]:
        leaf = path.removeprefix("/latest/")
        if method == "PUT":
            seconds = headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
            return (200, b"the token") if leaf == "api/token" and seconds.isdigit() else (400, b"")
        if headers.get("x-aws-ec2-metadata-token") != "the token":
            return 401, b""
        if leaf == "meta-data/iam/security-credentials/host-role":
            return 200, json.dumps(credentials(left.pop(0) if len(left) > 1 else left[0])).encode()
        return (200, leaves[leaf].encode()) if leaf in leaves else (404, b"")

    return Played(answer)


class LocalServices(Services):
    """The services at one address of this machine."""

    def __init__(self, metadata: Played, endpoint: str) -> None:
        super().__init__(Metadata(f"{metadata.url}latest/"))
        self.endpoint = endpoint

    def url(self, service: str, bucket: str = "") -> str:
        return f"{self.endpoint}{bucket}/" if bucket else self.endpoint
