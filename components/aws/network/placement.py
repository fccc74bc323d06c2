"""The network of a deployment: a new VPC, or an existing one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import pulumi
import pulumi_aws as aws

from ...inputs.declaration import Problem, together
from ...inputs.error import refused
from ...inputs.problems import is_later
from ..provider.lookups import Lookups
from .network import AwsNetwork, nat_gateway_zones
from .subnets import plan

NETWORK = ("vpc_id", "public_subnet_ids", "private_subnet_ids", "isolated_subnet_ids")
"""Settings that give an existing network, which are given together."""
ISOLATED = NETWORK[-1]


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Settings of the network: the zones of a new VPC, or the ids of an existing one. Retention in days."""

    availability_zones: list[str]
    vpc_cidr: str
    nat_gateways: str
    vpc_id: pulumi.Input[str] | None
    public_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    private_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    isolated_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    public_subnet_cidrs: list[str]
    log_retention_days: int

    @together
    def check_network(self) -> Iterator[Problem]:
        """Check that there is one network: one of its own, or one that was brought as a whole."""
        given = [name for name in NETWORK if getattr(self, name)]
        if given and len(given) < len(NETWORK):
            missing = next(name for name in NETWORK if name not in given)
            yield Problem(
                missing,
                "",
                f"is required because {{{given[0]}}} is set: give the VPC and its three lists of subnets together",
            )
        elif given and self.availability_zones:
            rule = "must be empty with {vpc_id}: the existing subnets decide the zones"
            yield Problem("availability_zones", ",".join(self.availability_zones), rule)
        elif not given and not self.availability_zones:
            rule = "is required unless {vpc_id} is set: give two or three zones, such as eu-central-1a,eu-central-1b"
            yield Problem("availability_zones", "", rule)


@dataclass(frozen=True)
class NetworkPlacement:
    """A network's parts."""

    vpc_id: pulumi.Input[str]
    public_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    private_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    isolated_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    public_cidrs: Sequence[str]
    """CIDR blocks of the public subnets, as plain values: a configuration file contains them at preview."""
    first_public_zone: pulumi.Input[str]
    """Zone of the first public subnet."""
    made: Sequence[pulumi.Resource] = ()
    """Resources that hosts must depend on: without the routes of a new network, a host has no internet access."""
    nat_gateway_ids: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """NAT gateways of a new network, by zone."""


def make_network(
    name: str,
    settings: NetworkSettings,
    *,
    log_key_arn: pulumi.Input[str],
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> NetworkPlacement:
    """Create a network, or look up the existing one; ``opts`` must name the parent."""
    if settings.vpc_id is not None:
        return _existing(f"AwsDeployment {name}", settings, settings.vpc_id, opts)
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


def _existing(
    subject: str, settings: NetworkSettings, vpc_id: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> NetworkPlacement:
    """Return a network that the deployment doesn't make, whose public subnets AWS describes."""
    given, cidrs = settings.public_subnet_ids, settings.public_subnet_cidrs
    lookups = Lookups(opts.parent)
    found = None if is_later(given) else lookups.subnets_now(cast("list[str]", given))
    if found is None:
        subnets = lookups.subnets(given)
        # Without CIDR blocks, no configuration file contains them.
        public = subnets.apply(
            lambda known: _confirmed(subject, known, cidrs) if cidrs else [subnet.id for subnet in known]
        )
        zone: pulumi.Input[str] = subnets.apply(lambda known: known[0].availability_zone)
    else:
        public = given
        if cidrs:
            _confirmed(subject, found, cidrs)
        cidrs, zone = [subnet.cidr_block for subnet in found], found[0].availability_zone
    return NetworkPlacement(
        vpc_id=vpc_id,
        public_subnet_ids=public,
        private_subnet_ids=settings.private_subnet_ids,
        isolated_subnet_ids=settings.isolated_subnet_ids,
        public_cidrs=cidrs,
        first_public_zone=zone,
    )


def _confirmed(subject: str, subnets: Sequence[aws.ec2.GetSubnetResult], cidrs: Sequence[str]) -> list[str]:
    """Return the ids of these subnets if they have these CIDR blocks."""
    actual = [subnet.cidr_block for subnet in subnets]
    if actual != list(cidrs):
        rule = f"must be the CIDR blocks of public_subnet_ids in the same order: set {','.join(actual)}"
        raise refused(subject, "public_subnet_cidrs", ",".join(cidrs), rule)
    return [subnet.id for subnet in subnets]


def after(opts: pulumi.ResourceOptions, *others: pulumi.Resource) -> pulumi.ResourceOptions:
    """Return options that wait for these, too."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=others))
