"""Checks the Docker host before any resource is created: a daemon that answers, limits, and the two ports.

It also refuses a stack whose resources have names of an older version.

Only the program's `__main__.py` calls this, so that components do not depend on the machine that runs the program.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

from .daemon import client as daemon
from .daemon import kernel
from .settings import DockerSettings

_TAKEN = (errno.EADDRINUSE,)
FORMER_FRONTEND = "kotauth-caddy"
"""Former name of the frontend's resources, which contained the name of the proxy. The new name has no alias for it."""


def check(settings: DockerSettings, own: Mapping[str, str]) -> pulumi.ResourceOptions | None:
    """Raise ``RunError`` with every problem that prevents the deployment; otherwise return options for its containers.

    Containers with the labels ``own`` belong to this stack, so they may publish its ports.
    """
    ports = {"httpPort": settings.http_port, "httpsPort": settings.https_port}
    try:
        with daemon.connect() as docker:
            containers, info, is_local = docker.containers(), docker.info(), docker.address.is_local
    except daemon.DaemonError as error:
        raise pulumi.RunError(
            f"{error}. Start Docker, or choose another daemon with `pulumi config set docker:host` or DOCKER_HOST."
        ) from error
    _refuse_former_names(containers, own)
    ours, theirs = _published(containers, own)
    problems = list(kernel.problems(info))
    for key, port in ports.items():
        holder = theirs.get(port)
        if not holder and port not in ours and is_local and not _is_free(port):
            holder = "another program on this machine"
        if holder:
            setting = "httpPort" if key == "httpPort" else "baseUrl or httpsPort"
            problems.append(f"port {port} (kotauth:{key}) is held by {holder}; choose another with {setting}")
    if problems:
        raise pulumi.RunError("\n  ".join(["the machine can't run this stack:", *problems]))
    return kernel.adjustments(info)


def _refuse_former_names(containers: Iterable[dict[str, Any]], own: Mapping[str, str]) -> None:
    """Refuse a running stack with names of an older version: its frontend holds the ports, and its volume is protected.

    A volume without a container is no reason to refuse: a checkout that was deleted may have left it.
    """
    for container in containers:
        name = container["Names"][0]
        if name.startswith(f"/{FORMER_FRONTEND}-") and own.items() <= container["Labels"].items():
            raise pulumi.RunError(
                f"this stack runs with resource names of an older version (container {name.lstrip('/')}) and can't "
                "be migrated. Back up its data if you need it, run `make purge` in the checkout that created it, then "
                "`make up`."
            )


def _published(containers: Iterable[dict[str, Any]], own: Mapping[str, str]) -> tuple[set[int], dict[int, str]]:
    """Return the ports that this stack publishes, and those of other containers with their names."""
    ours: set[int] = set()
    theirs: dict[int, str] = {}
    for container in containers:
        public = {int(port["PublicPort"]) for port in container["Ports"] if port.get("PublicPort")}
        if own.items() <= container["Labels"].items():
            ours |= public
        else:
            theirs |= dict.fromkeys(public, f"container {container['Names'][0].lstrip('/')}")
    return ours, theirs


def _is_free(port: int) -> bool:
    """Return whether no program listens on the port. Binds it like the Docker daemon, on all addresses and with reuse.

    Tries IPv6 too, although nothing is published there: a client that tries IPv6 first would reach the other program.
    """
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104 - asked, not served
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
        except PermissionError:
            continue  # a port below 1024 that we may not bind but the daemon may
        except OSError as error:
            if error.errno in _TAKEN:
                return False
    return True
