"""`frontend: external`: a proxy that the user runs ends TLS, and shares a network of the user's with the server.

Traefik reads labels of the server. During a roll two servers have them, and Traefik drops a router or a middleware that
two containers define differently. So the labels depend on the settings alone, and a changed middleware needs another
name.
"""

from __future__ import annotations

import hashlib
import re

import pulumi

from ..kotauth.base_url import BaseUrl
from ..kotauth.server import PORT

EXTERNAL = "external"
"""Value of the setting `frontend`."""

_OF_DOCKER = ("bridge", "default", "host", "none")
_REMOVED = (
    # Traefik then sets it to its peer. Spelled as usual, Traefik would never set it.
    "x-forwarded-for",
    "X-Forwarded-Protocol",
    "X-Forwarded-Host",
    "X-Forwarded-Server",
    "X-Forwarded-SSL",
    "Front-End-Https",
)
"""Request headers that Kotauth trusts, besides the two that are set."""
_LONGEST_NAME = 63
"""Characters of a DNS label."""


def parse_proxy_network(raw: object) -> str:
    """Parse the name of a Docker network that a user made."""
    if raw in _OF_DOCKER:
        raise ValueError(
            "must be a network that you created, not one of Docker's own: run `docker network create kotauth-proxy`"
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", str(raw)):
        raise ValueError("must be the name of a Docker network: letters, digits, underscores, dots and hyphens")
    return str(raw)


def server_name(base_url: BaseUrl) -> str:
    """Return the server's name on the user's network and in Traefik, which differs for each public address."""
    port = "" if base_url.port == 443 else f"-{base_url.port}"
    name = f"kotauth-{base_url.host.replace('-', '--').replace('.', '-')}{port}"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: _LONGEST_NAME - len(digest) - 1]}-{digest}"


def router_label(base_url: BaseUrl) -> str:
    """Return the label whose value says for which host Traefik asks the server."""
    return f"traefik.http.routers.{server_name(base_url)}.rule"


def traefik_labels(base_url: BaseUrl, network: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """Return the labels by which Traefik's Docker provider routes to the server."""
    name = server_name(base_url)
    router, service = f"traefik.http.routers.{name}", f"traefik.http.services.{name}"
    headers, retry = (f"traefik.http.middlewares.{name}-{kind}.{kind}" for kind in ("headers", "retry"))
    request = f"{headers}.customrequestheaders"
    return {
        # The five of Kotauth's production checklist.
        "traefik.enable": "true",
        router_label(base_url): f"Host(`{base_url.host}`)",
        f"{router}.entrypoints": "websecure",
        f"{router}.tls.certresolver": "letsencrypt",
        f"{service}.loadbalancer.server.port": str(PORT),
        # Not the database's network, which the server joins too.
        "traefik.docker.network": network,
        f"{router}.middlewares": f"{name}-headers,{name}-retry",
        # An empty value removes the header.
        **{f"{request}.{header}": "" for header in _REMOVED},
        f"{request}.X-Forwarded-Proto": "https",
        f"{request}.X-Forwarded-Port": str(base_url.port),
        # During a roll Traefik still knows a server that stopped, and learns of the new one within two seconds.
        # It tries for about ten seconds, and only while it has sent no header.
        f"{retry}.attempts": "40",
        f"{retry}.initialinterval": "200ms",
    }
