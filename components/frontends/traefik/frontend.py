"""Traefik as a frontend: it terminates TLS on the host."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

from ...kotauth.server import PORT
from ...workload.spec import CONFIG_DIRECTORY, SECRETS_DIRECTORY, ContainerSpec
from ..frontend import (
    ACME,
    CERTIFICATE_FILE,
    FILES,
    HTTP,
    HTTPS,
    PROBE,
    Acme,
    CertificateFiles,
    EdgeSite,
    Frontend,
    probe,
    published_ports,
)

_USER = "10004:10004"
_MEMORY_MB = 256
_DATA = "/data"
_FILE = "traefik.yaml"
_CERTIFICATE = f"{SECRETS_DIRECTORY}/{CERTIFICATE_FILE}"
_RESOLVER = "letsencrypt"
_LOGGED = (
    "StartUTC",
    "Duration",
    "OriginDuration",
    "ClientHost",
    "RequestHost",
    "RequestMethod",
    "RequestProtocol",
    "RequestContentSize",
    "DownstreamStatus",
    "DownstreamContentSize",
    "OriginStatus",
    "RouterName",
    "TLSVersion",
)
"""Fields of an access line, without the path: Traefik writes it only with the query, where codes and tokens are."""
_MAX_HEADER_BYTES = 65536
"""Longest header that Traefik passes on: more than Kotauth takes, so that Kotauth refuses it."""
_OPTIONS = (
    "--global.checknewversion=false",
    "--global.sendanonymoususage=false",
    "--log.level=INFO",
    "--log.format=json",
    "--accesslog=true",
    "--accesslog.format=json",
    # Lines of all requests double the processor time of each.
    "--accesslog.filters.statuscodes=500-599",
    "--accesslog.fields.defaultmode=drop",
    *(f"--accesslog.fields.names.{field}=keep" for field in _LOGGED),
    "--accesslog.fields.headers.defaultmode=drop",
    f"--entrypoints.web.address=:{HTTP}",
    f"--entrypoints.websecure.address=:{HTTPS}",
    *(
        f"--entrypoints.{name}.{option}"
        for name in ("web", "websecure")
        for option in (
            f"http.maxheaderbytes={_MAX_HEADER_BYTES}",
            # Paths and queries arrive as they are sent.
            "http.sanitizepath=false",
            "http.encodequerysemicolons=true",
            # For the whole request. The import of a backup sends 100 MiB.
            "transport.respondingtimeouts.readtimeout=10m",
        )
    ),
    f"--entrypoints.probe.address=127.0.0.1:{PROBE}",
    "--ping=true",
    "--ping.entrypoint=probe",
    f"--providers.file.filename={CONFIG_DIRECTORY}/{_FILE}",
    "--providers.file.watch=false",
)


def edge_configuration(site: EdgeSite) -> str:
    """Return the dynamic configuration of an edge, as YAML."""
    files = [{"certFile": _CERTIFICATE, "keyFile": _CERTIFICATE}]
    # Only where it's needed: its pattern would be tried on the path of each request.
    admin = _template("admin.yaml").substitute(host=site.base_url.host) if site.admin_cidrs else ""
    return _template("edge.yaml").substitute(
        admin=admin,
        host=site.base_url.host,
        port=site.base_url.port,
        base_url=site.base_url.text,
        authority=site.base_url.text.removeprefix("https://"),
        upstream=f"{site.upstream}:{PORT}",
        admin_networks=json.dumps(list(site.admin_cidrs)),
        tls=json.dumps({"certResolver": _RESOLVER} if isinstance(site.certificate, Acme) else {}),
        certificates=json.dumps(files if isinstance(site.certificate, CertificateFiles) else []),
    )


def edge(site: EdgeSite) -> ContainerSpec:
    """Return the spec of a Traefik that publishes its two ports on the host and keeps its certificates."""
    url = f"http://127.0.0.1:{PROBE}/ping"
    spec: ContainerSpec = {
        "part": "frontend",
        "image": site.image,
        "user": _USER,
        "memory": _MEMORY_MB,
        "cpus": 1,
        "entrypoint": ["traefik"],
        "command": [*_OPTIONS, *_resolver(site)],
        # Go collects garbage in time only if it knows of the limit. Caddy sets this by itself.
        "environment": {"GOMEMLIMIT": f"{_MEMORY_MB * 9 // 10}MiB"},
        "config_files": {_FILE: edge_configuration(site)},
        # Traefik reads the certificate again, too. It keeps connections and finishes what is under way.
        "reload": {"signal": "SIGHUP", "secret_files": True},
        "ports": published_ports(site),
        # Not "data": the volume of another proxy belongs to that one's user.
        "volumes": [{"name": "acme", "path": _DATA}],
        # The official image brings wget, others curl.
        "probe": probe(f"wget -q -O /dev/null {url} 2>/dev/null || curl -fsS -o /dev/null {url}"),
        # Traefik gives open requests ten seconds at its end.
        "stop_seconds": 15,
    }
    if isinstance(site.certificate, CertificateFiles):
        spec["secret_files"] = [CERTIFICATE_FILE]
    return spec


def _template(file: str) -> Template:
    return Template((Path(__file__).parent / file).read_text())


def _resolver(site: EdgeSite) -> list[str]:
    if not isinstance(site.certificate, Acme):
        return []
    # Over http, on the public port 80: when the challenge over TLS fails, Traefik orders again at once and without end,
    # which soon meets the authority's limits.
    options = [
        f"email={site.certificate.email}",
        f"storage={_DATA}/acme.json",
        "keytype=EC256",
        "httpchallenge.entrypoint=web",
        *([f"caserver={site.certificate.server}"] if site.certificate.server else []),
    ]
    return [f"--certificatesresolvers.{_RESOLVER}.acme.{option}" for option in options]


FRONTEND = Frontend(
    name="traefik",
    title="Traefik",
    default_image="docker.io/library/traefik:v3.6.12",
    user=_USER,
    memory_mb=_MEMORY_MB,
    certificates=(ACME, FILES),
    edge=edge,
)
