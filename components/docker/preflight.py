"""Checks the Docker host before any resource is created: a daemon that answers, limits, and the two ports.

Where the user runs the proxy, it checks the network that the proxy and the server share, instead of the ports.

It also refuses a stack whose resources have names of an older version.

Only the program's `__main__.py` calls this, so that components do not depend on the machine that runs the program.
"""

from __future__ import annotations

import errno
import functools
import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import pulumi

from ..frontends.external import router_label
from ..kotauth.base_url import BaseUrl
from ..workload.spec import PART_LABEL
from .daemon import client as daemon
from .daemon import kernel, log_files
from .network import NETWORK_LABEL
from .settings import DockerSettings

_TAKEN = (errno.EADDRINUSE,)
FORMER_FRONTEND = "kotauth-caddy"
"""Former name of the frontend's resources, which contained the name of the proxy. The new name has no alias for it."""


def check(settings: DockerSettings, own: Mapping[str, str]) -> pulumi.ResourceOptions | None:
    """Raise ``RunError`` with every problem that prevents the deployment; otherwise return options for its containers.

    Containers with the labels ``own`` belong to this stack, so they may publish its ports.
    """
    try:
        with daemon.connect() as docker:
            containers, info, is_local = docker.containers(), docker.info(), docker.address.is_local
            networks = docker.networks() if settings.proxy_network else []
    except daemon.DaemonError as error:
        raise pulumi.RunError(
            f"{error}. Start Docker, or choose another daemon with `pulumi config set docker:host` or DOCKER_HOST."
        ) from error
    _refuse_former_names(containers, own)
    problems = [*kernel.problems(info), *_version_problems(settings, containers, own)]
    if settings.has_log_route:
        problems += log_files.problems(info)
    if settings.proxy_network:
        others = [container for container in containers if not own.items() <= container["Labels"].items()]
        # The settings of a stack are plain values; only a program gives Outputs.
        network = cast("str", settings.proxy_network)
        problems += _network_problems(settings.server.base_url, network, networks, others)
    else:
        problems += _port_problems(settings, containers, own, is_local)
    if problems:
        raise pulumi.RunError("\n  ".join(["the machine can't run this stack:", *problems]))
    if settings.backups and not settings.backup_repository.is_remote and not settings.server.is_local:
        pulumi.log.warn(
            "the backups are in a volume on the Docker host, which doesn't survive the loss of the host: set "
            "kotauth:backupRepository to a bucket or to a folder on another host"
        )
    adjustments = [kernel.adjustments(info), log_files.relocation(info) if settings.has_log_route else None]
    wanted = [options for options in adjustments if options]
    return functools.reduce(pulumi.ResourceOptions.merge, wanted) if wanted else None


def _version_problems(
    settings: DockerSettings, containers: Iterable[dict[str, Any]], own: Mapping[str, str]
) -> Iterator[str]:
    """Yield that PostgreSQL runs in another major version, on data that the wanted one can't read."""
    wanted = settings.server.database_version
    ours = {**own, PART_LABEL: "database"}
    for container in containers:
        # Docker reports an id in place of a tag that was moved to another image.
        tag = re.search(r"/[^/:]+:(\d+)[^/]*$", container.get("Image", ""))
        if ours.items() <= container["Labels"].items() and tag and int(tag[1]) != wanted:
            yield (
                f"container {_name(container)} has data of PostgreSQL {tag[1]}, which version {wanted} "
                f"(kotauth:databaseVersion) can't read; run `make upgrade STACK={pulumi.get_stack()}`, or set "
                f"databaseVersion to {tag[1]}"
            )


def _network_problems(
    base_url: BaseUrl, name: str, networks: Iterable[dict[str, Any]], others: Sequence[dict[str, Any]]
) -> Iterator[str]:
    """Yield why a server can't join the user's network, and warn of the other containers on it."""
    setting = f"network {name} (kotauth:proxyNetwork)"
    network = next((network for network in networks if network["Name"] == name), None)
    if not network:
        yield (
            f"{setting} does not exist on the Docker host; create it with `docker network create {name}`, and connect "
            "your proxy to it"
        )
        return
    if NETWORK_LABEL in (network["Labels"] or {}):
        yield f"{setting} is a stack's own, which the stack deletes; create one with `docker network create`"
        return
    for other in others:
        if router_label(base_url) in other["Labels"]:
            yield (
                f"{base_url.text} (kotauth:baseUrl) is served by container {_name(other)} of another stack; stop that "
                "stack, or choose another baseUrl"
            )
    neighbours = sorted(_name(other) for other in others if name in other["NetworkSettings"]["Networks"])
    if not neighbours:
        pulumi.log.warn(f"no container is on {setting}: connect your proxy to it")
    elif len(neighbours) == 1:
        pulumi.log.info(f"container {neighbours[0]} is on {setting}: it must be your proxy")
    else:
        pulumi.log.warn(
            f"{len(neighbours)} containers are on {setting}: {', '.join(neighbours)}. Each of them reaches port 8080 "
            "of the server and can claim any client address. Create a network for the proxy and the server alone."
        )
    if network["Internal"]:
        pulumi.log.warn(
            f"{setting} is internal: the server can neither send mail nor check for updates. Create a network without "
            "--internal."
        )


def _name(container: Mapping[str, Any]) -> str:
    return container["Names"][0].lstrip("/")


def _port_problems(
    settings: DockerSettings, containers: Iterable[dict[str, Any]], own: Mapping[str, str], is_local: bool
) -> Iterator[str]:
    ours, theirs = _published(containers, own)
    for key, port in {"httpPort": settings.http_port, "httpsPort": settings.https_port}.items():
        holder = theirs.get(port)
        if not holder and port not in ours and is_local and not _is_free(port):
            holder = "another program on this machine"
        if holder:
            setting = "httpPort" if key == "httpPort" else "baseUrl or httpsPort"
            yield f"port {port} (kotauth:{key}) is held by {holder}; choose another with {setting}"


def _refuse_former_names(containers: Iterable[dict[str, Any]], own: Mapping[str, str]) -> None:
    """Refuse a running stack with names of an older version: its frontend holds the ports, and its volume is protected.

    A volume without a container is no reason to refuse: a checkout that was deleted may have left it.
    """
    stack = pulumi.get_stack()
    for container in containers:
        name = _name(container)
        if name.startswith(f"{FORMER_FRONTEND}-") and own.items() <= container["Labels"].items():
            raise pulumi.RunError(
                f"this stack runs with resource names of an older version (container {name}) and can't "
                f"be migrated. Back up its data if you need it, run `make purge STACK={stack}` in the checkout that "
                f"created it, then `make up STACK={stack}`."
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
            theirs |= dict.fromkeys(public, f"container {_name(container)}")
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
