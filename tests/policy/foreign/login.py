"""Keycloak behind nginx on one Docker host, with images pulled first: another team's idea of a login, half hardened."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_docker as docker

from . import at

CONF = """\
server {
    listen 8080;
    server_name login.example.org;
    return 301 https://$host$request_uri;
}
server {
    listen 8443 ssl;
    server_name login.example.org;
    ssl_certificate /etc/letsencrypt/live/login.example.org/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/login.example.org/privkey.pem;
    location / {
        proxy_pass http://keycloak:8080;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto https;
    }
}
"""


def _limits(memory: int) -> dict[str, Any]:
    return {
        "memory": memory,
        "memory_swap": memory,
        "cpu_shares": 512,
        "log_driver": "local",
        "restart": "always",
        "security_opts": ["no-new-privileges:true"],
    }


def program() -> None:
    """Make the login."""
    admin = pulumi.Output.secret("change-me-soon")
    public = docker.Network("public")
    private = docker.Network("private", internal=True, labels=[{"label": "team", "value": "login"}])
    data = docker.Volume("login-data")
    images = {
        name: docker.RemoteImage(name, name=reference, pull_triggers=[reference])
        for name, reference in {
            "nginx-image": "nginx:1.29.3-alpine",
            "keycloak-image": "quay.io/keycloak/keycloak:26.4",
            "postgres-image": "docker.io/library/postgres:18.1",
        }.items()
    }
    docker.Container(
        "nginx",
        image=images["nginx-image"].repo_digest,
        uploads=[{"file": "/etc/nginx/conf.d/login.conf", "content": CONF}],
        ports=[
            docker.ContainerPortArgs(internal=8080, external=80, protocol="tcp"),
            docker.ContainerPortArgs(internal=8443, external=443, ip="192.0.2.10"),
        ],
        volumes=[
            {"host_path": "/etc/letsencrypt", "container_path": "/etc/letsencrypt", "read_only": True},
        ],
        capabilities={"drops": ["all"], "adds": ["NET_BIND_SERVICE"]},
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=public.name)],
        **_limits(128),
    )
    docker.Container(
        "keycloak",
        image=images["keycloak-image"].repo_digest,
        command=["start", "--proxy-headers=xforwarded", "--http-enabled=true", "--hostname=login.example.org"],
        envs=[
            "KC_DB=postgres",
            "KC_DB_URL=jdbc:postgresql://postgres/keycloak",
            "KC_DB_USERNAME=keycloak",
            pulumi.Output.concat("KC_BOOTSTRAP_ADMIN_PASSWORD=", admin),
            "KC_LOG_LEVEL=INFO",
        ],
        ports=[{"internal": 9000, "external": 9000}],
        healthcheck={"tests": ["CMD-SHELL", "exec 3<>/dev/tcp/127.0.0.1/9000"], "interval": "30s"},
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(name=public.name),
            docker.ContainerNetworksAdvancedArgs(name=private.name),
        ],
        **_limits(1024),
    )
    docker.Container(
        "postgres",
        image=images["postgres-image"].repo_digest,
        envs=["POSTGRES_DB=keycloak", "POSTGRES_USER=keycloak", "POSTGRES_HOST_AUTH_METHOD=trust"],
        volumes=[docker.ContainerVolumeArgs(volume_name=data.name, container_path="/var/lib/postgresql")],
        user="999",
        healthcheck={"tests": ["CMD-SHELL", "pg_isready -U keycloak"]},
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=private.id)],
        **_limits(512),
    )


# Shares are no limit: a busy container takes the whole host.
_EACH = ("mount-root-read-only", "limit-cpu")
EXPECTED = (
    at(
        "nginx",
        *_EACH,
        "run-as-non-root",
        "probe-container-health",
        "keep-certificates-on-volume",
        # /etc/letsencrypt is the host's.
        "forbid-host-system-mounts",
    )
    | at(
        "keycloak",
        *_EACH,
        "drop-all-capabilities",
        "run-as-non-root",
        "keep-secrets-out-of-environment",
        "publish-only-from-frontend",
    )
    # 26.4 is every patch of it.
    | at("keycloak-image", "allow-image-registries", "pin-image")
    | at("postgres", *_EACH, "drop-all-capabilities")
)


def _digest(repository: str, digit: str) -> dict[str, str]:
    return {"repoDigest": f"{repository}@sha256:{digit * 64}", "imageId": f"sha256:{digit * 64}"}


LATER = {
    "public": {"name": "public-0a1b2c3", "id": "0123456789ab"},
    "private": {"name": "private-0a1b2c3", "id": "ba9876543210"},
    "login-data": {"name": "login-data-0a1b2c3"},
    "nginx-image": _digest("nginx", "a"),
    "keycloak-image": _digest("quay.io/keycloak/keycloak", "b"),
    "postgres-image": _digest("postgres", "c"),
}
"""Outputs after a first update: each container then runs a digest, and its name and tag stand at the image only."""
