"""The compliant Docker stack with our own log route instead of a log driver that sends the lines."""

from __future__ import annotations

import pulumi_docker as docker

from .change import From, Resources
from .docker_program import IMAGE, compliant, hardened, network_label, on, service

COLLECTOR = "docker.io/otel/opentelemetry-collector-contrib:0.149.0"
LOG_FILES = "/var/lib/docker/containers"


def with_log_route() -> Resources:
    """Return the compliant program with our own log route instead of a log driver that sends the lines."""
    resources = compliant()
    _, server = resources["server"]
    server["log_driver"] = "json-file"
    server["log_opts"] = {"max-size": "10m", "max-file": "3", "labels": "kotauth.logs,kotauth.part"}
    server["labels"].append({"label": "kotauth.logs", "value": "kotauth/prod"})
    reader = hardened(
        "log-reader",
        COLLECTOR,
        "0:0",
        restart="unless-stopped",
        volumes=[{"host_path": LOG_FILES, "container_path": "/logs", "read_only": True}],
        networks_advanced=[on("log-network", "reader")],
    )
    reader["labels"].append({"label": "kotauth.host-mount", "value": LOG_FILES})
    shipper = hardened(
        "log-shipper",
        COLLECTOR,
        "10001:10001",
        restart="unless-stopped",
        networks_advanced=[on("log-network", "shipper"), {"name": From("log-egress-network", "name")}],
    )
    watcher = service(
        "log-watcher",
        IMAGE,
        "10001:10001",
        ["sh", "-c", "true"],
        entrypoints=["awk"],
        networks_advanced=[on("log-network", "watcher")],
    )
    return resources | {
        "log-network": (docker.Network, {"internal": True, "labels": [network_label("logs")]}),
        "log-egress-network": (docker.Network, {"internal": False, "labels": [network_label("logs-egress")]}),
        "log-reader": (docker.Container, reader),
        "log-shipper": (docker.Container, shipper),
        "log-watcher": (docker.Container, watcher),
    }
