"""A compliant Docker stack: what our own components register, and the backup, the alarm and the log route beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_docker as docker
import pulumi_random as random

from .change import Args, Change, From, Resources, Secret, resolve

IMAGE = "ghcr.io/inumansoul/kotauth:1.22.0"
POSTGRES = "docker.io/library/postgres:14.23-bookworm"
CADDY = "docker.io/library/caddy:2.11.9"
CADDYFILE = """\
https://auth.example.com {
    reverse_proxy server:8080 {
        header_up -X-Forwarded-Host
        header_up -X-Forwarded-Server
        header_up -X-Forwarded-Protocol
        header_up -X-Forwarded-SSL
        header_up -Front-End-Https
        header_up X-Forwarded-Port 443
    }
}
"""
RESTIC = "docker.io/restic/restic:0.18.1"
TELEGRAF = "docker.io/library/telegraf:1.36.3"


def _key(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def hardened(part: str, image: str, user: str, **more: Any) -> Args:
    return {
        "image": image,
        "user": user,
        "memory": 512,
        "memory_swap": 512,
        "cpus": "1",
        "privileged": False,
        "read_only": True,
        "capabilities": {"adds": [], "drops": ["ALL"]},
        "security_opts": ["no-new-privileges:true"],
        "log_driver": "json-file",
        "log_opts": {"max-size": "10m", "max-file": "3"},
        "labels": [{"label": "kotauth.part", "value": part}],
        **more,
    }


def service(part: str, image: str, user: str, probe: list[str], **more: Any) -> Args:
    health = {"tests": ["CMD", *probe], "interval": "5s", "timeout": "5s", "retries": 3}
    return hardened(part, image, user, restart="unless-stopped", healthcheck=health, tmpfs={"/tmp": "rw"}, **more)  # noqa: S108


def job(user: str, trigger: Any, **more: Any) -> Args:
    args = hardened("job", POSTGRES, user, must_run=False, restart="no", wait=True, **more)
    args["labels"].append({"label": "kotauth.trigger", "value": trigger})
    return args


def upload(file: str, content: Any, owner: str = "10001", permissions: str = "0400") -> Args:
    return {"file": f"/files/{file}", "content": content, "owner": owner, "group": owner, "permissions": permissions}


def carrier(volume: str, image: str, *uploads: Args) -> Args:
    return {
        "image": image,
        "entrypoints": ["/bin/true"],
        "start": False,
        "must_run": False,
        "network_mode": "none",
        "volumes": [{"volume_name": From(volume, "name"), "container_path": "/files"}],
        "uploads": list(uploads),
        "labels": [{"label": "kotauth.part", "value": "files"}],
    }


def mounted(volume: str, path: str, *, read_only: bool = True) -> Args:
    return {"volume_name": From(volume, "name"), "container_path": path, "read_only": read_only}


def on(network: str, alias: str) -> Args:
    return {"name": From(network, "name"), "aliases": [alias]}


ENVIRONMENT = {
    "KAUTH_ENV": "production",
    "KAUTH_BASE_URL": "https://auth.example.com",
    "KAUTH_TRUSTED_PROXY": "true",
    "KAUTH_SECRET_KEY_FILE": "/run/secrets/secret_key",
    "KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE": "/run/secrets/admin_password",
    "KAUTH_BOOTSTRAP_API_KEYS_FILE": "/run/secrets/api_keys.json",
    "DB_URL": "jdbc:postgresql://database:5432/kotauth",
    "DB_USER": "kotauth",
    "DB_PASSWORD_FILE": "/run/secrets/database_password",
    "DB_POOL_MAX_SIZE": "10",
    "JAVA_TOOL_OPTIONS": "-XX:ActiveProcessorCount=8 -XX:+UseSerialGC",
}


def envs(**changed: str | None) -> list[str]:
    """Return the server's environment with some variables changed, or left out for ``None``."""
    return [f"{name}={text}" for name, text in {**ENVIRONMENT, **changed}.items() if text is not None]


