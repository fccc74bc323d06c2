"""The Traefik of docs/own-proxy.md as its users run it."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from simulators.docker_command import docker
from simulators.ec2_host.authority import Authority
from simulators.kotauth.client import Client
from tests.e2e.docker_page import documented

_CERTIFICATES = "/certificates"


@contextmanager
def own_traefik(folder: Path, url: str, *, network: str, http_port: int, image: str, label: str) -> Generator[Client]:
    """Run it for a public address, with a certificate of its own authority instead of one by ACME.

    Yields a client of the public address. Traefik serves http on ``http_port``.
    """
    host, port, authority = str(urlsplit(url).hostname), int(urlsplit(url).port or 443), Authority("Own Traefik")
    certificates = folder / "certificates"
    certificates.mkdir(parents=True)
    for name, pem in zip(("chain.pem", "key.pem"), authority.issue(host), strict=True):
        (certificates / name).write_text(pem)
    files = f"certificates: [{{certFile: {_CERTIFICATES}/chain.pem, keyFile: {_CERTIFICATES}/key.pem}}]"
    # The daemon may run servers of other tests, also such as were left behind, with the same public name.
    own = f"exposedByDefault: false\n    constraints: Label(`traefik.docker.network`, `{network}`)"
    static = _with(documented("certificatesResolvers:", "yaml"), {"exposedByDefault: false": own})
    (folder / "traefik.yml").write_text(static)
    dynamic = documented("sniStrict:", "yaml")
    dynamic = _with(dynamic, {"auth.example.com": host, "scheme: https": f"scheme: https\n        port: '{port}'"})
    (folder / "dynamic.yml").write_text(_with(dynamic, {"\ntls:\n": f"\ntls:\n  {files}\n"}))
    command = _with(
        documented("--name traefik", "sh"),
        {
            "--name traefik --restart unless-stopped": f"--label {label}",
            "--network kotauth-proxy": f"--network {network}",
            "80:80": f"127.0.0.1:{http_port}:80",
            "443:443": f"127.0.0.1:{port}:443",
            "--volume traefik-acme:/acme": f"--tmpfs /acme --volume '{certificates}:{_CERTIFICATES}:ro'",
            "traefik:v3.6.12": image,
        },
    )
    started = subprocess.run(["bash", "-ec", command], cwd=folder, capture_output=True, text=True, check=False)
    assert started.returncode == 0, started.stderr
    try:
        yield Client(host, port, authority.pem)
    finally:
        docker("rm", "--force", "--volumes", started.stdout.strip())


def _with(text: str, values: Mapping[str, str]) -> str:
    """Return the text of the page with a test's values in place of the page's."""
    for old, new in values.items():
        assert old in text, old
        text = text.replace(old, new)
    return text
