"""VPC: networks, routes, addresses, endpoints."""

from __future__ import annotations

from typing import Any

from ..calls import lingering
from ..calls.kind import Call, Kind, RefusedError, Step, arn_of, by_id
from ..calls.tags import specification


def _vpc_attribute(name: str) -> Step:
    def run(call: Call) -> None:
        member = name[0].upper() + name[1:]
        call.client.modify_vpc_attribute(VpcId=call.id, **{member: {"Value": call.inputs.get(name, True)}})

    return Step(name, run)


def _vpc_outputs(call: Call, found: Any) -> dict[str, Any]:
    vpc = [{"Name": "vpc-id", "Values": [call.id]}]
    main = call.client.describe_route_tables(Filters=[*vpc, {"Name": "association.main", "Values": ["true"]}])
    groups = call.client.describe_security_groups(Filters=[*vpc, {"Name": "group-name", "Values": ["default"]}])
    acls = call.client.describe_network_acls(Filters=[*vpc, {"Name": "default", "Values": ["true"]}])
    table = main["RouteTables"][0]["RouteTableId"]
    return {
        "arn": call.arn(f"vpc/{call.id}"),
        "mainRouteTableId": table,
        "defaultRouteTableId": table,
        "defaultSecurityGroupId": groups["SecurityGroups"][0]["GroupId"],
        "defaultNetworkAclId": acls["NetworkAcls"][0]["NetworkAclId"],
    }


def _subnet_attribute(name: str) -> Step:
    def run(call: Call) -> None:
        member = name[0].upper() + name[1:]
        call.client.modify_subnet_attribute(SubnetId=call.id, **{member: {"Value": call.inputs.get(name, False)}})

    return Step(name, run)


def _delete_subnet(call: Call) -> None:
    lingering.remove(call, "subnet-id")
    call.client.delete_subnet(SubnetId=call.id)


def _attach_gateway(call: Call) -> None:
    if old := call.old.get("vpcId"):
        call.client.detach_internet_gateway(InternetGatewayId=call.id, VpcId=old)
    call.client.attach_internet_gateway(InternetGatewayId=call.id, VpcId=call.inputs["vpcId"])


def _delete_gateway(call: Call) -> None:
    if "vpcId" in call.inputs:
        call.client.detach_internet_gateway(InternetGatewayId=call.id, VpcId=call.inputs["vpcId"])
    call.client.delete_internet_gateway(InternetGatewayId=call.id)


def _eip_outputs(call: Call, found: Any) -> dict[str, Any]:
    dashed = found["PublicIp"].replace(".", "-")
    return {
        "arn": call.arn(f"elastic-ip/{call.id}"),
        "publicDns": f"ec2-{dashed}.{call.region}.compute.amazonaws.com",
        "domain": "vpc",
    }


def _nat_outputs(call: Call, found: Any) -> dict[str, Any]:
    address = found["NatGatewayAddresses"][0]
    return {
        "publicIp": address.get("PublicIp", ""),
        "privateIp": address.get("PrivateIp", ""),
        "networkInterfaceId": address.get("NetworkInterfaceId", ""),
    }


def _route_id(call: Call) -> str:
    destination = call.inputs.get("destinationCidrBlock") or call.inputs.get("destinationPrefixListId")
    call.client.create_route(**call.members("create_route", call.inputs))
    return f"r-{call.inputs['routeTableId']}-{destination}"


def _read_route(call: Call) -> dict[str, Any] | None:
    tables = call.client.describe_route_tables(RouteTableIds=[call.inputs["routeTableId"]])["RouteTables"]
    routes = tables[0]["Routes"] if tables else []
    wanted = call.inputs.get("destinationCidrBlock")
    return next((route for route in routes if route.get("DestinationCidrBlock") == wanted), None)


def _delete_route(call: Call) -> None:
    where = call.get("routeTableId", "destinationCidrBlock", "destinationPrefixListId")
    call.client.delete_route(**call.members("delete_route", where))


def _association(call: Call) -> dict[str, Any] | None:
    """Find it by its subnet: the id changes when another table is associated, and Pulumi keeps the first."""
    subnet = call.inputs["subnetId"]
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    tables = call.client.describe_route_tables(Filters=filters)["RouteTables"]
    return next((each for table in tables for each in table["Associations"] if each.get("SubnetId") == subnet), None)


def _change_association(call: Call) -> None:
    found = _association(call) or {}
    call.client.replace_route_table_association(
        AssociationId=found["RouteTableAssociationId"], RouteTableId=call.inputs["routeTableId"]
    )


def _delete_association(call: Call) -> None:
    if found := _association(call):
        call.client.disassociate_route_table(AssociationId=found["RouteTableAssociationId"])


def _endpoint_outputs(call: Call, found: Any) -> dict[str, Any]:
    return {
        "arn": call.arn(f"vpc-endpoint/{call.id}"),
        "dnsEntries": [
            {"dnsName": e.get("DnsName"), "hostedZoneId": e.get("HostedZoneId")} for e in found.get("DnsEntries", [])
        ],
        "networkInterfaceIds": found.get("NetworkInterfaceIds", []),
        **(
            {"cidrBlocks": ["52.219.170.0/23"], "prefixListId": "pl-6ea54007"}
            if found["VpcEndpointType"] == "Gateway"
            else {}
        ),
    }


