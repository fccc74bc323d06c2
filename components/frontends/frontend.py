"""The interface of a frontend, for every proxy and every target.

Each proxy has a folder here with its templates and a ``FRONTEND``; `components.config.frontends` lists them.
`docs/adding.md`, "Add a proxy", lists the other files to change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..inputs.image import Image
from ..inputs.image import image as image_rule
from ..kotauth.base_url import BaseUrl
from ..workload.spec import ContainerSpec, Probe, PublishedPort

ACME, INTERNAL, FILES = "acme", "internal", "files"
"""Sources of a certificate: a public ACME authority, the proxy's own authority, or files of the user."""

HTTP, HTTPS, PROBE = 8080, 8443, 8081
"""Ports inside the container: above 1024, so that no capability is needed."""

CERTIFICATE_FILE = "certificate.pem"
"""Secret file with the user's certificate: the chain, then its key. One file, so that both change together."""


@dataclass(frozen=True)
class Acme:
    """A public certificate, from Let's Encrypt or the ACME server at a directory URL."""

    email: str
    """Address that the authority writes to."""
    server: str | None = None


@dataclass(frozen=True)
class OwnAuthority:
    """A certificate of the proxy's own authority, which clients must be told to trust."""


@dataclass(frozen=True)
class CertificateFiles:
    """The user's certificate: the spec lists the secret file `CERTIFICATE_FILE`, and reloads it."""


Certificate = Acme | OwnAuthority | CertificateFiles


@dataclass(frozen=True, kw_only=True)
class Site:
    """Settings of the site that a proxy serves."""

    base_url: BaseUrl
    """Public address; requests for other names are refused."""
    upstream: str
    """Host name of the server on the network of server and proxy. During a rollout, it resolves to the old and the new
    server."""
    image: str
    """The proxy's image."""
    admin_cidrs: Sequence[str] = ()
    """Networks that reach the admin console. Empty means all."""
    https_port: int
    """Port on the host for https."""


@dataclass(frozen=True, kw_only=True)
class EdgeSite(Site):
    """A site for which the proxy terminates TLS."""

    http_port: int
    """Port on the host that redirects to https and answers certificate challenges."""
    certificate: Certificate
    """Source of the certificate, one of those that the proxy lists in `Frontend.certificates`."""


@dataclass(frozen=True, kw_only=True)
class InnerSite(Site):
    """A site behind a load balancer, which accepts any certificate and probes the host by its address."""

    load_balancer_cidrs: Sequence[str]
    """The load balancer's networks. Only from these does the proxy accept the client's address and health checks."""


@dataclass(frozen=True)
class CaCertificate:
    """Where a proxy keeps the root certificate of its own authority, mode readable by its user."""

    volume: str
    """Short name of the persistent volume in the edge's spec."""
    directory: str
    """Mount path of the volume."""
    path: str
    """The certificate's absolute path, below ``directory``."""


@dataclass(frozen=True, kw_only=True)
class Frontend:
    """One proxy. The specs that it returns define all else: configuration and secret files, volumes, probe, reload."""

    name: str
    """Value of the setting `frontend`."""
    title: str
    """Name in messages."""
    default_image: str
    """The official image by exact tag, on Docker Hub."""
    user: str
    """`uid:gid` in the container. Not the server's: neither may signal the other or read its files."""
    memory_mb: int
    """Limit of the container."""
    certificates: Sequence[str]
    """Values of the setting `certificates` that it supports."""
    edge: Callable[[EdgeSite], ContainerSpec]
    """Returns the container that terminates TLS. It sets or removes each forwarded header that Kotauth trusts."""
    ca_certificate: CaCertificate | None = None
    """None without an authority of its own."""

    def parse_image(self, raw: object) -> Image:
        """Parse an image of the proxy; raise ``ValueError`` without an exact tag or a digest."""
        return image_rule(3)(raw)


def published_ports(site: EdgeSite) -> list[PublishedPort]:
    """Return the two ports of an edge on the host."""
    return [{"host": site.http_port, "container": HTTP}, {"host": site.https_port, "container": HTTPS}]


def probe(command: str) -> Probe:
    """Return the readiness probe of a proxy: a command of `sh`."""
    return {
        "command": ["sh", "-c", command],
        "interval_seconds": 5,
        "timeout_seconds": 5,
        "retries": 3,
        "start_period_seconds": 10,
    }
