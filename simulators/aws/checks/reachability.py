"""A walk from each host and each function to everything that it calls: names, security groups, routes, endpoints.

`NEEDS` says once what each of them calls; a test compares it with the code. What isn't walked: network ACLs, which the
program leaves as AWS makes them, and IPv6, which it doesn't use.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cloud import cloud
from .endpoint_policy import Request, permits
from .network_state import NetworkState, named

WORLD = "0.0.0.0/0"
DATABASE, INTERNET = "the database", "the internet"


@dataclass(frozen=True)
class Need:
    """What is called: a service of AWS by the name in its endpoint, the database, or something on the internet."""

    what: str
    port: int = 443
    actions: tuple[str, ...] = ()
    """What is asked of the service; an endpoint's policy must let it through."""
    resource: str = "*"
    of_another: bool = False
    """Whether the resource is in another account: AWS's own."""


_HOST = (
    Need("ssm", actions=("ssm:GetParameter",)),
    Need("s3", actions=("s3:GetObject",)),
    Need("secretsmanager", actions=("secretsmanager:GetSecretValue",)),
    Need("logs", actions=("logs:CreateLogStream", "logs:PutLogEvents")),
    # Session Manager, by the agent on the image; it reads its documents and messages there.
    Need("ssmmessages"),
    Need("ec2messages"),
    Need(DATABASE, 5432),
    # Image registries; Kotauth's update check, leaked password check, social login, webhooks; on a single host the
    # certificate authority.
    Need(INTERNET),
    Need(INTERNET, 465),
    Need(INTERNET, 587),
    # ECR's registries redirect a pull to this bucket for the layers.
    Need(
        "s3",
        actions=("s3:GetObject",),
        resource="arn:aws:s3:::prod-{region}-starport-layer-bucket/layer",
        of_another=True,
    ),
)
PRIVATE_IMAGES = (
    Need("ecr.api", actions=("ecr:GetAuthorizationToken",)),
    Need("ecr.dkr", actions=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")),
)
"""For hosts with an image in a private registry of ECR, of the host's own region."""
NEEDS: dict[str, tuple[Need, ...]] = {
    "host": _HOST,
    "host of a group": (*_HOST, Need("autoscaling", actions=("autoscaling:SetInstanceHealth",))),
    # Lambda itself writes its log and sends its traces.
    "database_role": (Need("secretsmanager", actions=("secretsmanager:GetSecretValue",)), Need(DATABASE, 5432)),
}
"""Hosts by how they are launched, functions in a VPC by their folder; one outside reaches whatever is public."""


@dataclass(frozen=True)
class Client:
    """Something that calls others."""

    name: str
    needs: Sequence[Need]
    subnet: Mapping[str, Any]
    group_ids: Sequence[str]
    is_public: bool
    """Whether it has a public address."""


def unreachable(state: NetworkState, region: str = cloud.REGION) -> list[str]:
    """Return what doesn't reach what it needs, and why."""
    return [
        f"{client.name} in {client.subnet['AvailabilityZone']} does not reach {need.what} on {need.port}: {why}"
        for client in _clients(state)
        for need in client.needs
        for why in _Walk(state, client, region).to(need)
    ]


def _clients(state: NetworkState) -> Iterator[Client]:
    fixed = {address.get("InstanceId") for address in state.addresses}
    for host in state.instances:
        (subnet,) = named("SubnetId", [host["SubnetId"]], state.subnets)
        group_ids = [group["GroupId"] for group in host["SecurityGroups"]]
        is_public = host["InstanceId"] in fixed or subnet["MapPublicIpOnLaunch"]
        yield Client("the host", _needs("host", host["UserData"]), subnet, group_ids, is_public)
    for group in state.groups:
        for subnet in named("SubnetId", group["VPCZoneIdentifier"].split(","), state.subnets):
            group_ids = group["Template"]["SecurityGroupIds"]
            needs = _needs("host of a group", group["Template"]["UserData"])
            yield Client("the group", needs, subnet, group_ids, subnet["MapPublicIpOnLaunch"])
    for function in state.functions:
        network = function.get("VpcConfig") or {}
        folder = function["Handler"].split(".")[-3] if network.get("SubnetIds") else ""
        for subnet in named("SubnetId", network.get("SubnetIds", []), state.subnets):
            yield Client(f"function {folder}", NEEDS[folder], subnet, network["SecurityGroupIds"], is_public=False)


def _needs(launched: str, user_data: str) -> tuple[Need, ...]:
    has_logins = b'"logins": {}' not in base64.b64decode(user_data)
    return (*NEEDS[launched], *(PRIVATE_IMAGES if has_logins else ()))


@dataclass(frozen=True)
class _Walk:
    state: NetworkState
    client: Client
    region: str

    def to(self, need: Need) -> Iterator[str]:
        """Yield what stands in the way."""
        vpc_id = self.client.subnet["VpcId"]
        (vpc,) = named("VpcId", [vpc_id], self.state.vpcs)
        if not vpc["EnableDnsSupport"]:
            yield "the VPC has no DNS"
            return
        if need.what == DATABASE:
            yield from self._to_database(need)
            return
        service = f"com.amazonaws.{self.region}.{need.what}"
        endpoints = [
            endpoint
            for endpoint in self.state.endpoints
            if endpoint["VpcId"] == vpc_id and endpoint["ServiceName"] == service
        ]
        table = self.state.route_table(self.client.subnet)
        private = [
            endpoint
            for endpoint in endpoints
            if endpoint["VpcEndpointType"] == "Interface" and endpoint["PrivateDnsEnabled"]
        ]
        gateways = [endpoint for endpoint in endpoints if table["RouteTableId"] in endpoint.get("RouteTableIds", ())]
        if private:
            # The name leads to it from everywhere in the VPC, and never past it.
            if not vpc["EnableDnsHostnames"]:
                yield f"{private[0]['VpcEndpointId']} has a private name, and the VPC has no host names"
            yield from self._through(private[0], need)
        elif gateways:
            yield from self._permitted(gateways[0], need)
            if not self._leaves(need.port, WORLD):
                yield f"no security group lets it out to {WORLD}"
        else:
            yield from self._out(need)

    def _through(self, endpoint: Mapping[str, Any], need: Need) -> Iterator[str]:
        yield from self._permitted(endpoint, need)
        group_ids = [group["GroupId"] for group in endpoint["Groups"]]
        # The name has an address in each of its subnets.
        for subnet in named("SubnetId", endpoint["SubnetIds"], self.state.subnets):
            yield from self._to_peer(endpoint["VpcEndpointId"], group_ids, subnet, need.port)

    def _to_database(self, need: Need) -> Iterator[str]:
        # An account may hold several stacks: the client's own database is the one in its VPC.
        vpc_id = self.client.subnet["VpcId"]
        own = [database for database in self.state.databases if database["DBSubnetGroup"]["VpcId"] == vpc_id]
        for database in own or self.state.databases:
            name, group = database["DBInstanceIdentifier"], database["DBSubnetGroup"]
            group_ids = [group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]]
            if not own:
                yield f"{name} is in another VPC"
            for subnet in named(
                "SubnetId", [subnet["SubnetIdentifier"] for subnet in group["Subnets"]], self.state.subnets
            ):
                yield from self._to_peer(name, group_ids, subnet, need.port)

    def _to_peer(self, name: str, group_ids: Sequence[str], subnet: Mapping[str, Any], port: int) -> Iterator[str]:
        """Go to something in the VPC, where the routes are AWS's own; both sides' security groups must agree."""
        if not self._leaves(port, subnet["CidrBlock"], group_ids):
            yield f"no security group lets it out to {name} in {subnet['CidrBlock']}"
        if not self._allows("IpPermissions", group_ids, port, self.client.subnet["CidrBlock"], self.client.group_ids):
            yield f"no security group of {name} lets {self.client.subnet['CidrBlock']} in"

    def _permitted(self, endpoint: Mapping[str, Any], need: Need) -> Iterator[str]:
        owner = "another" if need.of_another else cloud.ACCOUNT
        context = {"aws:PrincipalAccount": cloud.ACCOUNT, "aws:ResourceAccount": owner}
        for action in need.actions:
            request = Request(action, need.resource.format(region=self.region), context)
            if not permits(endpoint.get("PolicyDocument"), request):
                yield f"the policy of {endpoint['VpcEndpointId']} does not let {action} of {request.resource} through"

    def _out(self, need: Need) -> Iterator[str]:
        if not self._leaves(need.port, WORLD):
            yield f"no security group lets it out to {WORLD}"
        subnet = self.client.subnet
        if self._is_before_internet(subnet):
            if not self.client.is_public:
                yield "its way out is an internet gateway, and it has no public address"
            return
        gateway = self._way_out(subnet).get("NatGatewayId")
        nat_gateways = named("NatGatewayId", [gateway or ""], self.state.nat_gateways)
        if not nat_gateways or nat_gateways[0]["State"] != "available":
            yield f"{self.state.route_table(subnet)['RouteTableId']} has no route out"
        elif not self._is_before_internet(*named("SubnetId", [nat_gateways[0]["SubnetId"]], self.state.subnets)):
            yield f"{gateway} has no route to an internet gateway"

    def _way_out(self, subnet: Mapping[str, Any]) -> Mapping[str, Any]:
        routes = self.state.route_table(subnet)["Routes"]
        return next((route for route in routes if route.get("DestinationCidrBlock") == WORLD), {})

    def _is_before_internet(self, subnet: Mapping[str, Any]) -> bool:
        gateways = named(
            "InternetGatewayId", [self._way_out(subnet).get("GatewayId", "")], self.state.internet_gateways
        )
        return any(
            attachment["VpcId"] == subnet["VpcId"] for gateway in gateways for attachment in gateway["Attachments"]
        )

    def _leaves(self, port: int, cidr: str, group_ids: Sequence[str] = ()) -> bool:
        return self._allows("IpPermissionsEgress", self.client.group_ids, port, cidr, group_ids)

    def _allows(
        self, direction: str, group_ids: Iterable[str], port: int, cidr: str, peer_group_ids: Sequence[str]
    ) -> bool:
        """Whether one of the groups has a rule for the port and all of the range, or one of the peer's groups."""
        network = ipaddress.IPv4Network(cidr)
        rules = [rule for group in named("GroupId", group_ids, self.state.security_groups) for rule in group[direction]]
        return any(
            any(network.subnet_of(ipaddress.IPv4Network(addresses["CidrIp"])) for addresses in rule["IpRanges"])
            or any(peer["GroupId"] in peer_group_ids for peer in rule["UserIdGroupPairs"])
            for rule in rules
            if rule["IpProtocol"] == "-1"
            or (rule["IpProtocol"] == "tcp" and rule["FromPort"] <= port <= rule["ToPort"])
        )
