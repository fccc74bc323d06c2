"""The host of the compliant stack on AWS: user data with a boot plan and environment, as our own hosts have it.

Others' hosts start containers by units and scripts: `run` and `unit` make those.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence

from .docker_program import ENVIRONMENT, IMAGE

FRONTEND = "public.ecr.aws/docker/library/caddy:2.11.9"
TOOLS = "public.ecr.aws/docker/library/postgres:14.23-bookworm"
_SERVER_USER, _FRONTEND_USER = "10001:10001", "10002:10002"


def container(name: str, image: str, user: str, **changes: object) -> dict[str, object]:
    """Return what the boot plan says of a container, with changes; see `components/aws/host/boot_plan.py`."""
    part, _, check = name.partition(".")
    return {
        "name": name,
        "image": image,
        "user": user,
        "memory_mb": 512,
        "memory_swap_mb": 512,
        "cpus": 1.0,
        "processes": 4096,
        "read_only": True,
        "capabilities": {"adds": [], "drops": ["ALL"]},
        "security_options": ["no-new-privileges"],
        "sysctls": {},
        "labels": {"kotauth.part": "job" if check else part},
        "network": "kotauth",
        "aliases": [] if check else [part],
        "tmpfs": {"/tmp": "rw,noexec"},  # noqa: S108 - the container's own
        "mounts": [mount(f"/run/kotauth/{part}/secrets", "/run/secrets")],
        "ports": [],
        "environment_files": [f"/etc/kotauth/{name}.env", f"/run/kotauth/{name}.env"],
        "config_files": [],
        "log": {"driver": "journald", "options": {"tag": part}},
        "restart": "no" if check else "always",
        "stop_seconds": 10,
        "entrypoint": [],
        "command": [],
        **changes,
    }


def mount(source: str, target: str) -> dict[str, object]:
    return {"source": source, "target": target, "read_only": True}


def probe(*command: str) -> dict[str, object]:
    return {
        "command": command,
        "interval_seconds": 5,
        "timeout_seconds": 4,
        "retries": 3,
        "start_period_seconds": 0,
    }


def server(**changes: object) -> str:
    """Return the file of the server, with changes. The stack has it as an object of the bucket, as real ones do."""
    ready = probe("curl", "-fsS", "http://localhost:8080/health/ready")
    check = container("server.key-guard", TOOLS, _SERVER_USER, command=["bash", "-c", "true"])
    sysctls = {"net.ipv4.tcp_retries2": "6"}
    facts = {"probe": ready, "check": check, "sysctls": sysctls, **changes}
    return json.dumps(container("server", IMAGE, _SERVER_USER, **facts))


SERVER = server()
PROXY = json.dumps(
    container("frontend", FRONTEND, _FRONTEND_USER, ports=[{"host": 443, "container": 8443}], probe=probe("true"))
)


def run(part: str, image: str, user: str, *more: str) -> str:
    """Return the command line of a container on a foreign host, as hardened as on ours."""
    return " \\\n ".join(
        [
            "/usr/bin/docker run --rm",
            f"--name={part}",
            f"--label=kotauth.part={part}",
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


def unit(start: str) -> str:
    return f"[Service]\nType=exec\nRestart=always\nExecStart={start}\n"


PROXY_UNIT = unit(run("frontend", FRONTEND, _FRONTEND_USER, "--publish=443:8443", "--health-cmd=true"))
"""The frontend as a unit that starts it itself."""


def sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def user_data(
    environment: Mapping[str, str | None] | None = None,
    *,
    server: str = SERVER,
    proxy: str = PROXY,
    check: str = "PGSSLMODE=verify-full\nPGSSLROOTCERT=/run/config/database-ca.pem\n",
    files: Mapping[str, str] | None = None,
    deferred: Sequence[str] = ("DB_URL",),
    log_group: str = "kotauth",
    version: int = 1,
) -> str:
    """Return the user data of a host.

    The server's file is an object of the bucket. The frontend is a container of the plan or, as ``PROXY_UNIT``, a unit.
    """
    known = {**ENVIRONMENT, "DB_URL": None, "DB_USER": "kotauth_a", **(environment or {})}
    is_planned = proxy.startswith("{")
    plan = {
        "version": version,
        "artifacts": {"/etc/kotauth/boot.d/server.json": sha256(server)},
        "containers": ["server", *(["frontend"] if is_planned else [])],
        "secrets": {"server": {"secret_key": "AWSCURRENT", "database_password": "v1"}},
        "deferred": {"server": list(deferred)},
        "parameter": "kotauth-boot",
        "log_group": log_group,
    }
    written = {
        "/etc/kotauth/boot.json": json.dumps(plan),
        "/etc/kotauth/server.env": "".join(f"{name}={text}\n" for name, text in known.items() if text is not None),
        "/etc/kotauth/server.key-guard.env": check,
        "/etc/kotauth/boot.d/frontend.json" if is_planned else "/etc/systemd/system/kotauth-frontend.service": proxy,
        **(files or {}),
    }
    config = {"write_files": [{"path": path, "content": content} for path, content in written.items()]}
    return encoded(f"#cloud-config\n{json.dumps(config)}")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
