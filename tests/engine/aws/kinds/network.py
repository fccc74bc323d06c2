"""VPC: networks, routes, addresses, security groups."""

from __future__ import annotations

from typing import Any

from ..kind import Call, Kind, Step


def _of(operation: str, argument: str, path: str) -> tuple[str, Any, str]:
    return operation, lambda id: {argument: [id]}, f"{path}[0]"


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


def _arn(noun: str) -> Any:
    return lambda call, found: {"arn": call.arn(f"{noun}/{call.id}", "ec2")}


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


def _read_association(call: Call) -> dict[str, Any] | None:
    by_id = [{"Name": "association.route-table-association-id", "Values": [call.id]}]
    tables = call.client.describe_route_tables(Filters=by_id)["RouteTables"]
    return next(
        (each for table in tables for each in table["Associations"] if each["RouteTableAssociationId"] == call.id), None
    )


def _change_association(call: Call) -> None:
    answer = call.client.replace_route_table_association(
        AssociationId=call.id, RouteTableId=call.inputs["routeTableId"]
    )
    call.id = answer["NewAssociationId"]


def _security_group(call: Call) -> str:
    arguments = call.get("vpcId", "name", "description")
    tags = call.inputs.get("tags", {})
    specification = [{"ResourceType": "security-group", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
    made = call.client.create_security_group(
        **call.members("create_security_group", arguments), **({"TagSpecifications": specification} if tags else {})
    )
    # The real provider takes away AWS's rule that lets everything out; a group starts with no rule at all.
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    call.client.revoke_security_group_egress(GroupId=made["GroupId"], IpPermissions=everything)
    return made["GroupId"]


def _empty_default_group(call: Call) -> str:
    filters = [{"Name": "vpc-id", "Values": [call.inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    group = call.client.describe_security_groups(Filters=filters)["SecurityGroups"][0]
    if group["IpPermissions"]:
        call.client.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        call.client.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    if tags := call.inputs.get("tags"):
        pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
        call.client.create_tags(Resources=[group["GroupId"]], Tags=pairs)
    return group["GroupId"]


def _rule(direction: str) -> Kind:
    noun = f"SecurityGroup{direction.capitalize()}Rule"

    def permission(call: Call) -> dict[str, Any]:
        given, about = call.inputs, {"Description": call.inputs["description"]} if "description" in call.inputs else {}
        found: dict[str, Any] = {"IpProtocol": given["ipProtocol"]}
        found |= {
            member: given[name] for name, member in (("fromPort", "FromPort"), ("toPort", "ToPort")) if name in given
        }
        if "cidrIpv4" in given:
            found["IpRanges"] = [{"CidrIp": given["cidrIpv4"], **about}]
        if "cidrIpv6" in given:
            found["Ipv6Ranges"] = [{"CidrIpv6": given["cidrIpv6"], **about}]
        if "referencedSecurityGroupId" in given:
            found["UserIdGroupPairs"] = [{"GroupId": given["referencedSecurityGroupId"], **about}]
        if "prefixListId" in given:
            found["PrefixListIds"] = [{"PrefixListId": given["prefixListId"], **about}]
        return found

    def create(call: Call) -> str:
        add = getattr(call.client, f"authorize_security_group_{direction}")
        tags = [{"Key": name, "Value": value} for name, value in call.inputs.get("tags", {}).items()]
        more = {"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": tags}]} if tags else {}
        answer = add(GroupId=call.inputs["securityGroupId"], IpPermissions=[permission(call)], **more)
        return answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def update(call: Call) -> None:
        given = call.inputs
        names = ("ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "referencedSecurityGroupId", "description")
        members = {name[0].upper() + name[1:]: given[name] for name in names if name in given}
        members |= (
            {"ReferencedGroupId": members.pop("ReferencedSecurityGroupId")}
            if "referencedSecurityGroupId" in given
            else {}
        )
        rule = {"SecurityGroupRuleId": call.id, "SecurityGroupRule": members}
        call.client.modify_security_group_rules(GroupId=given["securityGroupId"], SecurityGroupRules=[rule])

    def delete(call: Call) -> None:
        drop = getattr(call.client, f"revoke_security_group_{direction}")
        drop(GroupId=call.inputs["securityGroupId"], SecurityGroupRuleIds=[call.id])

    return Kind(
        f"aws:vpc/{noun[0].lower()}{noun[1:]}:{noun}",
        "ec2",
        create,
        read=_of("describe_security_group_rules", "SecurityGroupRuleIds", "SecurityGroupRules"),
        update=update,
        delete=delete,
        outputs=lambda call, found: {
            "arn": call.arn(f"security-group-rule/{call.id}", "ec2"),
            "securityGroupRuleId": call.id,
        },
    )


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
    tags = given.pop("tags", {})
    members = call.members("create_flow_logs", {**given, "resourceIds": [target], "resourceType": kind})
    if destination := members.get("LogDestination"):
        members["LogDestination"] = destination.removesuffix(":*")
    if tags:
        pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
        members["TagSpecifications"] = [{"ResourceType": "vpc-flow-log", "Tags": pairs}]
    answer = call.client.create_flow_logs(**members)
    if answer["Unsuccessful"]:
        raise OSError(answer["Unsuccessful"][0]["Error"]["Message"])
    return answer["FlowLogIds"][0]


KINDS = [
    Kind(
        "aws:ec2/vpc:Vpc",
        "ec2",
        "create_vpc",
        id="Vpc.VpcId",
        read=_of("describe_vpcs", "VpcIds", "Vpcs"),
        delete=("delete_vpc", lambda id: {"VpcId": id}),
        steps=(_vpc_attribute("enableDnsSupport"), _vpc_attribute("enableDnsHostnames")),
        outputs=_vpc_outputs,
    ),
    Kind(
        "aws:ec2/subnet:Subnet",
        "ec2",
        "create_subnet",
        id="Subnet.SubnetId",
        read=_of("describe_subnets", "SubnetIds", "Subnets"),
        delete=("delete_subnet", lambda id: {"SubnetId": id}),
        steps=(_subnet_attribute("mapPublicIpOnLaunch"), _subnet_attribute("assignIpv6AddressOnCreation")),
        outputs=_arn("subnet"),
    ),
    Kind(
        "aws:ec2/internetGateway:InternetGateway",
        "ec2",
        "create_internet_gateway",
        id="InternetGateway.InternetGatewayId",
        read=_of("describe_internet_gateways", "InternetGatewayIds", "InternetGateways"),
        delete=_delete_gateway,
        steps=(Step("vpcId", _attach_gateway),),
        outputs=_arn("internet-gateway"),
    ),
    Kind(
        "aws:ec2/eip:Eip",
        "ec2",
        "allocate_address",
        id="AllocationId",
        read=_of("describe_addresses", "AllocationIds", "Addresses"),
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
        read=_of("describe_route_tables", "RouteTableIds", "RouteTables"),
        delete=("delete_route_table", lambda id: {"RouteTableId": id}),
        outputs=_arn("route-table"),
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
        read=_read_association,
        update=_change_association,
        delete=("disassociate_route_table", lambda id: {"AssociationId": id}),
    ),
    Kind(
        "aws:ec2/securityGroup:SecurityGroup",
        "ec2",
        _security_group,
        read=_of("describe_security_groups", "GroupIds", "SecurityGroups"),
        delete=("delete_security_group", lambda id: {"GroupId": id}),
        names={"name": "GroupName", "revokeRulesOnDelete": None},
        outputs=_arn("security-group"),
    ),
    Kind(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "ec2",
        _empty_default_group,
        read=_of("describe_security_groups", "GroupIds", "SecurityGroups"),
        outputs=lambda call, found: {"arn": call.arn(f"security-group/{call.id}"), "name": "default"},
    ),
    _rule("ingress"),
    _rule("egress"),
    Kind(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "ec2",
        "create_vpc_endpoint",
        id="VpcEndpoint.VpcEndpointId",
        read=_of("describe_vpc_endpoints", "VpcEndpointIds", "VpcEndpoints"),
        update=_change_endpoint,
        delete=("delete_vpc_endpoints", lambda id: {"VpcEndpointIds": [id]}),
        names={"policy": "PolicyDocument"},
        outputs=_endpoint_outputs,
    ),
    Kind(
        "aws:ec2/flowLog:FlowLog",
        "ec2",
        _flow_log,
        read=_of("describe_flow_logs", "FlowLogIds", "FlowLogs"),
        delete=("delete_flow_logs", lambda id: {"FlowLogIds": [id]}),
        names={"iamRoleArn": "DeliverLogsPermissionArn"},
        outputs=_arn("vpc-flow-log"),
    ),
]
