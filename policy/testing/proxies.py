"""Compliant stacks with each proxy on Docker, and the configuration of each proxy."""

from __future__ import annotations

from typing import Any

import pulumi_docker as docker

from .change import Args, From, Resources, Secret
from .docker_program import carrier, compliant, job, upload

NGINX = "docker.io/library/nginx:1.30.5"
TRAEFIK = "docker.io/library/traefik:3.6.12"
CERTIFICATE = "/run/secrets/certificate.pem"

NGINX_CONF = f"""\
events {{}}
http {{
    ssl_protocols TLSv1.2 TLSv1.3;
    server {{
        listen 8443 ssl;
        server_name auth.example.com;
        ssl_certificate {CERTIFICATE};
        ssl_certificate_key {CERTIFICATE};
        location / {{
            set $upstream server:8080;
            proxy_pass http://$upstream;
            proxy_set_header Host auth.example.com;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Port 443;
            proxy_set_header X-Forwarded-Host "";
            proxy_set_header X-Forwarded-Server "";
            proxy_set_header X-Forwarded-Protocol "";
            proxy_set_header X-Forwarded-SSL "";
            proxy_set_header Front-End-Https "";
        }}
    }}
    server {{
        listen 8080;
        return 308 https://auth.example.com$request_uri;
    }}
    server {{
        listen 8443 ssl default_server;
        ssl_reject_handshake on;
    }}
}}
"""

TRAEFIK_YAML = """\
http:
  routers:
    kotauth:
      entryPoints: [websecure]
      rule: Host(`auth.example.com`)
      middlewares: [headers]
      service: kotauth
      tls: {certResolver: letsencrypt}
    redirect:
      entryPoints: [web]
      rule: Host(`auth.example.com`)
      middlewares: [to-https]
      service: noop@internal
  middlewares:
    headers:
      headers:
        customRequestHeaders:
          X-Forwarded-Host: ""
          X-Forwarded-Server: ""
          X-Forwarded-Protocol: ""
          X-Forwarded-SSL: ""
          Front-End-Https: ""
    to-https:
      redirectScheme: {scheme: https}
  services:
    kotauth:
      loadBalancer:
        servers: [{url: "http://server:8080"}]
tls:
  options:
    default: {sniStrict: true, minVersion: VersionTLS12}
"""
TRAEFIK_FLAGS = (
    "--entrypoints.web.address=:8080",
    "--entrypoints.websecure.address=:8443",
    "--providers.file.filename=/run/config/traefik.yaml",
    "--certificatesresolvers.letsencrypt.acme.email=admin@example.com",
    "--certificatesresolvers.letsencrypt.acme.storage=/data/acme.json",
)

TRAEFIK_LABELS = {
    "traefik.enable": "true",
    "traefik.docker.network": "proxy",
    "traefik.http.routers.kotauth.rule": "Host(`auth.example.com`)",
    "traefik.http.routers.kotauth.entrypoints": "websecure",
    "traefik.http.routers.kotauth.tls.certresolver": "letsencrypt",
    "traefik.http.routers.kotauth.middlewares": "kotauth-headers,kotauth-retry",
    **{
        f"traefik.http.middlewares.kotauth-headers.headers.customrequestheaders.{header}": ""
        for header in (
            "x-forwarded-for",
            "X-Forwarded-Host",
            "X-Forwarded-Server",
            "X-Forwarded-Protocol",
            "X-Forwarded-SSL",
            "Front-End-Https",
        )
    },
    "traefik.http.middlewares.kotauth-retry.retry.attempts": "12",
    "traefik.http.services.kotauth.loadbalancer.server.port": "8080",
}


def with_nginx() -> Resources:
    """Return the stack with nginx, which takes its certificate from files, and the jobs that change them."""
    resources = _with_frontend(NGINX, ["nginx", "-c", "/run/config/nginx.conf"], "nginx.conf", NGINX_CONF)
    secrets: Args = {"volume_name": From("frontend-secrets", "name"), "container_path": "/run/secrets"}
    configuration: Args = {"volume_name": From("frontend-files", "name"), "container_path": "/run/config"}
    resources["frontend"][1]["volumes"] = [{**each, "read_only": True} for each in (configuration, secrets)]
    writable = [{**each, "read_only": False} for each in (configuration, secrets)]
    check = job("10001:10001", "0123456789abcdef", command=["nginx", "-t"], network_mode="none", volumes=writable)
    signal = job("10001:10001", "0123456789abcdef", command=["kill", "-s", "HUP", "1"], network_mode="none")
    del resources["certificates"]
    return {
        "frontend-secrets": (docker.Volume, {}),
        **resources,
        "frontend-secrets-carrier": (
            docker.Container,
            carrier("frontend-secrets", NGINX, upload("next/certificate.pem", Secret("chain and key"))),
        ),
        "frontend-reload": (docker.Container, {**check, "image": NGINX}),
        "frontend-signal": (
            docker.Container,
            {**signal, "image": NGINX, "pid_mode": From("frontend", "id", "container:{}".format)},
        ),
    }


def with_traefik() -> Resources:
    """Return the stack with Traefik, which has its routes from a file."""
    return _with_frontend(TRAEFIK, list(TRAEFIK_FLAGS), "traefik.yaml", TRAEFIK_YAML)


def behind_traefik() -> Resources:
    """Return the stack without a frontend, behind a Traefik of another stack."""
    resources = compliant()
    for name in ("frontend", "frontend-carrier", "frontend-files", "certificates"):
        del resources[name]
    server = resources["server"][1]
    server["labels"] += [{"label": name, "value": text} for name, text in TRAEFIK_LABELS.items()]
    server["networks_advanced"][1] = {"name": "proxy", "aliases": ["kotauth-auth-example-com"]}
    return resources


def _with_frontend(image: str, command: list[str], file: str, content: str) -> Resources:
    resources = compliant()
    frontend: dict[str, Any] = resources["frontend"][1]
    frontend.update(image=image, command=command)
    del frontend["entrypoints"]
    resources["frontend-carrier"] = (docker.Container, carrier("frontend-files", image, upload(file, content)))
    return resources
