"""Rules for containers on the containers that a host starts."""

import base64
import gzip
import json
import shlex

from policy.testing.aws_host import FRONTEND, PROXY, encoded, mount, run, server, sha256, unit, user_data
from policy.testing.change import copied, put

from ..mutation import Case, found

BLIND = found("find-kotauth-server@kotauth")
"""What a host without readable user data breaks besides."""


def user_data_case(name: str, text: str, *violations: str) -> Case:
    return Case(f"user data: {name}", (put("template", "user_data", text),), found(*violations))


def _proxy(name: str, line: str, *violations: str) -> Case:
    return user_data_case(name, user_data(proxy=unit(line)), *(f"{violation}@template" for violation in violations))


def _planned(name: str, changes: dict[str, object], *violations: str) -> Case:
    """Return the case of a frontend whose file in the boot plan has these changes."""
    text = user_data(proxy=json.dumps({**json.loads(PROXY), **changes}))
    return user_data_case(f"the plan has {name}", text, *(f"{violation}@template" for violation in violations))


_SMALL = server(memory_mb=256, memory_swap_mb=256)
_RUN = run("frontend", FRONTEND, "10002:10002", "--publish=443:8443", "--health-cmd=true")

_WORKER = run("worker", FRONTEND, "10002:10002", "--restart=always --health-cmd=true --privileged")
SHELL = f"#!/bin/bash\nset -e\n{_WORKER} && echo started\n"
_MIME = (
    "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n--b\nContent-Type: text/x-shellscript\n\n"
    f"{SHELL}\n--b--\n"
)
_ENCODED = f"#cloud-config\nwrite_files:\n- path: /start.sh\n  encoding: b64\n  content: {encoded(SHELL)}\n"
_TYPED = _MIME.replace("x-shellscript", "cloud-config").replace(SHELL, f"runcmd:\n- {json.dumps(_WORKER)}\n")
_COMMAND = "#cloud-config\nruncmd:\n- " + json.dumps(shlex.split(_WORKER.replace("\\\n", "")))


def _worker(name: str, data: bytes) -> Case:
    """Return the case of one more host, with a container that has the privileges of its host."""
    text = base64.b64encode(data).decode()
    return Case(
        f"a container started by {name}",
        (copied("template", "other"), put("other", "user_data", text)),
        found("forbid-privileged-containers@other"),
    )


CONTAINERS = (
    _proxy(
        "a container with privileges",
        f"{_RUN.replace('--read-only', '--read-only --privileged')}",
        "forbid-privileged-containers",
    ),
    _proxy(
        "a container on the host's network",
        _RUN.replace("--network=kotauth", "--network=host"),
        "forbid-host-namespaces",
    ),
    _proxy(
        "another capability",
        _RUN.replace("--cap-drop=ALL", "--cap-drop ALL --cap-add SYS_ADMIN"),
        "limit-added-capabilities",
    ),
    _proxy(
        "another kernel parameter",
        _RUN.replace("--rm", "--rm --sysctl net.ipv4.tcp_retries2=6 --sysctl=net.ipv4.ip_forward=1"),
        "limit-kernel-parameters",
    ),
    _proxy("the engine's socket", _RUN.replace("--rm", "--rm -v /var/run/docker.sock:/s"), "forbid-docker-socket"),
    _proxy("root", _RUN.replace("10002:10002", "0"), "run-as-non-root"),
    _proxy("an old tag", _RUN.replace("2.11.9", "latest"), "pin-image"),
    _proxy("another registry", _RUN.replace("public.ecr.aws", "example.com"), "allow-image-registries"),
    _proxy(
        "a secret in an option without a space",
        _RUN.replace("--rm", "--rm -eAPP_TOKEN=hunter2"),
        "keep-secrets-out-of-environment",
        "keep-secrets-out-of-user-data",
    ),
    _proxy(
        "a secret on the command line",
        f"{_RUN} run --token=hunter2",
        "keep-secrets-out-of-commands",
        "keep-secrets-out-of-user-data",
    ),
    user_data_case(
        "a server with less memory",
        user_data(server=_SMALL),
        *BLIND,
    ),
    Case(
        "a server with less memory, whose file is found",
        (
            put("template", "user_data", user_data(server=_SMALL)),
            put("server-file", "key", sha256(_SMALL)),
            put("server-file", "content", _SMALL),
        ),
        found("reserve-server-memory@template"),
    ),
    user_data_case(
        "a boot plan of another version",
        user_data(version=2),
        *BLIND,
        "keep-secrets-out-of-user-data@template",
    ),
    _planned("root", {"user": "0:0"}, "run-as-non-root"),
    _planned("a writable root", {"read_only": False}, "mount-root-read-only"),
    _planned("the host's network", {"network": "host"}, "forbid-host-namespaces"),
    _planned(
        "another capability", {"capabilities": {"adds": ["SYS_ADMIN"], "drops": ["ALL"]}}, "limit-added-capabilities"
    ),
    _planned("another kernel parameter", {"sysctls": {"net.ipv4.ip_forward": "1"}}, "limit-kernel-parameters"),
    _planned("the engine's socket", {"mounts": [mount("/var/run/docker.sock", "/s")]}, "forbid-docker-socket"),
    _planned("a moving tag", {"image": FRONTEND.replace("2.11.9", "latest")}, "pin-image"),
    _planned(
        "a secret on the command line",
        {"command": ["run", "--token=hunter2"]},
        "keep-secrets-out-of-commands",
        "keep-secrets-out-of-user-data",
    ),
    user_data_case("another mode", user_data({"KAUTH_ENV": "Production"}), "set-production-environment@template"),
    user_data_case(
        "plain http", user_data({"KAUTH_BASE_URL": "http://auth.example.com"}), "use-https-base-url@template"
    ),
    user_data_case("no trusted proxy", user_data({"KAUTH_TRUSTED_PROXY": None}), "trust-only-own-proxy@template"),
    user_data_case("the administrator", user_data({"DB_USER": "kotauth_admin"}), "separate-database-roles@template"),
    user_data_case("too many connections", user_data({"DB_POOL_MAX_SIZE": "90"}), "fit-connection-pool@template"),
    user_data_case(
        "no DB_URL",
        user_data(deferred=()),
        "configure-database-access@template",
        "verify-database-certificate@template",
    ),
    user_data_case(
        "a known DB_URL",
        user_data({"DB_URL": "jdbc:postgresql://db:5432/k?sslmode=verify-full&sslrootcert=/c"}, deferred=()),
    ),
    Case(
        "no more than a secret's version for the key",
        (put("secret-key", "length", 32),),
        found("trace-secret-key@template"),
    ),
    Case("the key without protection", (put("secret-key", "opts", {}),), found("protect-secret-key@secret-key")),
    *(
        _worker(name, text.encode())
        for name, text in {
            "a script": SHELL,
            "a part": _MIME,
            "a part that only its type names": _TYPED,
            "a file": _ENCODED,
            "a command": _COMMAND,
            "a command behind a blank line": f"\n{_COMMAND}",
            "a command under another spelling": _COMMAND.replace("#cloud", "#Cloud"),
            "a command of a template": f"##template: jinja\n{_COMMAND}",
        }.items()
    ),
    *(
        _worker(f"`{spelled}`", SHELL.replace("docker run --rm", spelled).encode())
        for spelled in (
            "docker --log-level=error run --rm",
            "docker -H unix:///run/docker.sock container run",
            "docker run -dt",
            "docker run -dh worker",
            "docker run -dhworker",
            "docker run -d --use-api-socket",
        )
    ),
    _worker("a compressed script", gzip.compress(SHELL.encode(), mtime=0)),
)
