"""VPCs: flow logs, default security groups, public addresses and database subnets."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.value import Value, is_given
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import (
    DEFAULT_ROUTE_TABLE,
    DEFAULT_SECURITY_GROUP,
    DEFAULT_SUBNET,
    DEFAULT_VPC,
    EIP,
    EIP_ASSOCIATION,
    EXCLUSIVE_GROUP_RULES,
    FLOW_LOG,
    HOSTS,
    INTERNET_GATEWAY,
    LOAD_BALANCERS,
    MAIN_ROUTE_TABLE_ASSOCIATION,
    NAT_GATEWAY,
    ROUTE,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
    SUBNET,
    SUBNET_GROUP,
    TRANSFER_SERVER,
    VPC,
    VPCS,
    is_made_here,
    sources,
)

AREA = Area("vpc")
# A host can take an address by itself when it boots, whose id it then has in its user data.
_TAKE_ADDRESSES = (EIP_ASSOCIATION, NAT_GATEWAY, TRANSFER_SERVER, *LOAD_BALANCERS, *HOSTS)


@AREA.rule(
    "record-vpc-traffic",
    Severity.HIGH,
    "Record all traffic of every VPC in a flow log.",
    remedy='Add an `aws.ec2.FlowLog` with the `vpc_id` and `traffic_type="ALL"`.',
    types=(VPC,),
    references=References(hub=("EC2.6",), checkov=("CKV2_AWS_11",), checklist=(12,)),
)
def record_vpc_traffic(vpc: Resource, _: Settings) -> Iterator[Verdict]:
    """Without a flow log, no record shows which data left the network, and where to."""
    stack = vpc.in_stack()
    logs = [log for log, name in stack.consumers(vpc, FLOW_LOG) if name == "vpcId"]
    subnets = [subnet for subnet, name in stack.consumers(vpc, SUBNET) if name == "vpcId"]
    if any(map(_is_of_all, logs)):
        return
    if subnets and all(any(_is_of_all(log) for log, _ in stack.consumers(each, FLOW_LOG)) for each in subnets):
        return
    if logs:
        yield fail("", "has a flow log that records only a part of its traffic")
    else:
        yield fail("", "has no flow log")


def _is_of_all(log: Resource) -> bool:
    return (log.get("trafficType").text() or "").upper() == "ALL"


@AREA.rule(
    "close-default-group",
    Severity.HIGH,
    "Remove all rules from the default security group of every VPC.",
    remedy="Add an `aws.ec2.DefaultSecurityGroup` with the `vpc_id` and without `ingress` and `egress`.",
    types=(VPC, DEFAULT_SECURITY_GROUP),
    references=References(hub=("EC2.2",), checkov=("CKV2_AWS_12",)),
)
def close_default_group(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """A resource that names no security group gets the default group.

    AWS lets the members of the default group reach each other and every address.
    """
    if resource.type == VPC:
        stack = resource.in_stack()
        exclusive = [each for each, _ in stack.consumers(resource, EXCLUSIVE_GROUP_RULES)]
        if not stack.consumers(resource, DEFAULT_SECURITY_GROUP) and not any(map(_removes_all, exclusive)):
            yield fail("", "keeps the default rules of its default security group")
        return
    for name in ("ingress", "egress"):
        if resource.get(name).items():
            yield fail(name, "is not empty")


def _removes_all(rules: Resource) -> bool:
    return not rules.get("ingressRuleIds").items() and not rules.get("egressRuleIds").items()


@AREA.rule(
    "give-no-public-addresses",
    Severity.MEDIUM,
    "Do not assign public IP addresses by default in a subnet.",
    remedy="Set `map_public_ip_on_launch=False`. For a resource that needs a public address, add an `aws.ec2.Eip`.",
    types=(SUBNET,),
    references=References(hub=("EC2.15",), checkov=("CKV_AWS_130",)),
)
def give_no_public_addresses(subnet: Resource, _: Settings) -> Iterator[Verdict]:
    """With this setting, a resource has a public address only if the program asks for one."""
    if subnet.get("mapPublicIpOnLaunch").flag():
        yield fail("mapPublicIpOnLaunch", "is true")


@AREA.rule(
    "isolate-database-subnets",
    Severity.CRITICAL,
    "Place databases in subnets without a route to an internet gateway.",
    remedy="Associate every subnet in `subnet_ids` with an `aws.ec2.RouteTable` that has no route to an internet "
    "gateway.",
    types=(SUBNET_GROUP,),
    references=References(hub=("RDS.46",), checklist=(2,)),
)
def isolate_database_subnets(group: Resource, _: Settings) -> Iterator[Verdict]:
    """In a subnet with such a route, one wrong setting exposes a private database to the internet.

    Subnets that another stack makes are evaluated in that stack.
    """
    for subnet in sources(group, "subnetIds", DEFAULT_SUBNET):
        yield fail("subnetIds", f"holds {subnet.name}, a default subnet, which AWS makes with a route to the internet")
    for subnet in sources(group, "subnetIds", SUBNET):
        for table in _route_tables(subnet):
            if _reaches_internet(table):
                yield fail("subnetIds", f"holds {subnet.name}, whose routes lead to an internet gateway")


def _route_tables(subnet: Resource) -> list[Resource]:
    stack = subnet.in_stack()
    associations = [each for each, name in stack.consumers(subnet, ROUTE_TABLE_ASSOCIATION) if name == "subnetId"]
    if associations:
        return _tables_of(associations)
    # Then it has the main table of its VPC, whose routes name the VPC itself.
    vpcs = sources(subnet, "vpcId", *VPCS)
    defaults = [each for vpc in vpcs for each, _ in stack.consumers(vpc, DEFAULT_ROUTE_TABLE)]
    mains = [each for vpc in vpcs for each, _ in stack.consumers(vpc, MAIN_ROUTE_TABLE_ASSOCIATION)]
    return [*vpcs, *defaults, *_tables_of(mains)]


def _tables_of(associations: list[Resource]) -> list[Resource]:
    return [
        table
        for association in associations
        for table in sources(association, "routeTableId", ROUTE_TABLE, DEFAULT_ROUTE_TABLE)
    ]


def _reaches_internet(table: Resource) -> bool:
    if table.type == DEFAULT_VPC and not table.in_stack().consumers(table, DEFAULT_ROUTE_TABLE):
        return True
    routes = [route for route, name in table.in_stack().consumers(table, ROUTE) if name == "routeTableId"]
    if any(
        is_made_here(route, "gatewayId", INTERNET_GATEWAY) or _is_gateway(route.get("gatewayId")) for route in routes
    ):
        return True
    inline = table.get("routes").items()
    return is_made_here(table, "routes", INTERNET_GATEWAY) or any(
        _is_gateway(each.field("gatewayId")) for each in inline
    )


def _is_gateway(value: Value) -> bool:
    return value.known_text().startswith("igw-")


@AREA.rule(
    "attach-addresses",
    Severity.LOW,
    "Attach every Elastic IP address to a resource.",
    level=Level.ADVISORY,
    remedy="Add an `aws.ec2.EipAssociation`, set `instance`, or remove the `aws.ec2.Eip`.",
    types=(EIP,),
    references=References(hub=("EC2.12",), checkov=("CKV2_AWS_19",)),
)
def attach_addresses(address: Resource, _: Settings) -> Iterator[Verdict]:
    """An unattached address costs money, and a DNS record may still point to it."""
    itself = any(is_given(address.get(name)) for name in ("instance", "networkInterface"))
    if not itself and not address.in_stack().consumers(address, *_TAKE_ADDRESSES):
        yield fail("", "is attached to no resource of this stack")
