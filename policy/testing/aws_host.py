"""The host of the compliant stack on AWS: user data with units and environment, as our own hosts have it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from .docker_program import ENVIRONMENT, IMAGE

FRONTEND = "public.ecr.aws/docker/library/caddy:2.11.9"
TOOLS = "public.ecr.aws/docker/library/postgres:14.23-bookworm"


def run(part: str, image: str, user: str, *more: str) -> str:
    """Return the command line of a container as the hosts' units have it."""
    return " \\\n ".join(
        [
            "/usr/bin/docker run --rm",
            f"--name={part}",
            f"--label=kotauth.part={part.partition('.')[0] if '.' not in part else 'job'}",
            "--pull=never",
            "--network=kotauth",
            f"--user={user}",
            "--read-only --cap-drop=ALL --security-opt=no-new-privileges",
            "--memory=512m --memory-swap=512m --cpus=1",
            "--tmpfs=/tmp:rw,noexec",
            f"--mount=type=bind,source=/run/kotauth/{part}/secrets,target=/run/secrets,readonly",
            f"--env-file=/etc/kotauth/{part}.env",
            "--log-driver=journald",
            *more,
            image,
        ]
    )


def unit(start: str, before: str = "") -> str:
    check = f"ExecStartPre={before}\n" if before else ""
    return f"[Service]\nType=exec\nRestart=always\n{check}ExecStart={start}\n"


READY = '"--health-cmd=curl -fsS http://localhost:8080/health/ready"'
SERVER = unit(
    run(
        "server", IMAGE, "10001:10001", "--env-file=/run/kotauth/server.env", "--sysctl=net.ipv4.tcp_retries2=6", READY
    ),
    run("server.key-guard", TOOLS, "10001:10001") + " bash -c true",
)
PROXY = unit(run("frontend", FRONTEND, "10002:10002", "--publish=443:8443", "--health-cmd=true"))


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def user_data(
    environment: Mapping[str, str | None] | None = None,
    *,
    server: str = SERVER,
    proxy: str = PROXY,
    check: str = "PGSSLMODE=verify-full\nPGSSLROOTCERT=/run/config/database-ca.pem\n",
    files: Mapping[str, str] | None = None,
    late: tuple[str, ...] = ("DB_URL",),
    log_group: str = "kotauth",
) -> str:
    """Return the user data of a host. The server's unit is an object of the bucket, as long files are."""
    known = {**ENVIRONMENT, "DB_URL": None, "DB_USER": "kotauth_a", **(environment or {})}
    plan = {
        "artifacts": {"/etc/systemd/system/kotauth-server.service": sha256(server)},
        "parts": {"server": {"secrets": {"secret_key": "AWSCURRENT", "database_password": "v1"}}},
        "late": {"server": late},
        "parameter": "kotauth-boot",
        "log_group": log_group,
    }
    written = {
        "/etc/kotauth/boot.json": json.dumps(plan),
        "/etc/kotauth/server.env": "".join(f"{name}={text}\n" for name, text in known.items() if text is not None),
        "/etc/kotauth/server.key-guard.env": check,
        "/etc/systemd/system/kotauth-frontend.service": proxy,
        **(files or {}),
    }
    config = {"write_files": [{"path": path, "content": content} for path, content in written.items()]}
    return encoded(f"#cloud-config\n{json.dumps(config)}")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
