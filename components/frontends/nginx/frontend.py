"""nginx as a frontend: it terminates TLS on the host, with a certificate of the user's."""

from __future__ import annotations

from pathlib import Path
from string import Template

from ...kotauth.server import PORT
from ...workload.spec import (
    CONFIG_DIRECTORY,
    NEXT_CONFIG_DIRECTORY,
    NEXT_SECRETS_DIRECTORY,
    SECRETS_DIRECTORY,
    ContainerSpec,
)
from ..frontend import CERTIFICATE_FILE, FILES, HTTP, HTTPS, PROBE, EdgeSite, Frontend, probe, published_ports

_USER = "10003:10003"
_MEMORY_MB = 256
_FILE = "nginx.conf"
_CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
"""Cipher suites of TLS 1.2; those of TLS 1.3 are all good."""
# nginx says why a file is bad, and then that the test failed: the reason is made the last line.
_CHECK = (
    f"set -e\nsed 's,{SECRETS_DIRECTORY}/,{NEXT_SECRETS_DIRECTORY}/,g' {NEXT_CONFIG_DIRECTORY}/{_FILE} >/tmp/{_FILE}\n"
    f"said=$(nginx -t -q -e stderr -c /tmp/{_FILE} 2>&1) && exit\n"
    "printf '%s\\n' \"$said\" | grep -v ' test failed$'\n"
    "exit 1"
)


class _Template(Template):
    """A template that leaves nginx's own variables alone."""

    delimiter = "%"


def edge_configuration(site: EdgeSite) -> str:
    """Return the configuration of an edge."""
    return _template("nginx.conf").substitute(
        http=HTTP,
        https=HTTPS,
        probe=PROBE,
        ciphers=_CIPHERS,
        certificate=f"{SECRETS_DIRECTORY}/{CERTIFICATE_FILE}",
        host=site.base_url.host,
        base_url=site.base_url.text,
        authority=site.base_url.text.removeprefix("https://"),
        port=site.base_url.port,
        upstream=f"{site.upstream}:{PORT}",
        admin_networks=_admin_networks(site),
        admin="\t\tif ($closed) {\n\t\t\treturn 403;\n\t\t}\n" if site.admin_cidrs else "",
    )


def edge(site: EdgeSite) -> ContainerSpec:
    """Return the spec of an nginx that publishes its two ports on the host and keeps nothing."""
    url = f"http://127.0.0.1:{PROBE}/"
    return {
        "part": "frontend",
        "image": site.image,
        "user": _USER,
        "memory": _MEMORY_MB,
        "cpus": 1,
        "entrypoint": ["nginx"],
        # Until the configuration is read, messages would go to a file that can't be written.
        "command": ["-e", "stderr", "-c", f"{CONFIG_DIRECTORY}/{_FILE}"],
        "config_files": {_FILE: edge_configuration(site)},
        "secret_files": [CERTIFICATE_FILE],
        # Requests under way are finished by the old worker. A bad file is refused, and the old one stays.
        "reload": {"signal": "SIGHUP", "check": ["sh", "-c", _CHECK], "secret_files": True},
        "tmpfs": ["/tmp"],  # noqa: S108 - the container's own
        "ports": published_ports(site),
        # The official image brings curl, its variant on Alpine wget too.
        "probe": probe(f"curl -fsS -o /dev/null {url} || wget -q -O /dev/null {url}"),
        # It waits for open requests; SIGTERM would cut them.
        "stop_signal": "SIGQUIT",
        "stop_seconds": 15,
    }


def _admin_networks(site: EdgeSite) -> str:
    """Return the variable `$closed`: whether a request for the admin console comes from elsewhere."""
    if not site.admin_cidrs:
        return ""
    allowed = "\n".join(f"\t\t{network} 0;" for network in site.admin_cidrs)
    return _template("admin.conf").substitute(allowed=allowed)


def _template(file: str) -> _Template:
    return _Template((Path(__file__).parent / file).read_text())


FRONTEND = Frontend(
    name="nginx",
    title="nginx",
    default_image="docker.io/library/nginx:1.30.5",
    user=_USER,
    memory_mb=_MEMORY_MB,
    certificates=(FILES,),
    edge=edge,
)
