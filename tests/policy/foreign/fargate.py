"""A service on Fargate behind a load balancer, with a database: a team that knows AWS, and has put off a few things.

The pack has no rule about ECS. It sees the network, the load balancer, the database and the logs; no rule
reports the token in clear in the task's definition.
"""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from . import at

WORLD = "0.0.0.0/0"
TASK_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def _network() -> tuple[aws.ec2.Vpc, list[aws.ec2.Subnet], list[aws.ec2.Subnet]]:
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.20.0.0/16", enable_dns_hostnames=True)
    internet = aws.ec2.InternetGateway("internet", vpc_id=vpc.id)
    routes = aws.ec2.RouteTable("routes", vpc_id=vpc.id, routes=[{"cidr_block": WORLD, "gateway_id": internet.id}])
    public: list[aws.ec2.Subnet] = []
    private: list[aws.ec2.Subnet] = []
    for number, zone in enumerate("ab"):
        place = {"vpc_id": vpc.id, "availability_zone": f"eu-central-1{zone}"}
        subnet = aws.ec2.Subnet(
            f"public-{zone}", cidr_block=f"10.20.{number}.0/24", map_public_ip_on_launch=True, **place
        )
        aws.ec2.RouteTableAssociation(f"public-{zone}", subnet_id=subnet.id, route_table_id=routes.id)
        public.append(subnet)
        private.append(aws.ec2.Subnet(f"private-{zone}", cidr_block=f"10.20.{number + 10}.0/24", **place))
    return vpc, public, private


def _group(name: str, vpc: aws.ec2.Vpc, port: int, source: Any) -> aws.ec2.SecurityGroup:
    opening = aws.ec2.SecurityGroupIngressArgs(
        protocol="tcp", from_port=port, to_port=port, description="The way in", **source
    )
    out = aws.ec2.SecurityGroupEgressArgs(
        protocol="-1", from_port=0, to_port=0, description="Everything", cidr_blocks=[WORLD]
    )
    return aws.ec2.SecurityGroup(name, vpc_id=vpc.id, description=f"The {name}", ingress=[opening], egress=[out])


def _database(subnets: list[aws.ec2.Subnet], group: aws.ec2.SecurityGroup) -> aws.rds.Instance:
    return aws.rds.Instance(
        "database",
        engine="postgres",
        engine_version="16",
        instance_class="db.t4g.medium",
        allocated_storage=50,
        db_name="orders",
        username="orders_owner",
        manage_master_user_password=True,
        db_subnet_group_name=aws.rds.SubnetGroup("database", subnet_ids=[each.id for each in subnets]).name,
        vpc_security_group_ids=[group.id],
        storage_encrypted=True,
        multi_az=True,
        backup_retention_period=14,
        deletion_protection=True,
        copy_tags_to_snapshot=True,
        enabled_cloudwatch_logs_exports=["postgresql", "upgrade"],
    )


def program() -> None:
    """Make the service."""
    vpc, public, private = _network()
    edge = _group("edge", vpc, 80, {"cidr_blocks": [WORLD]})
    tasks = _group("tasks", vpc, 8080, {"security_groups": [edge.id]})
    database = _database(private, _group("postgres", vpc, 5432, {"security_groups": [tasks.id]}))

    balancer = aws.lb.LoadBalancer("balancer", subnets=[each.id for each in public], security_groups=[edge.id])
    targets = aws.lb.TargetGroup(
        "targets",
        vpc_id=vpc.id,
        port=8080,
        protocol="HTTP",
        target_type="ip",
        health_check={"path": "/healthz", "matcher": "200-299"},
    )
    listener = aws.lb.Listener(
        "http",
        load_balancer_arn=balancer.arn,
        port=80,
        protocol="HTTP",
        default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
    )

    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    role = aws.iam.Role("starter", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}))
    aws.iam.RolePolicyAttachment("starter", role=role.name, policy_arn=TASK_POLICY)
    logs = aws.cloudwatch.LogGroup("logs", retention_in_days=30)
    container = {
        "name": "orders",
        "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:2026.11.3",
        "portMappings": [{"containerPort": 8080}],
        "environment": [{"name": "STRIPE_TOKEN", "value": "sk_live_0123456789"}],
    }
    task = aws.ecs.TaskDefinition(
        "task",
        family="orders",
        cpu="512",
        memory="1024",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        execution_role_arn=role.arn,
        container_definitions=pulumi.Output.json_dumps(
            [
                {
                    **container,
                    "secrets": [{"name": "DATABASE", "valueFrom": database.master_user_secrets[0].secret_arn}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": logs.name}},
                }
            ]
        ),
    )
    aws.ecs.Service(
        "service",
        cluster=aws.ecs.Cluster("cluster").arn,
        task_definition=task.arn,
        desired_count=2,
        launch_type="FARGATE",
        network_configuration={
            "subnets": [each.id for each in public],
            "security_groups": [tasks.id],
            "assign_public_ip": True,
        },
        load_balancers=[{"target_group_arn": targets.arn, "container_name": "orders", "container_port": 8080}],
        opts=pulumi.ResourceOptions(depends_on=[listener]),
    )


EXPECTED = (
    at("vpc", "record-vpc-traffic", "close-default-group")
    | at("public-a", "give-no-public-addresses")
    | at("public-b", "give-no-public-addresses")
    | at("edge", "limit-egress")
    | at("tasks", "limit-egress")
    | at("postgres", "limit-egress")
    | at(
        "balancer",
        "drop-invalid-headers",
        "log-load-balancer-access",
        "protect-load-balancer",
        "attach-web-acl",
    )
    | at("http", "redirect-plain-http")
    # The task definition.
    | at("kotauth-infra-test", "name-unjudged-resources")
    | at("targets", "probe-targets")
    # Almost good: with a parameter group of its own, and its queries measured, it would be.
    | at("database", "monitor-database")
    | at("logs", "keep-logs", "encrypt-logs")
)
