"""Caddy as a frontend: it terminates TLS on the host, or is the inner hop behind a load balancer."""

from __future__ import annotations

from pathlib import Path
from string import Template

from ...kotauth.server import PORT, READY_PATH
from ...workload.spec import (
    CONFIG_DIRECTORY,
    NEXT_CONFIG_DIRECTORY,
    NEXT_SECRETS_DIRECTORY,
    SECRETS_DIRECTORY,
    ContainerSpec,
    PublishedPort,
)
from ..frontend import (
    ACME,
    CERTIFICATE_FILE,
    FILES,
    HTTP,
    HTTPS,
    INTERNAL,
    PROBE,
    Acme,
    CaCertificate,
    CertificateFiles,
    EdgeSite,
    Frontend,
    InnerSite,
    Site,
    probe,
    published_ports,
)

_USER = "10002:10002"
_MEMORY_MB = 256
_DATA = "/data"
_SOCKET = "/run/admin/caddy.sock"
_CURRENT = f"{CONFIG_DIRECTORY}/Caddyfile"
_CERTIFICATE = f"{SECRETS_DIRECTORY}/{CERTIFICATE_FILE}"
# What could mean the console in a path without its escapes. Caddy's matcher of paths resolves dot segments first, which
# the server takes as they are.
_ADMIN = r"(?i)^/+admin(/|$)|/\.\.?(/|$)"
_HSTS = 'Strict-Transport-Security "max-age=31536000; includeSubDomains"'
# Caddy reads the new certificate while it still lies beside the one in use. The new certificate alone is no change of
# the configuration, so the reload is forced.
_RELOAD = (
    f"sed 's,{SECRETS_DIRECTORY}/,{NEXT_SECRETS_DIRECTORY}/,g' {NEXT_CONFIG_DIRECTORY}/Caddyfile"
    f" | caddy reload --force --adapter caddyfile --address unix/{_SOCKET} --config -"
)


def edge_configuration(site: EdgeSite) -> str:
    """Return the Caddyfile of an edge."""
    # Caddy changes no trust store: the root certificate is an output of the stack.
    options, tls = "skip_install_trust", "tls internal"
    if isinstance(site.certificate, Acme):
        server = site.certificate.server
        options, tls = f"email {site.certificate.email}" + (f"\n\tacme_ca {server}" if server else ""), ""
    if isinstance(site.certificate, CertificateFiles):
        tls = f"tls {_CERTIFICATE} {_CERTIFICATE}"
    return _template("edge.Caddyfile").substitute(
        _shared(site), base_url=site.base_url.text, tls=tls, **{"global": options}
    )


def inner_configuration(site: InnerSite) -> str:
    """Return the Caddyfile behind a load balancer."""
    trusted = " ".join(site.load_balancer_cidrs)
    return _template("inner.Caddyfile").substitute(_shared(site), trusted=trusted, ready=READY_PATH)


def edge(site: EdgeSite) -> ContainerSpec:
    """Return the spec of a Caddy that publishes its two ports on the host and keeps its certificates."""
    spec: ContainerSpec = {
        **_spec(site.image, edge_configuration(site), published_ports(site)),
        # A reload finishes what is under way. HTTP/1.1 connections that wait for a request end, also new ones, as Go's
        # servers do it. A bad file is refused and the old one stays.
        "reload": {"command": ["sh", "-c", _RELOAD], "socket": _SOCKET},
        "volumes": [{"name": "data", "path": _DATA}],
        "tmpfs": ["/config"],
    }
    if isinstance(site.certificate, CertificateFiles):
        spec["secret_files"] = [CERTIFICATE_FILE]
        spec["reload"]["secret_files"] = True
    return spec


def inner(site: InnerSite) -> ContainerSpec:
    """Return the spec of a Caddy behind a load balancer, which takes any certificate: each start makes its own."""
    ports: list[PublishedPort] = [{"host": site.https_port, "container": HTTPS}]
    return {**_spec(site.image, inner_configuration(site), ports), "tmpfs": ["/config", _DATA]}


def _spec(image: str, configuration: str, ports: list[PublishedPort]) -> ContainerSpec:
    url = f"http://127.0.0.1:{PROBE}/"
    return {
        "part": "frontend",
        "image": image,
        "user": _USER,
        "memory": _MEMORY_MB,
        "cpus": 1,
        "entrypoint": ["caddy"],
        "command": ["run", "--config", _CURRENT, "--adapter", "caddyfile"],
        "environment": {"XDG_DATA_HOME": _DATA, "XDG_CONFIG_HOME": "/config"},
        "config_files": {"Caddyfile": configuration},
        "ports": ports,
        # Not for the ports: the official image's binary carries it as a file capability, and the kernel refuses to run
        # a binary that asks for more than the container may have.
        "capabilities": ["CAP_NET_BIND_SERVICE"],
        # The official image brings wget, others curl.
        "probe": probe(f"wget -q -O /dev/null {url} 2>/dev/null || curl -fsS -o /dev/null {url}"),
        # Caddy waits for open requests at its end.
        "stop_seconds": 15,
    }


def _shared(site: Site) -> dict[str, object]:
    allowed = " ".join(site.admin_cidrs)
    closed = (
        f"@closed {{\n\t\tvars_regexp {{path}} {_ADMIN}\n\t\tnot client_ip {allowed}\n\t}}\n"
        f"\theader @closed {_HSTS}\n\trespond @closed 403"
    )
    kotauth = _template("upstream.Caddyfile").substitute(
        upstream=f"{site.upstream}:{PORT}", port=site.base_url.port, admin=closed if allowed else ""
    )
    options = _template("options.Caddyfile").substitute(http=HTTP, https=HTTPS)
    return {"options": options, "probe": PROBE, "host": site.base_url.host, "kotauth": kotauth}


def _template(file: str) -> Template:
    return Template((Path(__file__).parent / file).read_text())


FRONTEND = Frontend(
    name="caddy",
    title="Caddy",
    default_image="docker.io/library/caddy:2.11.9",
    user=_USER,
    memory_mb=_MEMORY_MB,
    certificates=(ACME, INTERNAL, FILES),
    edge=edge,
    ca_certificate=CaCertificate("data", _DATA, f"{_DATA}/caddy/pki/authorities/local/root.crt"),
)
