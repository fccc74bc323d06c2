"""The network of the compliant stack on AWS, and its security groups."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from .change import Args, From, Resources


def network() -> Resources:
    """Return the VPC with its subnets, routes and flow log."""
    vpc = {"vpc_id": From("vpc", "id")}
    resources: Resources = {
        "vpc": (aws.ec2.Vpc, {"cidr_block": "10.64.0.0/16"}),
        "flow-log": (
            aws.ec2.FlowLog,
            {**vpc, "traffic_type": "ALL", "log_destination": "arn:aws:logs:eu-central-1:1:log-group:flow"},
        ),
        "closed": (aws.ec2.DefaultSecurityGroup, {**vpc, "ingress": [], "egress": []}),
        "internet": (aws.ec2.InternetGateway, {**vpc}),
        "public-routes": (aws.ec2.RouteTable, {**vpc}),
        "isolated-routes": (aws.ec2.RouteTable, {**vpc}),
        "way-out": (
            aws.ec2.Route,
            {
                "route_table_id": From("public-routes", "id"),
                "destination_cidr_block": "0.0.0.0/0",
                "gateway_id": From("internet", "id"),
            },
        ),
    }
    for number, kind in enumerate(("public", "private", "isolated")):
        for offset, zone in enumerate("ab"):
            resources[f"{kind}-{zone}"] = _subnet(zone, 2 * number + offset)
            if kind != "private":
                places = {"subnet_id": From(f"{kind}-{zone}", "id"), "route_table_id": From(f"{kind}-routes", "id")}
                resources[f"{kind}-{zone}-routes"] = (aws.ec2.RouteTableAssociation, places)
    return resources


def _subnet(zone: str, number: int) -> tuple[Any, Args]:
    return aws.ec2.Subnet, {
        "vpc_id": From("vpc", "id"),
        "cidr_block": f"10.64.{number}.0/24",
        "availability_zone": f"eu-central-1{zone}",
        "map_public_ip_on_launch": False,
    }


def subnets(kind: str) -> list[Any]:
    """Return the ids of the subnets of a kind."""
    return [From(f"{kind}-{zone}", "id") for zone in "ab"]


def security_groups() -> Resources:
    """Return the security groups and their rules."""
    return {
        "balancer-group": _security_group("The load balancer"),
        "host-group": _security_group("The hosts"),
        "role-group": _security_group("The function that makes database roles"),
        "database-group": _security_group("The database"),
        "world-80": _ingress("balancer-group", 80, cidr_ipv4="0.0.0.0/0"),
        "world-443": _ingress("balancer-group", 443, cidr_ipv4="0.0.0.0/0"),
        "balancer-to-host": _ingress("host-group", 443, **_of("balancer-group")),
        "host-to-database": _ingress("database-group", 5432, **_of("host-group")),
        "role-to-database": _ingress("database-group", 5432, **_of("role-group")),
        "host-out": _rule(aws.vpc.SecurityGroupEgressRule, "host-group", 443, cidr_ipv4="0.0.0.0/0"),
    }


def _security_group(description: str) -> tuple[Any, Args]:
    return aws.ec2.SecurityGroup, {"vpc_id": From("vpc", "id"), "description": description}


def _rule(kind: Any, group: str, port: int, **other: Any) -> tuple[Any, Args]:
    opening = {"ip_protocol": "tcp", "from_port": port, "to_port": port, "description": f"Port {port}"}
    return kind, {"security_group_id": From(group, "id"), **opening, **other}


def _ingress(group: str, port: int, **other: Any) -> tuple[Any, Args]:
    return _rule(aws.vpc.SecurityGroupIngressRule, group, port, **other)


def _of(group: str) -> Args:
    return {"referenced_security_group_id": From(group, "id")}
