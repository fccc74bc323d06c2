"""A VPC of three tiers over two or three zones: public, private, isolated.

The isolated tier has no route out at all, so a database there can't reach the internet nor be reached, whatever its
security group says. Traffic to S3 never passes a NAT gateway, and reaches only buckets of this account and the image
layers of ECR.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.aws_ids import parse_arn, plain
from ...inputs.choice import one_of
from ...inputs.declaration import optional, own_name, value
from ...inputs.parsing import parse_args
from ...inputs.resource_name import parse_resource_name
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ..observability.logs import RETENTION_DAYS, parse_retention
from ..security.security_groups import WORLD
from .endpoints import s3_endpoint, secrets_endpoint
from .flow_log import flow_log
from .subnets import parse_vpc_cidr, parse_zones, plan

CIDR = "10.64.0.0/16"
"""Default: the largest VPC, in a part of the private ranges that home routers, Docker and default VPCs leave alone."""
NAT_GATEWAYS = "per-zone"
"""Default: a zone that fails takes no other along."""
_GATEWAYS = {"per-zone": 3, "one": 1, "none": 0}
"""Maximum number of NAT gateways, one in a zone, by the value of `nat_gateways`."""

parse_nat_gateways = one_of(*_GATEWAYS)


def nat_gateway_zones(zones: list[str], nat_gateways: str) -> list[str]:
    """Return the zones that have a NAT gateway."""
    return zones[: _GATEWAYS[nat_gateways]]


@dataclass(frozen=True, kw_only=True)
class _NetworkInputs:
    name: str = own_name(parse_resource_name)
    zones: list[str] = value(parse_zones)
    cidr: str = value(parse_vpc_cidr, default=CIDR)
    nat_gateways: str = value(parse_nat_gateways, default=NAT_GATEWAYS)
    flow_log_retention_days: int = value(parse_retention, default=RETENTION_DAYS)
    kms_key_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    tags: Mapping[str, pulumi.Input[str]] = value(default={})


class AwsNetworkArgs(TypedDict):
    """Inputs of `AwsNetwork`."""

    zones: list[str]
    """Names of two or three availability zones of the region. A third zone can be added later without moving a
    subnet."""
    cidr: NotRequired[str]
    """Private IPv4 range, /16 to /22. Default 10.64.0.0/16. A change replaces the network."""
    nat_gateways: NotRequired[str]
    """NAT gateways: `per-zone` (default), `one` (cheaper; if its zone fails, no zone has internet access) or `none`."""
    flow_log_retention_days: NotRequired[int]
    """Days that the flow log is kept. Default 365."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of the flow log. Its policy must allow CloudWatch Logs to use it. By default the component creates
    one."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsNetwork(pulumi.ComponentResource):
    """A VPC with its subnets and routes. A resource that needs the routes must depend on the whole component."""

    vpc_id: pulumi.Output[str]
    """Id of the VPC."""
    public_subnet_ids: pulumi.Output[list[str]]
    """Subnets with a route to the internet gateway, for load balancers, one for each zone."""
    private_subnet_ids: pulumi.Output[list[str]]
    """Subnets with a route to a NAT gateway, for servers, one for each zone."""
    isolated_subnet_ids: pulumi.Output[list[str]]
    """Subnets without a route to the internet, for databases, one for each zone."""
    public_cidrs: pulumi.Output[list[str]]
    """Ranges of the public subnets, known at preview."""
    private_cidrs: pulumi.Output[list[str]]
    """Ranges of the private subnets, known at preview."""
    nat_gateway_ids: pulumi.Output[list[str]]
    """NAT gateways, in the order of the zones."""

    def __init__(self, name: str, args: AwsNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the network."""
        inputs = parse_args(_NetworkInputs, AwsNetworkArgs, name, args)
        zones, cidr, nat_gateways = inputs.zones, inputs.cidr, inputs.nat_gateways
        super().__init__(token("AwsNetwork"), name, {"zones": zones, "cidr": cidr, "nat_gateways": nat_gateways}, opts)
        self._prefix, self._tags = name, inputs.tags
        self._child = pulumi.ResourceOptions(parent=self)
        ranges = plan(cidr, len(zones))

        vpc = aws.ec2.Vpc(
            name,
            cidr_block=cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._named(name),
            opts=self._child,
        )
        self._vpc_id = vpc.id
        # Without rules in the program, the provider takes out those that AWS made.
        closed = f"{name}-closed"
        aws.ec2.DefaultSecurityGroup(closed, vpc_id=vpc.id, tags=self._named(closed), opts=self._child)
        flow_log(
            f"{name}-flow-log",
            vpc_id=vpc.id,
            retention_days=inputs.flow_log_retention_days,
            key_arn=inputs.kms_key_arn,
            tags=self._tags,
            opts=self._child,
        )
        public = self._subnets("public", zones, ranges.public)
        private = self._subnets("private", zones, ranges.private)
        isolated = self._subnets("isolated", zones, ranges.isolated)
        internet = aws.ec2.InternetGateway(f"{name}-internet", vpc_id=vpc.id, tags=self._named(name), opts=self._child)
        self._route_table("public", public, gateway_id=internet.id)
        self._route_table("isolated", isolated)
        gateways = [self._nat_gateway(zone, public[zone], internet) for zone in nat_gateway_zones(zones, nat_gateways)]
        private_tables = [
            self._route_table(
                f"private-{zone}",
                {zone: private[zone]},
                # With one gateway for all zones, the remainder is always 0.
                **({"nat_gateway_id": gateways[index % len(gateways)].id} if gateways else {}),
            )
            for index, zone in enumerate(zones)
        ]
        s3_endpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            route_table_ids=[table.id for table in private_tables],
            tags=self._tags,
            opts=self._child,
        )
        if not gateways:
            secrets_endpoint(
                f"{name}-secrets",
                vpc_id=vpc.id,
                # One zone costs half of two, and all of the VPC reaches it.
                subnet_id=private[zones[0]].id,
                vpc_cidr=cidr,
                tags=self._tags,
                opts=self._child,
            )

        self.vpc_id = vpc.id
        self.public_subnet_ids = _ids(public)
        self.private_subnet_ids = _ids(private)
        self.isolated_subnet_ids = _ids(isolated)
        self.public_cidrs = pulumi.Output.from_input(ranges.public)
        self.private_cidrs = pulumi.Output.from_input(ranges.private)
        self.nat_gateway_ids = pulumi.Output.all(*(gateway.id for gateway in gateways))
        self.register_outputs(declared_outputs(self, AwsNetwork))

    def _named(self, name: str) -> Mapping[str, pulumi.Input[str]]:
        return {**self._tags, "Name": name}

    def _subnets(self, tier: str, zones: list[str], cidrs: list[str]) -> "dict[str, aws.ec2.Subnet]":
        return {
            zone: aws.ec2.Subnet(
                f"{self._prefix}-{tier}-{zone}",
                vpc_id=self._vpc_id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags={**self._named(f"{self._prefix}-{tier}-{zone}"), "Tier": tier},
                opts=self._child,
            )
            for zone, cidr in zip(zones, cidrs, strict=True)
        }

    def _nat_gateway(
        self, zone: str, subnet: "aws.ec2.Subnet", internet: "aws.ec2.InternetGateway"
    ) -> "aws.ec2.NatGateway":
        name = f"{self._prefix}-nat-{zone}"
        after_internet = pulumi.ResourceOptions(parent=self, depends_on=[internet])
        address = aws.ec2.Eip(f"{name}-address", domain="vpc", tags=self._named(name), opts=after_internet)
        return aws.ec2.NatGateway(
            name, allocation_id=address.id, subnet_id=subnet.id, tags=self._named(name), opts=after_internet
        )

    def _route_table(
        self, suffix: str, subnets: "dict[str, aws.ec2.Subnet]", **way_out: pulumi.Input[str]
    ) -> "aws.ec2.RouteTable":
        """Make the route table of these subnets; without ``way_out`` it reaches the VPC only."""
        name = f"{self._prefix}-{suffix}-routes"
        table = aws.ec2.RouteTable(name, vpc_id=self._vpc_id, tags=self._named(name), opts=self._child)
        if way_out:
            aws.ec2.Route(
                f"{self._prefix}-{suffix}-way-out",
                route_table_id=table.id,
                destination_cidr_block=WORLD,
                opts=self._child,
                **way_out,
            )
        for zone, subnet in subnets.items():
            aws.ec2.RouteTableAssociation(
                f"{name}-in-{zone}", route_table_id=table.id, subnet_id=subnet.id, opts=self._child
            )
        return table


def _ids(subnets: "dict[str, aws.ec2.Subnet]") -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*(subnet.id for subnet in subnets.values()))
