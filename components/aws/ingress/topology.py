"""How traffic reaches the server: through a load balancer with hosts behind it, or on one host.

Both run a frontend before the server on the same host: behind the load balancer as an inner hop, else it ends TLS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi

from ...config.certificate import CertificateSettings
from ...config.frontends import INNER
from ...frontends.frontend import ACME, FILES, EdgeSite, InnerSite
from ...inputs.image import Image
from ...kotauth.base_url import BaseUrl
from ...workload.spec import ContainerSpec
from ..compute.capacity import needed_mb
from ..compute.server_group import AwsServerGroup
from ..compute.single_host import AwsSingleHost
from ..host.description import HTTPS_PORT
from ..network.placement import NetworkPlacement, after
from ..security.secret import SecretReference
from ..security.security_groups import ways_out
from .dns import AwsDns
from .load_balancer import AwsLoadBalancer, AwsLoadBalancerArgs

LOAD_BALANCER = "alb"
"""Value of the setting `frontend` that asks for a load balancer instead of a proxy with a public address."""


@dataclass(frozen=True, kw_only=True)
class TopologySettings(CertificateSettings):
    """Settings of the frontend and of the hosts. Retention in days."""

    frontend_image: Image
    zone_id: pulumi.Input[str] | None
    certificate_arn: pulumi.Input[str] | None
    admin_cidrs: list[str]
    egress_ports: list[int]
    instance_type: str
    host_image_id: pulumi.Input[str] | None
    log_retention_days: int
    deletion_protection: bool

    sources: ClassVar[tuple[str, ...]] = (ACME, FILES)

    @property
    def has_load_balancer(self) -> bool:
        """Whether a load balancer ends TLS; else the frontend on the single host does."""
        return self.frontend == LOAD_BALANCER

    @property
    def tls_elsewhere(self) -> str:
        """Says that the load balancer has the certificate."""
        return "the load balancer uses ACM" if self.has_load_balancer else ""


@dataclass(frozen=True)
class ServerDependencies:
    """What a server needs of what was decided and made before it."""

    base_url: BaseUrl
    secrets: dict[str, SecretReference]
    """Secrets by the names of the secret files."""
    database_security_group_id: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]


@dataclass(frozen=True)
class Topology:
    """A server, and the way to it."""

    ready: pulumi.Output[str]
    """Known once it serves."""
    address: pulumi.Output[str]
    """Target of the public name: a DNS name or an IPv4 address."""
    log_group: pulumi.Output[str]
    load_balancer_name: pulumi.Output[str]
    """Name of the load balancer; empty without one."""
    watched: Any
    """Inputs of `AwsObservability` for the resources to watch."""


def make_topology(  # noqa: PLR0913 - what a deployment has made before
    name: str,
    settings: TopologySettings,
    placement: NetworkPlacement,
    server: ContainerSpec,
    dependencies: ServerDependencies,
    *,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> Topology:
    """Make the server's hosts and what stands before them."""
    make = _load_balanced if settings.has_load_balancer else _single_host
    return make(name, settings, placement, server, dependencies, tags=tags, opts=opts)


def _load_balanced(  # noqa: PLR0913 - as above
    name: str,
    settings: TopologySettings,
    placement: NetworkPlacement,
    server: ContainerSpec,
    dependencies: ServerDependencies,
    *,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> Topology:
    url = dependencies.base_url
    child = pulumi.ResourceOptions(parent=opts.parent)
    balancer_args: AwsLoadBalancerArgs = {
        "vpc_id": placement.vpc_id,
        "subnet_ids": placement.public_subnet_ids,
        "host_name": url.host,
        "log_retention_days": settings.log_retention_days,
        "kms_key_arn": dependencies.log_key_arn,
        "deletion_protection": settings.deletion_protection,
        "tags": tags,
    }
    if settings.zone_id:
        balancer_args["zone_id"] = settings.zone_id
    if settings.certificate_arn:
        balancer_args["certificate_arn"] = settings.certificate_arn
    balancer = AwsLoadBalancer(name, balancer_args, child)
    proxy = INNER(
        InnerSite(
            base_url=url,
            upstream=server["part"],
            image=settings.frontend_image.reference,
            admin_cidrs=settings.admin_cidrs,
            https_port=HTTPS_PORT,
            load_balancer_cidrs=placement.public_cidrs,
        )
    )
    hosts = _host_inputs(settings, placement, server, proxy, dependencies, tags) | {
        "subnet_ids": placement.private_subnet_ids,
        "target_group_arn": balancer.target_group_arn,
        "load_balancer_security_group_id": balancer.security_group_id,
    }
    # After the whole load balancer, its listener rule included: without the rule, no target gets a health check.
    group = AwsServerGroup(f"{name}-server", hosts, after(opts, balancer))
    if settings.zone_id:
        alias: Any = {"dns_name": balancer.dns_name, "zone_id": balancer.dns_zone_id}
        AwsDns(f"{name}-name", {"zone_id": settings.zone_id, "name": url.host, "alias": alias}, child)
    return Topology(
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


def _single_host(  # noqa: PLR0913 - as above
    name: str,
    settings: TopologySettings,
    placement: NetworkPlacement,
    server: ContainerSpec,
    dependencies: ServerDependencies,
    *,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> Topology:
    url = dependencies.base_url
    proxy = settings.proxy.edge(
        EdgeSite(
            base_url=url,
            upstream=server["part"],
            image=settings.frontend_image.reference,
            admin_cidrs=settings.admin_cidrs,
            https_port=HTTPS_PORT,
            http_port=80,
            certificate=settings.certificate,
        )
    )
    inputs = _host_inputs(settings, placement, server, proxy, dependencies, tags) | {
        "subnet_id": pulumi.Output.from_input(placement.public_subnet_ids).apply(lambda subnets: subnets[0]),
        "availability_zone": placement.first_public_zone,
    }
    host = AwsSingleHost(f"{name}-server", inputs, opts)
    if settings.zone_id:
        AwsDns(
            f"{name}-name",
            {"zone_id": settings.zone_id, "name": url.host, "address": host.public_ip},
            pulumi.ResourceOptions(parent=opts.parent),
        )
    return Topology(
        ready=host.ready,
        address=host.public_ip,
        log_group=host.log_group_name,
        load_balancer_name=pulumi.Output.from_input(""),
        watched={"instance_id": host.instance_id, "gate_function_name": host.gate_function_name},
    )


def needed_memory_mb(settings: TopologySettings, server_mb: int) -> int:
    """Return the memory that an instance must have for a server with this limit."""
    return needed_mb([server_mb, settings.proxy.memory_mb])


def _host_inputs(  # noqa: PLR0913, PLR0917 - as above
    settings: TopologySettings,
    placement: NetworkPlacement,
    server: ContainerSpec,
    proxy: ContainerSpec,
    dependencies: ServerDependencies,
    tags: Mapping[str, pulumi.Input[str]],
) -> Any:  # noqa: ANN401 - the inputs that both kinds of host share
    image = {"image_id": settings.host_image_id} if settings.host_image_id else {}
    return {
        **image,
        "secrets": dependencies.secrets,
        "database_security_group_id": dependencies.database_security_group_id,
        "egress": ways_out(settings.egress_ports),
        "kms_key_arn": dependencies.log_key_arn,
        "vpc_id": placement.vpc_id,
        "containers": [server, proxy],
        "instance_type": settings.instance_type,
        "log_retention_days": settings.log_retention_days,
        "deletion_protection": settings.deletion_protection,
        "tags": tags,
    }
