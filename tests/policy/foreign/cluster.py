"""A cluster of EKS with nodes of its own and a database that its pods use, by a team that takes care of its network."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from . import at

NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")


def _role(name: str, service: str, *policies: str) -> aws.iam.Role:
    trusted = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}
    role = aws.iam.Role(
        name,
        assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": trusted}),
        force_detach_policies=True,
    )
    for policy in policies:
        aws.iam.RolePolicyAttachment(f"{name}-{policy}", role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}")
    return role


def _network() -> tuple[aws.ec2.Vpc, list[aws.ec2.Subnet], list[aws.ec2.Subnet]]:
    vpc = aws.ec2.Vpc("pods", cidr_block="10.40.0.0/16", enable_dns_support=True, enable_dns_hostnames=True)
    aws.ec2.DefaultSecurityGroup("pods-default", vpc_id=vpc.id)
    logs = aws.cloudwatch.LogGroup("pods-flow", retention_in_days=400)
    aws.ec2.FlowLog(
        "pods-flow",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination=logs.arn,
        iam_role_arn=_role("flow", "vpc-flow-logs.amazonaws.com").arn,
    )
    gateway = aws.ec2.InternetGateway("pods", vpc_id=vpc.id)
    public = aws.ec2.RouteTable("public", vpc_id=vpc.id)
    aws.ec2.Route("out", route_table_id=public.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id)
    nodes: list[aws.ec2.Subnet] = []
    data: list[aws.ec2.Subnet] = []
    for index, zone in enumerate(["eu-north-1a", "eu-north-1b"]):
        outer = aws.ec2.Subnet(
            f"public-{index}", vpc_id=vpc.id, cidr_block=f"10.40.{index}.0/24", availability_zone=zone
        )
        aws.ec2.RouteTableAssociation(f"public-{index}", subnet_id=outer.id, route_table_id=public.id)
        address = aws.ec2.Eip(f"nat-{index}", domain="vpc")
        nat = aws.ec2.NatGateway(f"nat-{index}", allocation_id=address.id, subnet_id=outer.id)
        private = aws.ec2.RouteTable(
            f"private-{index}", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "nat_gateway_id": nat.id}]
        )
        for kind, third, kept in (("nodes", 100, nodes), ("data", 200, data)):
            subnet = aws.ec2.Subnet(
                f"{kind}-{index}", vpc_id=vpc.id, cidr_block=f"10.40.{third + index}.0/24", availability_zone=zone
            )
            aws.ec2.RouteTableAssociation(f"{kind}-{index}", subnet_id=subnet.id, route_table_id=private.id)
            kept.append(subnet)
    return vpc, nodes, data


def program() -> None:
    """Make the cluster."""
    vpc, nodes, data = _network()
    cluster = aws.eks.Cluster(
        "eks",
        role_arn=_role("control", "eks.amazonaws.com", "AmazonEKSClusterPolicy").arn,
        vpc_config={"subnet_ids": [each.id for each in nodes], "endpoint_public_access": False},
        enabled_cluster_log_types=["api", "audit"],
    )
    worker = _role("worker", "ec2.amazonaws.com", *NODE_POLICIES)
    aws.eks.NodeGroup(
        "workers",
        cluster_name=cluster.name,
        node_role_arn=worker.arn,
        subnet_ids=[each.id for each in nodes],
        instance_types=["t4g.large"],
        scaling_config={"desired_size": 3, "min_size": 3, "max_size": 6},
        opts=pulumi.ResourceOptions(depends_on=[cluster]),
    )
    group = aws.ec2.SecurityGroup("postgres", vpc_id=vpc.id, description="Database of the pods")
    aws.ec2.SecurityGroupRule(
        "postgres-from-pods",
        type="ingress",
        security_group_id=group.id,
        # EKS makes this group itself, and gives it to every node.
        source_security_group_id=cluster.vpc_config.apply(lambda config: config.cluster_security_group_id or ""),
        protocol="6",
        from_port=5432,
        to_port=5432,
        description="Pods",
    )
    parameters = aws.rds.ParameterGroup(
        "postgres",
        family="postgres17",
        parameters=[
            {"name": "rds.force_ssl", "value": "1", "apply_method": "immediate"},
            {"name": "log_min_duration_statement", "value": "500"},
        ],
    )
    aws.rds.Instance(
        "postgres",
        engine="postgres",
        engine_version="17",
        instance_class=aws.rds.InstanceType.T4_G_MEDIUM,
        allocated_storage=100,
        storage_type=aws.rds.StorageType.GP3,
        username="pods_owner",
        manage_master_user_password=True,
        parameter_group_name=parameters.name,
        db_subnet_group_name=aws.rds.SubnetGroup("postgres", subnet_ids=[each.id for each in data]).id,
        vpc_security_group_ids=[group.id],
        storage_encrypted=True,
        multi_az=True,
        backup_retention_period=30,
        deletion_protection=True,
        copy_tags_to_snapshot=True,
        enabled_cloudwatch_logs_exports=["postgresql", "upgrade", "iam-db-auth-error"],
    )


EXPECTED = (
    # The cluster itself and what runs in it.
    at("kotauth-infra-test", "name-unjudged-resources")
    | at("pods-flow", "encrypt-logs")
    | at("postgres", "monitor-database")
)
_ARN = "arn:aws:rds:eu-north-1:123456789012"
LATER = {
    "eks": {
        "id": "eks-0a1b2c3",
        "name": "eks-0a1b2c3",
        "vpcConfig": {"clusterSecurityGroupId": "sg-0e000000000000001"},
    },
    "postgres": {"name": "postgres-0a1b2c3", "arn": f"{_ARN}:pg:postgres-0a1b2c3"},
}
"""Outputs after a first update: the cluster's own group has a name then."""
