"""A compose file for a wiki that was translated with care: Traefik, the wiki, PostgreSQL and Redis, two networks.

Everything is limited and closed; Traefik believes its clients, and two passwords stand where all can read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_docker as docker
import pulumi_random as random

from . import at

HARD: dict[str, Any] = {
    "restart": "unless-stopped",
    "read_only": True,
    "security_opts": ["no-new-privileges"],
    "capabilities": {"drops": ["ALL"]},
    "log_driver": "json-file",
    "log_opts": {"max-size": "10m", "max-file": "3"},
    "cpus": "1.0",
}


def _labels(entries: Mapping[str, str]) -> list[docker.ContainerLabelArgs]:
    return [docker.ContainerLabelArgs(label=name, value=value) for name, value in entries.items()]


def _health(*words: str) -> docker.ContainerHealthcheckArgs:
    return docker.ContainerHealthcheckArgs(tests=["CMD", *words], interval="10s", timeout="5s", retries=5)


def program() -> None:
    """Make the wiki."""
    front = docker.Network("front", driver="bridge")
    back = docker.Network("back", driver="bridge", internal=True)
    data, pages, letsencrypt = (docker.Volume(name) for name in ("pgdata", "pages", "letsencrypt"))
    password = random.RandomPassword("pg", length=32, special=False)

    proxy = docker.RemoteImage("traefik", name="traefik:v3.5.3", keep_locally=True)
    docker.Container(
        "traefik",
        image=proxy.image_id,
        command=[
            "--providers.file.directory=/etc/traefik/dynamic",
            "--entryPoints.web.address=:8080",
            "--entryPoints.web.http.redirections.entryPoint.to=websecure",
            "--entryPoints.websecure.address=:8443",
            "--entryPoints.websecure.forwardedHeaders.insecure=true",
            "--certificatesResolvers.le.acme.storage=/letsencrypt/acme.json",
        ],
        ports=[{"internal": 8080, "external": 80}, {"internal": 8443, "external": 443}],
        volumes=[{"volume_name": letsencrypt.name, "container_path": "/letsencrypt"}],
        healthcheck=_health("traefik", "healthcheck", "--ping"),
        networks_advanced=[{"name": front.name}],
        user="65532:65532",
        memory=256,
        memory_swap=256,
        **HARD,
    )
    docker.Container(
        "wiki",
        image="requarks/wiki:2.5.308",
        envs=[
            "DB_TYPE=postgres",
            "DB_HOST=db",
            "DB_PORT=5432",
            "DB_NAME=wiki",
            "DB_USER=wiki",
            "DB_PASS_FILE=/run/secrets/db_password",
            "PASSWORD_MIN_LENGTH=12",
            "SESSION_TOKEN_TTL=3600",
            "OIDC_TOKEN_URL=https://login.example.org/token",
            # From the manual of the search engine.
            "SEARCH_URL=https://wiki:s3arch-hunter2@search.example.org",
        ],
        uploads=[{"file": "/run/secrets/db_password", "content": password.result, "permissions": "0400"}],
        healthcheck=_health("curl", "-f", "http://localhost:3000/healthz"),
        volumes=[{"volume_name": pages.name, "container_path": "/wiki/data/content"}],
        networks_advanced=[{"name": front.name}, {"name": back.name, "aliases": ["wiki"]}],
        labels=_labels({"traefik.enable": "true", "org.opencontainers.image.title": "Wiki"}),
        user="node",
        memory=1024,
        memory_swap=1024,
        tmpfs={"/wiki/tmp": "size=64m"},
        **HARD,
    )
    docker.Container(
        "db",
        image="postgres:17.5-alpine",
        envs=["POSTGRES_USER=wiki", "POSTGRES_DB=wiki", "POSTGRES_PASSWORD_FILE=/run/secrets/db_password"],
        uploads=[{"file": "/run/secrets/db_password", "content": password.result, "permissions": "0400"}],
        healthcheck=_health("pg_isready", "-U", "wiki"),
        mounts=[{"type": "volume", "source": data.name, "target": "/var/lib/postgresql/data"}],
        networks_advanced=[{"name": back.name}],
        user="postgres",
        memory=512,
        memory_swap=512,
        shm_size=128,
        tmpfs={"/run/postgresql": ""},
        **HARD,
    )
    docker.Container(
        "redis",
        image="redis:8.2.1-alpine",
        command=["redis-server", "--save", "", "--appendonly", "no", "--requirepass", "hunter2-for-redis"],
        healthcheck=_health("redis-cli", "ping"),
        networks_advanced=[{"name": back.name}],
        user="999:1000",
        memory=128,
        memory_swap=128,
        **HARD,
    )
    pulumi.export("password", pulumi.Output.secret(password.result))


EXPECTED = (
    # What every client writes into X-Forwarded-For is believed.
    at("traefik", "overwrite-forwarded-headers")
    | at("wiki", "allow-image-registries", "keep-secrets-out-of-environment")
    | at("redis", "keep-secrets-out-of-commands")
)
DIGEST = "sha256:5b1c8f1e4a1d9e0c7b6a5f4e3d2c1b0a99887766554433221100ffeeddccbbaa"
LATER = {
    "front": {"name": "front-0a1b2c3"},
    "back": {"name": "back-0a1b2c3"},
    "pgdata": {"name": "pgdata-0a1b2c3"},
    "pages": {"name": "pages-0a1b2c3"},
    "letsencrypt": {"name": "letsencrypt-0a1b2c3"},
    "pg": {"result": "Zq3vY8mN1kL5pR7tW2xB4cD6fG9hJ0sA"},
    "traefik": {"imageId": DIGEST, "repoDigest": f"traefik@{DIGEST}"},
}
"""Outputs after a first update: the image is a number then."""