def _change_endpoint(call: Call) -> None:
    arguments: dict[str, Any] = {}
    for name, member in (
        ("routeTableIds", "RouteTableIds"),
        ("subnetIds", "SubnetIds"),
        ("securityGroupIds", "SecurityGroupIds"),
    ):
        old, new = set(call.old.get(name, ())), set(call.inputs.get(name, ()))
        arguments |= {f"Add{member}": sorted(new - old)} if new - old else {}
        arguments |= {f"Remove{member}": sorted(old - new)} if old - new else {}
    if call.changed("policy"):
        arguments |= {"PolicyDocument": call.inputs["policy"]} if "policy" in call.inputs else {"ResetPolicy": True}
    call.client.modify_vpc_endpoint(VpcEndpointId=call.id, **arguments)


def _flow_log(call: Call) -> str:
    given = dict(call.inputs)
    target, kind = next(
        (given.pop(name), kind)
        for name, kind in (("vpcId", "VPC"), ("subnetId", "Subnet"), ("eniId", "NetworkInterface"))
        if name in given
    )
    tagging = specification("vpc-flow-log", given.pop("tags", {}))
    members = call.members("create_flow_logs", {**given, "resourceIds": [target], "resourceType": kind})
    answer = call.client.create_flow_logs(**members, **tagging)
    if answer["Unsuccessful"]:
        raise RefusedError(answer["Unsuccessful"][0]["Error"]["Message"])
    return answer["FlowLogIds"][0]


KINDS = [
    Kind(
        "aws:ec2/vpc:Vpc",
        "ec2",
        "create_vpc",
        id="Vpc.VpcId",
        read=by_id("describe_vpcs", "VpcIds", "Vpcs"),
        delete=("delete_vpc", lambda id: {"VpcId": id}),
        steps=(_vpc_attribute("enableDnsSupport"), _vpc_attribute("enableDnsHostnames")),
        outputs=_vpc_outputs,
    ),
    Kind(
        "aws:ec2/subnet:Subnet",
        "ec2",
        "create_subnet",
        id="Subnet.SubnetId",
        read=by_id("describe_subnets", "SubnetIds", "Subnets"),
        delete=_delete_subnet,
        steps=(_subnet_attribute("mapPublicIpOnLaunch"), _subnet_attribute("assignIpv6AddressOnCreation")),
        outputs=arn_of("subnet"),
    ),
    Kind(
        "aws:ec2/internetGateway:InternetGateway",
        "ec2",
        "create_internet_gateway",
        id="InternetGateway.InternetGatewayId",
        read=by_id("describe_internet_gateways", "InternetGatewayIds", "InternetGateways"),
        delete=_delete_gateway,
        steps=(Step("vpcId", _attach_gateway),),
        outputs=arn_of("internet-gateway"),
    ),
    Kind(
        "aws:ec2/eip:Eip",
        "ec2",
        "allocate_address",
        id="AllocationId",
        read=by_id("describe_addresses", "AllocationIds", "Addresses"),
        delete=("release_address", lambda id: {"AllocationId": id}),
        outputs=_eip_outputs,
    ),
    Kind(
        "aws:ec2/natGateway:NatGateway",
        "ec2",
        "create_nat_gateway",
        id="NatGateway.NatGatewayId",
        read=(
            "describe_nat_gateways",
            lambda id: {"NatGatewayIds": [id]},
            "NatGateways[?State!='deleted'] | [0]",
        ),
        delete=("delete_nat_gateway", lambda id: {"NatGatewayId": id}),
        outputs=_nat_outputs,
    ),
    Kind(
        "aws:ec2/routeTable:RouteTable",
        "ec2",
        "create_route_table",
        id="RouteTable.RouteTableId",
        read=by_id("describe_route_tables", "RouteTableIds", "RouteTables"),
        delete=("delete_route_table", lambda id: {"RouteTableId": id}),
        outputs=arn_of("route-table"),
    ),
    Kind(
        "aws:ec2/route:Route",
        "ec2",
        _route_id,
        read=_read_route,
        update=lambda call: call.client.replace_route(**call.members("replace_route", call.inputs)),
        delete=_delete_route,
    ),
    Kind(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "ec2",
        "associate_route_table",
        id="AssociationId",
        read=_association,
        update=_change_association,
        delete=_delete_association,
    ),
    Kind(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "ec2",
        "create_vpc_endpoint",
        id="VpcEndpoint.VpcEndpointId",
        read=by_id("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints"),
        update=_change_endpoint,
        delete=("delete_vpc_endpoints", lambda id: {"VpcEndpointIds": [id]}),
        names={"policy": "PolicyDocument"},
        outputs=_endpoint_outputs,
    ),
    Kind(
        "aws:ec2/flowLog:FlowLog",
        "ec2",
        _flow_log,
        read=by_id("describe_flow_logs", "FlowLogIds", "FlowLogs"),
        delete=("delete_flow_logs", lambda id: {"FlowLogIds": [id]}),
        names={"iamRoleArn": "DeliverLogsPermissionArn"},
        outputs=arn_of("vpc-flow-log"),
    ),
]
