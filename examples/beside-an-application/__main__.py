"""An application and Kotauth on one Docker host, behind one proxy.

The proxy and its network belong to the application. The deployment joins the network, and makes no proxy of its own.
The application starts once Kotauth is ready, with Kotauth's address in its environment.
"""

import json
from pathlib import Path

import pulumi
import pulumi_docker as docker
from pulumi_kotauth import DockerDeployment

APPLICATION_PORT = 80

config = pulumi.Config()
domain = config.require("domain")

network = docker.Network("proxy", name="proxy")

acme = {"email": config.require("email"), "storage": "/acme/acme.json", "httpChallenge": {"entryPoint": "web"}}
settings = {
    "entryPoints": {
        "web": {"address": ":80", "http": {"redirections": {"entryPoint": {"to": "websecure", "scheme": "https"}}}},
        # The labels of Kotauth's server have the names of this entry point and of the resolver.
        "websecure": {"address": ":443", "transport": {"respondingTimeouts": {"readTimeout": "10m"}}},
    },
    "providers": {"docker": {"exposedByDefault": False}, "file": {"filename": "/etc/traefik/tls.yml"}},
    "certificatesResolvers": {"letsencrypt": {"acme": acme}},
    # So that a new version of Kotauth replaces the old one without a lost request.
    "serversTransport": {"maxIdleConnsPerHost": -1, "forwardingTimeouts": {"dialTimeout": "1s"}},
}
proxy = docker.Container(
    "proxy",
    image="docker.io/library/traefik:v3.6.12",
    ports=[{"internal": port, "external": port} for port in (80, 443)],
    uploads=[
        {"file": "/etc/traefik/traefik.yml", "content": json.dumps(settings, indent=2)},
        {"file": "/etc/traefik/tls.yml", "content": Path("tls.yml").read_text(encoding="utf-8")},
    ],
    volumes=[
        {"volume_name": docker.Volume("certificates").name, "container_path": "/acme"},
        {"host_path": "/var/run/docker.sock", "container_path": "/var/run/docker.sock", "read_only": True},
    ],
    networks_advanced=[{"name": network.name}],
    restart="unless-stopped",
)

kotauth = DockerDeployment(
    "kotauth",
    {
        "base_url": f"https://auth.{domain}",
        "frontend": "external",
        "proxy_network": network.name,
        "database_version": 17,
    },
    pulumi.ResourceOptions(depends_on=[proxy]),
)

labels = {
    "traefik.enable": "true",
    "traefik.http.routers.application.rule": f"Host(`app.{domain}`)",
    "traefik.http.routers.application.entrypoints": "websecure",
    "traefik.http.routers.application.tls.certresolver": "letsencrypt",
    "traefik.http.services.application.loadbalancer.server.port": str(APPLICATION_PORT),
}
application = docker.Container(
    "application",
    # Answers with the request and the environment that it got. Replace it with your application.
    image="docker.io/traefik/whoami:v1.11.0",
    envs=[kotauth.url.apply(lambda url: f"OIDC_PROVIDER={url}")],
    labels=[{"label": label, "value": value} for label, value in labels.items()],
    networks_advanced=[{"name": network.name}],
    restart="unless-stopped",
)

pulumi.export("url", f"https://app.{domain}")
pulumi.export("kotauthUrl", kotauth.url)
pulumi.export("kotauthAdminUrl", kotauth.admin_url)
pulumi.export("kotauthAdminPassword", kotauth.admin_password)
