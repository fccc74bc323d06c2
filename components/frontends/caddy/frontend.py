"""Caddy before the server: as the edge that ends TLS, or on the host behind a load balancer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import Template

from ...inputs.image import image as image_rule
from ...kotauth.server import PORT, READY_PATH, BaseUrl
from ...workload.spec import CONFIG_DIRECTORY, NEXT_CONFIG_DIRECTORY, ContainerSpec, PublishedPort

DEFAULT_IMAGE = "docker.io/library/caddy:2.11.9"
USER = "10002:10002"
"""Not the server's: neither may signal the other or read its files."""
HTTP, HTTPS, PROBE = 8080, 8443, 8081
"""Ports inside the container: above 1024, so that no capability is needed."""
CA_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt"
"""Where Caddy keeps the root of its own certificate authority."""

MEMORY_MB = 256

parse_image = image_rule(3)

_SOCKET = "/run/admin/caddy.sock"
_CURRENT = f"{CONFIG_DIRECTORY}/Caddyfile"
_NEXT = f"{NEXT_CONFIG_DIRECTORY}/Caddyfile"


def edge_caddyfile(
    base_url: BaseUrl,
    upstream: str,
    *,
    acme_email: str | None,
    acme_server: str | None = None,
    admin_cidrs: Sequence[str] = (),
) -> str:
    """Return the configuration of an edge. With an ``acme_email`` the certificate is a public one, else Caddy's own.

    With ``admin_cidrs`` only these networks reach the admin console.
    """
    if acme_email:
        global_options = f"email {acme_email}" + (f"\n\tacme_ca {acme_server}" if acme_server else "")
    else:
        # Nobody's trust store is touched: the root certificate is an output of the stack.
        global_options = "skip_install_trust"
    return _template("edge.Caddyfile").substitute(
        _shared(base_url, upstream, admin_cidrs),
        base_url=base_url.text,
        tls="" if acme_email else "tls internal",
        **{"global": global_options},
    )


def inner_caddyfile(
    base_url: BaseUrl, upstream: str, *, load_balancer_cidrs: Sequence[str], admin_cidrs: Sequence[str] = ()
) -> str:
    """Return the configuration behind a load balancer, whose networks alone are believed about the client's address."""
    shared = _shared(base_url, upstream, admin_cidrs)
    return _template("inner.Caddyfile").substitute(shared, trusted=" ".join(load_balancer_cidrs), ready=READY_PATH)


def edge(*, image: str, configuration: str, http_port: int, https_port: int) -> ContainerSpec:
    """Return the spec of a Caddy that publishes its two ports on the host and keeps its certificates."""
    spec = _spec(
        image, configuration, [{"host": http_port, "container": HTTP}, {"host": https_port, "container": HTTPS}]
    )
    return {
        **spec,
        # A reload finishes what is under way; connections that wait for a request end, as Go's servers do it. A bad
        # file is refused and the old one stays.
        "reload": {
            "command": ["caddy", "reload", "--adapter", "caddyfile", "--address", f"unix/{_SOCKET}", "--config", _NEXT],
            "socket": _SOCKET,
        },
        "volumes": [{"name": "data", "path": "/data"}],
        "tmpfs": ["/config"],
    }


def inner(*, image: str, configuration: str, https_port: int) -> ContainerSpec:
    """Return the spec of a Caddy behind a load balancer, which takes any certificate: each start makes its own."""
    return {**_spec(image, configuration, [{"host": https_port, "container": HTTPS}]), "tmpfs": ["/config", "/data"]}


def _spec(image: str, configuration: str, ports: list[PublishedPort]) -> ContainerSpec:
    url = f"http://127.0.0.1:{PROBE}/"
    return {
        "part": "frontend",
        "image": image,
        "user": USER,
        "memory": MEMORY_MB,
        "cpus": 1,
        "entrypoint": ["caddy"],
        "command": ["run", "--config", _CURRENT, "--adapter", "caddyfile"],
        "environment": {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/config"},
        "config_files": {"Caddyfile": configuration},
        "ports": ports,
        # Not for the ports: the official image's binary carries it as a file capability, and the kernel refuses to run
        # a binary that asks for more than the container may have.
        "capabilities": ["CAP_NET_BIND_SERVICE"],
        # The official image brings wget, others curl.
        "probe": {
            "command": ["sh", "-c", f"wget -q -O /dev/null {url} 2>/dev/null || curl -fsS -o /dev/null {url}"],
            "interval_seconds": 5,
            "timeout_seconds": 5,
            "retries": 3,
            "start_period_seconds": 10,
        },
        # Caddy waits for open requests at its end.
        "stop_seconds": 15,
    }


def _shared(base_url: BaseUrl, upstream: str, admin_cidrs: Sequence[str]) -> dict[str, object]:
    closed = (
        f"@closed {{\n\t\tpath /admin /admin/*\n\t\tnot client_ip {' '.join(admin_cidrs)}\n\t}}\n\trespond @closed 403"
    )
    kotauth = _template("upstream.Caddyfile").substitute(
        upstream=f"{upstream}:{PORT}", port=base_url.port, admin=closed if admin_cidrs else ""
    )
    return {"http": HTTP, "https": HTTPS, "probe": PROBE, "host": base_url.host, "kotauth": kotauth}


def _template(file: str) -> Template:
    return Template((Path(__file__).parent / file).read_text())