def compliant() -> Resources:
    """Return the resources of the compliant program, in the order in which they are made."""
    return {
        "key": (random.RandomPassword, {"length": 64, "special": False, "opts": {"protect": True}}),
        "database-password": (random.RandomPassword, {"length": 32, "special": False, "keepers": {"version": "1"}}),
        "administrator-password": (random.RandomPassword, {"length": 32, "special": False}),
        "admin-password": (random.RandomPassword, {"length": 24, "min_upper": 1}),
        "database-network": (docker.Network, {"internal": True, "labels": [network_label("database")]}),
        "frontend-network": (docker.Network, {"driver": "bridge", "labels": [network_label("frontend")]}),
        "server-files": (docker.Volume, {}),
        "database-files": (docker.Volume, {}),
        "frontend-files": (docker.Volume, {}),
        "data": (docker.Volume, {"opts": {"protect": True}}),
        "certificates": (docker.Volume, {"opts": {"protect": True}}),
        "backups": (docker.Volume, {"opts": {"protect": True}}),
        "spool": (docker.Volume, {}),
        "server-carrier": (
            docker.Container,
            carrier(
                "server-files",
                IMAGE,
                upload("secret_key", From("key", "result", _key)),
                upload("database_password", From("database-password", "result")),
                upload("admin_password", From("admin-password", "result")),
                upload("api_keys.json", Secret('[{"keyHash": "0123"}]')),
            ),
        ),
        "database-carrier": (
            docker.Container,
            carrier(
                "database-files",
                POSTGRES,
                upload("administrator_password", From("administrator-password", "result"), "999"),
            ),
        ),
        "frontend-carrier": (
            docker.Container,
            carrier("frontend-files", CADDY, upload("Caddyfile", CADDYFILE)),
        ),
        "ownership": (
            docker.Container,
            job(
                "0:0",
                "0123456789abcdef",
                command=["chown", "999:999", "/data"],
                network_mode="none",
                volumes=[mounted("data", "/data", read_only=False)],
            )
            | {"capabilities": {"adds": ["CAP_CHOWN"], "drops": ["ALL"]}},
        ),
        "database": (
            docker.Container,
            service(
                "database",
                POSTGRES,
                "999:999",
                ["pg_isready", "-q"],
                envs=["ADMINISTRATOR=kotauth_admin", "DATABASE=kotauth"],
                command=["-c", "log_statement=ddl", "-c", "max_connections=100"],
                volumes=[
                    mounted("data", "/var/lib/postgresql/data", read_only=False),
                    mounted("database-files", "/run/secrets"),
                ],
                networks_advanced=[on("database-network", "database")],
            ),
        ),
        "role": (
            docker.Container,
            job(
                "999:999",
                From("database-password", "result", lambda text: _key(text)[:16]),
                entrypoints=["sh", "-c", "psql -f /run/config/role.sql"],
                volumes=[mounted("database-files", "/run/secrets")],
                networks_advanced=[on("database-network", "role")],
            ),
        ),
        "server": (
            docker.Container,
            service(
                "server",
                IMAGE,
                "10001:10001",
                ["curl", "-fsS", "-o", "/dev/null", "http://localhost:8080/health/ready"],
                envs=envs(),
                sysctls={"net.ipv4.tcp_keepalive_time": "10"},
                log_driver="syslog",
                log_opts={"syslog-address": "tcp+tls://logs.example.com:6514"},
                volumes=[mounted("server-files", "/run/secrets")],
                networks_advanced=[on("database-network", "server"), on("frontend-network", "server")],
            ),
        ),
        "frontend": (
            docker.Container,
            service(
                "frontend",
                CADDY,
                "10001:10001",
                ["wget", "-q", "http://127.0.0.1:8081/"],
                entrypoints=["caddy"],
                command=["run", "--config", "/run/config/Caddyfile"],
                ports=[{"internal": 8080, "external": 80}, {"internal": 8443, "external": 443}],
                volumes=[
                    mounted("certificates", "/data", read_only=False),
                    mounted("frontend-files", "/run/config"),
                ],
                networks_advanced=[on("frontend-network", "frontend")],
            ),
        ),
        "backup-dump": (
            docker.Container,
            service(
                "backup-dump",
                POSTGRES,
                "65534:65534",
                ["bash", "/run/config/dump.sh", "probe"],
                entrypoints=["bash", "/run/config/dump.sh", "loop"],
                envs=["PGHOST=database", "PGUSER=kotauth_backup"],
                volumes=[mounted("spool", "/spool", read_only=False)],
                networks_advanced=[on("database-network", "backup-dump")],
            ),
        ),
        "backup-store": (
            docker.Container,
            service(
                "backup-store",
                RESTIC,
                "65534:65534",
                ["sh", "/run/config/store.sh", "probe"],
                entrypoints=["sh", "/run/config/store.sh"],
                command=["loop"],
                envs=["RESTIC_REPOSITORY=/repository"],
                volumes=[mounted(*each, read_only=False) for each in (("spool", "/spool"), ("backups", "/repository"))],
                network_mode="none",
            ),
        ),
        "alarm": (
            docker.Container,
            service(
                "alarm",
                TELEGRAF,
                "10003:10003",
                ["telegraf", "--test"],
                networks_advanced=[on("frontend-network", "alarm")],
            ),
        ),
    }


def network_label(network: str) -> Args:
    return {"label": "kotauth.network", "value": network}


KNOWN: dict[str, dict[str, Any]] = {
    "key": {"result": "k" * 63 + "1"},
    "database-password": {"result": "d" * 32},
    "administrator-password": {"result": "a" * 32},
    "admin-password": {"result": "Ab1" * 8},
    "database-network": {"name": "database-network-0a1b2c3"},
    "frontend-network": {"name": "frontend-network-0a1b2c3"},
    "log-network": {"name": "log-network-0a1b2c3"},
    "log-egress-network": {"name": "log-egress-network-0a1b2c3"},
    **{
        name: {"name": f"{name}-0a1b2c3"}
        for name in ("server-files", "database-files", "frontend-files", "data", "certificates", "backups", "spool")
    },
}
"""Outputs after a first update, when every generated value is known."""


def build(*changes: Change, of: Callable[[], Resources] = compliant) -> Callable[[], None]:
    """Return a compliant program with changes."""
    resources = of()
    for change in changes:
        change(resources)
    return run(resources)


def run(resources: Resources, made: dict[str, Any] | None = None) -> Callable[[], None]:
    """Return the program that makes these resources, and adds them to those that are ``made`` already."""
    made = {} if made is None else made

    def program() -> None:
        for name, (kind, args) in resources.items():
            options = pulumi.ResourceOptions(**args.get("opts", {}))
            inputs = {key: resolve(value, made) for key, value in args.items() if key != "opts"}
            made[name] = kind(name, **inputs, opts=options)

    return program
