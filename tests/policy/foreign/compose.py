"""What many a compose file has: Traefik, a shop and its pictures, PostgreSQL, Redis, all on one network."""

from __future__ import annotations

import pulumi
import pulumi_docker as docker

from . import at

APP = "ghcr.io/acme/shop:2.3.1"


def _route(name: str) -> list[docker.ContainerLabelArgs]:
    rule = {"traefik.enable": "true", f"traefik.http.routers.{name}.rule": f"Host(`{name}.example.org`)"}
    return [docker.ContainerLabelArgs(label=label, value=value) for label, value in rule.items()]


def _port(number: int) -> docker.ContainerPortArgs:
    return docker.ContainerPortArgs(internal=number, external=number)


def program() -> None:
    """Make the stack."""
    network = docker.Network("stack")
    on = [docker.ContainerNetworksAdvancedArgs(name=network.name)]
    data = docker.Volume("data")
    password = pulumi.Output.secret("correct-horse-battery")

    docker.Container(
        "traefik",
        image="traefik:v3.5",
        command=[
            "--providers.docker",
            "--api.insecure=true",
            "--certificatesresolvers.le.acme.storage=/acme/acme.json",
        ],
        ports=[_port(80), _port(443), _port(8080)],
        volumes=[
            docker.ContainerVolumeArgs(
                host_path="/var/run/docker.sock", container_path="/var/run/docker.sock", read_only=True
            ),
            docker.ContainerVolumeArgs(host_path="/srv/traefik", container_path="/acme"),
        ],
        networks_advanced=on,
        restart="always",
    )
    docker.Container(
        "postgres",
        image="postgres:16.4",
        envs=["POSTGRES_USER=shop", password.apply(lambda text: f"POSTGRES_PASSWORD={text}")],
        ports=[_port(5432)],
        volumes=[docker.ContainerVolumeArgs(volume_name=data.name, container_path="/var/lib/postgresql/data")],
        networks_advanced=on,
        restart="always",
    )
    docker.Container("redis", image="redis:7", networks_advanced=on, restart="always")
    docker.Container(
        "shop",
        image=APP,
        envs=["REDIS_URL=redis://redis:6379", "GOOGLE_APPLICATION_CREDENTIALS=/run/secrets/google.json"],
        uploads=[
            docker.ContainerUploadArgs(file="/run/secrets/database_password", content=password, permissions="0400")
        ],
        labels=_route("shop"),
        networks_advanced=on,
        restart="always",
    )
    # Serves the shop's pictures behind Traefik: no second way in.
    docker.Container(
        "pictures",
        image="nginx:1.29.3",
        volumes=[docker.ContainerVolumeArgs(host_path="/srv/pictures", container_path="/usr/share/nginx/html")],
        labels=_route("pictures"),
        networks_advanced=on,
        restart="always",
    )


_EACH = (
    "drop-all-capabilities",
    "forbid-new-privileges",
    "mount-root-read-only",
    "run-as-non-root",
    "limit-memory",
    "limit-cpu",
    "probe-container-health",
    "bound-logs",
)
EXPECTED = (
    at(
        "traefik",
        *_EACH,
        "pin-image",
        "forbid-docker-socket",
        # The dashboard.
        "publish-only-expected-ports",
        "keep-certificates-on-volume",
        "separate-frontend-from-database",
    )
    | at(
        "postgres",
        *_EACH,
        "keep-secrets-out-of-environment",
        "publish-only-from-frontend",
        "attach-internal-networks-only",
    )
    | at("redis", *_EACH, "pin-image")
    | at("shop", *_EACH, "allow-image-registries")
    | at("pictures", *_EACH)
)
