"""The examples of the components for Docker, and of those for every target."""

# A component's name is part of the name of its example, and the body of the function is the example.
# ruff: noqa: D103, N802

from __future__ import annotations

import pulumi

from components import (
    DockerBackups,
    DockerCaCertificate,
    DockerContainer,
    DockerDatabase,
    DockerDatabaseRole,
    DockerDeployment,
    DockerFiles,
    DockerLogRoute,
    DockerNetwork,
    KotauthCredentials,
)


def example_DockerDeployment() -> None:
    kotauth = DockerDeployment(
        "kotauth",
        {"base_url": "https://auth.example.org", "acme_email": "operations@example.org"},
    )
    pulumi.export("url", kotauth.url)


def example_DockerNetwork() -> None:
    network = DockerNetwork("identity", {"labels": {"team": "identity"}})
    pulumi.export("network", network.network_name)


def example_DockerContainer() -> None:
    cache = DockerContainer(
        "cache",
        {
            "spec": {
                "part": "cache",
                "image": "redis:7.4.1",
                "user": "999:999",
                "memory": 128,
                "cpus": 0.5,
                "command": ["redis-server", "--save", ""],
                "probe": {
                    "command": ["redis-cli", "ping"],
                    "interval_seconds": 10,
                    "timeout_seconds": 5,
                    "retries": 3,
                },
            },
            "networks": [{"name": "identity", "alias": "cache"}],
        },
    )
    pulumi.export("container", cache.container_name)


def example_DockerFiles() -> None:
    files = DockerFiles(
        "certificates",
        {
            "image": "postgres:14.23-bookworm",
            "files": {"tls.key": pulumi.Config().require_secret("certificateKey")},
        },
    )
    pulumi.export("volume", files.volume_name)


def example_DockerLogRoute() -> None:
    route = DockerLogRoute(
        "logs",
        {
            "stack": "identity/production",
            "endpoint": "https://loki.example.org/otlp/v1/logs",
            "tools_image": "ghcr.io/inumansoul/kotauth:1.22.0",
            "files_image": "postgres:14.23-bookworm",
        },
    )
    pulumi.export("watcher", route.watcher_name)


def example_DockerDatabase() -> None:
    database = DockerDatabase("identity", {"network": "identity-database"})
    pulumi.export("host", database.host)


def example_DockerDatabaseRole() -> None:
    config = pulumi.Config()
    role = DockerDatabaseRole(
        "identity-role",
        {
            "network": "identity-database",
            "administrator_password": config.require_secret("administratorPassword"),
            "password": config.require_secret("databasePassword"),
        },
    )
    pulumi.export("user", role.user)


def example_DockerBackups() -> None:
    config = pulumi.Config()
    backups = DockerBackups(
        "identity-backups",
        {
            "stack": "production",
            "network": "identity-database",
            "login_password": config.require_secret("backupPassword"),
            "schedule": ["03:30", "15:30"],
        },
    )
    pulumi.export("repository", backups.repository)


def example_DockerCaCertificate() -> None:
    authority = DockerCaCertificate(
        "identity-authority",
        {"volume": "identity-frontend-data", "written_by": "identity-frontend"},
    )
    pulumi.export("certificate", authority.pem)


def example_KotauthCredentials() -> None:
    credentials = KotauthCredentials("identity", {"database_password_version": 2})
    pulumi.export("adminPassword", credentials.admin_password)
