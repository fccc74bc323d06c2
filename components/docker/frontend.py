"""The proxy of a deployment on a Docker host, and the network that it shares with the server."""

from collections.abc import Mapping

import pulumi

from ..frontends.external import server_name
from ..frontends.frontend import EdgeSite
from ..postgres.server import USER
from ..workload.hardening import CHECK_CPUS, CHECK_MEMORY_MB
from .certificate import DockerCaCertificate
from .container import DockerContainer, NetworkAttachment
from .hardened import Runtime
from .job import run_job
from .network import NETWORK_LABEL, DockerNetwork
from .settings import DockerSettings

_SERVER = "kotauth"
_LEARNED_SECONDS = 10
"""Time for Traefik to learn of a new server. It looks at most every two seconds, and asks Docker about each container
of the host first."""


def shared_network(
    name: str, settings: DockerSettings, labels: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> NetworkAttachment:
    """Return the network that the proxy and the server share, and the server's name on it."""
    if settings.proxy_network:
        return {"name": settings.proxy_network, "alias": server_name(settings.server.base_url)}
    network = DockerNetwork(
        f"{name}-frontend-network", {"internal": False, "labels": {**labels, NETWORK_LABEL: "frontend"}}, opts
    )
    return {"name": network.network_name, "alias": _SERVER}


def make_frontend(
    name: str,
    settings: DockerSettings,
    network: pulumi.Input[str],
    labels: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Make the proxy; return its container's name, known once it is ready, and the certificate of its authority."""
    frontend = DockerContainer(
        f"{name}-frontend",
        {
            "spec": settings.proxy.edge(
                EdgeSite(
                    base_url=settings.server.base_url,
                    upstream=_SERVER,
                    image=settings.frontend_image.reference,
                    http_port=settings.http_port,
                    https_port=settings.https_port,
                    certificate=settings.certificate,
                )
            ),
            "secrets": settings.frontend_secrets(f"DockerDeployment {name}"),
            "networks": [{"name": network}],
            "files_image": settings.database_image.reference,
            "labels": labels,
            "container_labels": settings.sent_label(name, labels),
        },
        opts,
    )
    ca = settings.internal_ca
    if not ca:
        return frontend.container_name, pulumi.Output.from_input("")
    certificate = DockerCaCertificate(
        f"{name}-ca-certificate",
        {
            "volume": frontend.volumes[ca.volume],
            "frontend": settings.frontend,
            "image": settings.frontend_image.reference,
            "written_by": frontend.container_name,
            "labels": labels,
        },
        pulumi.ResourceOptions(parent=opts.parent),
    )
    return frontend.container_name, certificate.pem


def known_to_proxy(
    name: str,
    settings: DockerSettings,
    server: pulumi.Output[str],
    labels: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Keep the old server until the user's proxy has learned of the new one; return a name known afterwards.

    Pulumi deletes what it replaced at the end. Traefik learns of a new server late where the daemon is busy, and sends
    requests that arrived before only to the servers that it knew then.
    """
    wait = Runtime(
        part="job",
        image=settings.database_image.reference,
        user=USER,
        memory=CHECK_MEMORY_MB,
        cpus=CHECK_CPUS,
        command=["sleep", str(_LEARNED_SECONDS)],
        labels=labels,
    )
    return run_job(f"{name}-known-to-proxy", wait, opts, triggers=[server], timeout_seconds=_LEARNED_SECONDS + 30).name
