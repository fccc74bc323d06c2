"""A snapshot of the network and its resources, which tests can inspect and change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Description = dict[str, Any]


@dataclass
class NetworkState:
    """Descriptions in AWS's own words, as the `describe` calls give them."""

    vpcs: list[Description]
    """With `EnableDnsSupport` and `EnableDnsHostnames`."""
    subnets: list[Description]
    route_tables: list[Description]
    internet_gateways: list[Description]
    nat_gateways: list[Description]
    endpoints: list[Description]
    security_groups: list[Description]
    addresses: list[Description]
    instances: list[Description]
    """Those that no group has launched, with their `UserData`."""
    groups: list[Description]
    """Auto Scaling groups, with the data of their templates as `Template`."""
    functions: list[Description]
    databases: list[Description]

    @classmethod
    def taken(cls, boto3: Callable[[str], Any]) -> NetworkState:
        """Ask AWS."""
        ec2 = boto3("ec2")
        vpcs = ec2.describe_vpcs()["Vpcs"]
        for vpc in vpcs:
            for name in ("EnableDnsSupport", "EnableDnsHostnames"):
                attribute = name[0].lower() + name[1:]
                vpc[name] = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)[name]["Value"]
        groups = boto3("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        for group in groups:
            group["Template"] = _template(ec2, group["LaunchTemplate"])
        running = [{"Name": "instance-state-name", "Values": ["running", "pending"]}]
        reservations = ec2.describe_instances(Filters=running)["Reservations"]
        instances = [
            host for reservation in reservations for host in reservation["Instances"] if not _is_of_a_group(host)
        ]
        for instance in instances:
            attribute = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
            instance["UserData"] = attribute["UserData"]["Value"]
        return cls(
            vpcs=vpcs,
            subnets=ec2.describe_subnets()["Subnets"],
            route_tables=ec2.describe_route_tables()["RouteTables"],
            internet_gateways=ec2.describe_internet_gateways()["InternetGateways"],
            nat_gateways=ec2.describe_nat_gateways()["NatGateways"],
            endpoints=ec2.describe_vpc_endpoints()["VpcEndpoints"],
            security_groups=ec2.describe_security_groups()["SecurityGroups"],
            addresses=ec2.describe_addresses()["Addresses"],
            instances=instances,
            groups=groups,
            functions=boto3("lambda").list_functions()["Functions"],
            databases=boto3("rds").describe_db_instances()["DBInstances"],
        )

    def route_table(self, subnet: Mapping[str, Any]) -> Description:
        """Return the table of a subnet: its own, or the VPC's main one."""
        here = [table for table in self.route_tables if table["VpcId"] == subnet["VpcId"]]
        own = [table for table in here if any(_holds(association, subnet) for association in table["Associations"])]
        main = [table for table in here if any(association.get("Main") for association in table["Associations"])]
        return next(iter(own or main))


def named(key: str, ids: Iterable[str], among: Iterable[Description]) -> list[Description]:
    """Return the descriptions whose id is one of these."""
    wanted = set(ids)
    return [item for item in among if item[key] in wanted]


def _holds(association: Mapping[str, Any], subnet: Mapping[str, Any]) -> bool:
    return association.get("SubnetId") == subnet["SubnetId"]


def _is_of_a_group(instance: Mapping[str, Any]) -> bool:
    return any(tag["Key"] == "aws:autoscaling:groupName" for tag in instance.get("Tags", []))


def _template(ec2: Any, used: Mapping[str, Any]) -> Description:
    versions = ec2.describe_launch_template_versions(
        LaunchTemplateId=used["LaunchTemplateId"], Versions=[str(used["Version"])]
    )
    return versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
