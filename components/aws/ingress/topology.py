"""How a deployment is reached: through a load balancer, or on one host at the edge.

On either kind of host stand the server and, before it, Caddy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from ...frontends.caddy import frontend as caddy
from ...inputs.image import Image
from ...kotauth.server import BaseUrl
from ...workload.spec import ContainerSpec
from ..compute.capacity import needed_mb
from ..compute.server_group import PORT, AwsServerGroup
from ..compute.single_host import AwsSingleHost
from ..network.placement import NetworkPlacement, after
from ..security.secret import SecretReference
from ..security.security_groups import ways_out
from .dns import AwsDns
from .load_balancer import AwsLoadBalancer, AwsLoadBalancerArgs


@dataclass(frozen=True, kw_only=True)
class ServingSettings:
    """What decides about the way to the server, and about its hosts. Retention in days."""

    frontend_image: Image
    zone_id: str | None
    certificate_arn: str | None
    acme_email: str | None
    acme_server: str | None
    admin_cidrs: list[str]
    egress_ports: list[int]
    instance_type: str
    host_image_id: str | None
    log_retention_days: int
    deletion_protection: bool


@dataclass(frozen=True)
class ServerDependencies:
    """What a server needs of what was decided and made before it."""

    base_url: BaseUrl
    secrets: dict[str, SecretReference]
    """By the names of the server's secret files."""
    database_security_group_id: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]


@dataclass(frozen=True)
class Serving:
    """A server that can be reached."""

    ready: pulumi.Output[str]
    """Known once it serves."""
    address: pulumi.Output[str]
    """What the public name must point to."""
    log_group: pulumi.Output[str]
    load_balancer_name: pulumi.Output[str]
    """Empty without one."""
    watched: Any
    """What `AwsObservability` looks at."""


def behind_load_balancer(  # noqa: PLR0913 - what a deployment has made before
    name: str,
    settings: ServingSettings,
    place: NetworkPlacement,
    server: ContainerSpec,
    needs: ServerDependencies,
    *,
    tags: dict[str, str],
    opts: pulumi.ResourceOptions,
) -> Serving:
    """Make a load balancer, and the server's group behind it."""
    url = needs.base_url
    child = pulumi.ResourceOptions(parent=opts.parent)
    balanced: AwsLoadBalancerArgs = {
        "vpc_id": place.vpc_id,
        "subnet_ids": place.public_subnet_ids,
        "host_name": url.host,
        "log_retention_days": settings.log_retention_days,
        "kms_key_arn": needs.log_key_arn,
        "deletion_protection": settings.deletion_protection,
        "tags": tags,
    }
    if settings.zone_id:
        balanced["zone_id"] = settings.zone_id
    if settings.certificate_arn:
        balanced["certificate_arn"] = settings.certificate_arn
    balancer = AwsLoadBalancer(name, balanced, child)
    proxy = caddy.inner(
        image=settings.frontend_image.reference,
        configuration=caddy.inner_caddyfile(
            url, server["part"], load_balancer_cidrs=place.public_cidrs, admin_cidrs=settings.admin_cidrs
        ),
        https_port=PORT,
    )
    hosts = _host(settings, place, server, proxy, needs, tags) | {
        "subnet_ids": place.private_subnet_ids,
        "target_group_arn": balancer.target_group_arn,
        "load_balancer_security_group_id": balancer.security_group_id,
    }
    # After all of the balancer, the listener's rule too: nobody probes a target group before.
    group = AwsServerGroup(f"{name}-server", hosts, after(opts, balancer))
    if settings.zone_id:
        alias: Any = {"dns_name": balancer.dns_name, "zone_id": balancer.dns_zone_id}
        AwsDns(f"{name}-name", {"zone_id": settings.zone_id, "name": url.host, "alias": alias}, child)
    return Serving(
        ready=group.ready,
        address=balancer.dns_name,
        log_group=group.log_group_name,
        load_balancer_name=balancer.load_balancer_name,
        watched={
            "load_balancer_arn_suffix": balancer.arn_suffix,
            "target_group_arn_suffix": balancer.target_group_arn_suffix,
            "certificate_arn": balancer.certificate_arn,
            "group_name": group.group_name,
            "gate_function_name": group.gate_function_name,
        },
    )


def at_the_edge(  # noqa: PLR0913 - what a deployment has made before
    name: str,
    settings: ServingSettings,
    place: NetworkPlacement,
    server: ContainerSpec,
    needs: ServerDependencies,
    *,
    tags: dict[str, str],
    opts: pulumi.ResourceOptions,
) -> Serving:
    """Make one host with a fixed address, on which Caddy ends TLS."""
    url = needs.base_url
    proxy = caddy.edge(
        image=settings.frontend_image.reference,
        configuration=caddy.edge_caddyfile(
            url,
            server["part"],
            acme_email=settings.acme_email,
            acme_server=settings.acme_server,
            admin_cidrs=settings.admin_cidrs,
        ),
        http_port=80,
        https_port=PORT,
    )
    host = _host(settings, place, server, proxy, needs, tags) | {
        "subnet_id": pulumi.Output.from_input(place.public_subnet_ids).apply(lambda subnets: subnets[0]),
        "availability_zone": place.edge_zone,
    }
    edge = AwsSingleHost(f"{name}-server", host, opts)
    if settings.zone_id:
        AwsDns(
            f"{name}-name",
            {"zone_id": settings.zone_id, "name": url.host, "address": edge.public_ip},
            pulumi.ResourceOptions(parent=opts.parent),
        )
    return Serving(
        ready=edge.ready,
        address=edge.public_ip,
        log_group=edge.log_group_name,
        load_balancer_name=pulumi.Output.from_input(""),
        watched={"instance_id": edge.instance_id, "gate_function_name": edge.gate_function_name},
    )


def needed_memory_mb(server_mb: int) -> int:
    """Return the memory that an instance must have for a server with this limit."""
    return needed_mb([server_mb, caddy.MEMORY_MB])


def _host(  # noqa: PLR0913, PLR0917 - as above
    settings: ServingSettings,
    place: NetworkPlacement,
    server: ContainerSpec,
    proxy: ContainerSpec,
    needs: ServerDependencies,
    tags: dict[str, str],
) -> Any:  # noqa: ANN401 - the inputs that both kinds of host share
    image = {"image_id": settings.host_image_id} if settings.host_image_id else {}
    return {
        **image,
        "secrets": needs.secrets,
        "database_security_group_id": needs.database_security_group_id,
        "egress": ways_out(settings.egress_ports),
        "kms_key_arn": needs.log_key_arn,
        "vpc_id": place.vpc_id,
        "containers": [server, proxy],
        "instance_type": settings.instance_type,
        "log_retention_days": settings.log_retention_days,
        "deletion_protection": settings.deletion_protection,
        "tags": tags,
    }


SERVING = {"alb": behind_load_balancer, "caddy": at_the_edge}
"""Frontend to what makes it."""
