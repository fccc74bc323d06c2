"""The network of a deployment: a new VPC, or an existing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from .network import AwsNetwork, nat_gateway_zones
from .subnets import plan


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Settings of the network: the zones of a new VPC, or the ids of an existing one. Retention in days."""

    availability_zones: list[str]
    vpc_cidr: str
    nat_gateways: str
    vpc_id: str | None
    public_subnet_ids: list[str]
    private_subnet_ids: list[str]
    isolated_subnet_ids: list[str]
    log_retention_days: int


@dataclass(frozen=True)
class NetworkPlacement:
    """A network's parts."""

    vpc_id: pulumi.Input[str]
    public_subnet_ids: pulumi.Input[list[str]]
    private_subnet_ids: pulumi.Input[list[str]]
    isolated_subnet_ids: pulumi.Input[list[str]]
    public_cidrs: Sequence[str]
    """CIDR blocks of the public subnets, as plain values: a configuration file contains them at preview."""
    first_public_zone: str
    """Zone of the first public subnet."""
    made: Sequence[pulumi.Resource] = ()
    """Resources that hosts must depend on: without the routes of a new network, a host has no internet access."""
    nat_gateway_ids: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """NAT gateways of a new network, by zone."""


def lay_network(
    name: str,
    settings: NetworkSettings,
    *,
    log_key_arn: pulumi.Input[str],
    tags: dict[str, str],
    opts: pulumi.ResourceOptions,
) -> NetworkPlacement:
    """Create a network, or look up the existing one; ``opts`` must name the parent."""
    if settings.vpc_id is not None:
        invoke = pulumi.InvokeOptions(parent=opts.parent)
        public = [aws.ec2.get_subnet(id=subnet, opts=invoke) for subnet in settings.public_subnet_ids]
        return NetworkPlacement(
            vpc_id=settings.vpc_id,
            public_subnet_ids=settings.public_subnet_ids,
            private_subnet_ids=settings.private_subnet_ids,
            isolated_subnet_ids=settings.isolated_subnet_ids,
            public_cidrs=[subnet.cidr_block for subnet in public],
            first_public_zone=public[0].availability_zone,
        )
    network = AwsNetwork(
        f"{name}-network",
        {
            "zones": settings.availability_zones,
            "cidr": settings.vpc_cidr,
            "nat_gateways": settings.nat_gateways,
            "flow_log_retention_days": settings.log_retention_days,
            "kms_key_arn": log_key_arn,
            "tags": tags,
        },
        opts,
    )
    return NetworkPlacement(
        vpc_id=network.vpc_id,
        public_subnet_ids=network.public_subnet_ids,
        private_subnet_ids=network.private_subnet_ids,
        isolated_subnet_ids=network.isolated_subnet_ids,
        public_cidrs=plan(settings.vpc_cidr, len(settings.availability_zones)).public,
        first_public_zone=settings.availability_zones[0],
        made=[network],
        nat_gateway_ids={
            zone: network.nat_gateway_ids.apply(lambda ids, index=index: ids[index])
            for index, zone in enumerate(nat_gateway_zones(settings.availability_zones, settings.nat_gateways))
        },
    )


def after(opts: pulumi.ResourceOptions, *others: pulumi.Resource) -> pulumi.ResourceOptions:
    """Return options that wait for these, too."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=others))
