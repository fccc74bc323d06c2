"""Caddy as the frontend: TLS with a public certificate (ACME) or with a certificate authority of its own."""

from __future__ import annotations

from pathlib import Path
from string import Template

from ..container import CONFIG_DIRECTORY, NEXT_CONFIG_DIRECTORY, ContainerSpec, PublishedPort
from ..image import image as image_rule
from ..kotauth import PORT, BaseUrl

DEFAULT_IMAGE = "docker.io/library/caddy:2.11.9"
USER = "10002:10002"
"""Not the server's: neither may signal the other or read its files."""
HTTP, HTTPS, PROBE = 8080, 8443, 8081
"""Ports inside the container: above 1024, so that no capability is needed."""
CA_CERTIFICATE = "/data/caddy/pki/authorities/local/root.crt"
"""Where Caddy keeps the root of its own certificate authority."""

parse_image = image_rule(3)

_CADDYFILE = Template((Path(__file__).parent / "Caddyfile").read_text())
_SOCKET = "/run/admin/caddy.sock"
_CURRENT = f"{CONFIG_DIRECTORY}/Caddyfile"
_NEXT = f"{NEXT_CONFIG_DIRECTORY}/Caddyfile"


def caddyfile(base_url: BaseUrl, upstream: str, *, acme_email: str | None, acme_server: str | None = None) -> str:
    """Return the configuration. With an ``acme_email`` the certificate is a public one, else Caddy's own."""
    if acme_email:
        global_options = f"email {acme_email}" + (f"\n\tacme_ca {acme_server}" if acme_server else "")
    else:
        # Nobody's trust store is touched: the root certificate is an output of the stack.
        global_options = "skip_install_trust"
    return _CADDYFILE.substitute(
        http=HTTP,
        https=HTTPS,
        probe=PROBE,
        host=base_url.host,
        base_url=base_url.text,
        upstream=f"{upstream}:{PORT}",
        tls="" if acme_email else "tls internal",
        **{"global": global_options},
    )


def frontend(*, image: str, configuration: str, http_port: int, https_port: int) -> ContainerSpec:
    """Return the spec of a Caddy that publishes its two ports on the host."""
    ports: list[PublishedPort] = [{"host": http_port, "container": HTTP}, {"host": https_port, "container": HTTPS}]
    url = f"http://127.0.0.1:{PROBE}/"
    return {
        "part": "frontend",
        "image": image,
        "user": USER,
        "memory": 256,
        "cpus": 1,
        "entrypoint": ["caddy"],
        "command": ["run", "--config", _CURRENT, "--adapter", "caddyfile"],
        "environment": {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/config"},
        "config_files": {"Caddyfile": configuration},
        # A reload finishes what is under way; connections that wait for a request end, as Go's servers do it. A bad
        # file is refused and the old one stays.
        "reload": {
            "command": ["caddy", "reload", "--adapter", "caddyfile", "--address", f"unix/{_SOCKET}", "--config", _NEXT],
            "socket": _SOCKET,
        },
        "volumes": [{"name": "data", "path": "/data"}],
        "tmpfs": ["/config"],
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
