"""Reports of a database that a snapshot brought back: a read replica, a cache, and a task of ECS that asks them."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from . import at

SNAPSHOT = "rds:orders-2025-11-01-03-10"
PRIVATE = ["subnet-0cccccccccccccc01", "subnet-0cccccccccccccc02"]
VPC = "vpc-0cccccccccccccc00"
# The company's jump host, made by the stack of the network.
BASTION = "sg-0aaaabbbbccccdddd"


def _opening(port: int, *groups: Any) -> aws.ec2.SecurityGroupIngressArgsDict:
    return {
        "protocol": "tcp",
        "from_port": port,
        "to_port": port,
        "security_groups": list(groups),
        "description": "Clients",
    }


def _databases(group: aws.ec2.SecurityGroup, key: aws.kms.Key) -> aws.rds.Instance:
    parameters = aws.rds.ParameterGroup(
        "reports",
        family="postgres16",
        parameters=[
            {"name": "rds.force_ssl", "value": "1"},
            {"name": "log_min_duration_statement", "value": "2000"},
        ],
    )
    shared: dict[str, Any] = {
        "instance_class": "db.r7g.large",
        "parameter_group_name": parameters.name,
        "vpc_security_group_ids": [group.id],
        "storage_encrypted": True,
        "kms_key_id": key.arn,
        "copy_tags_to_snapshot": True,
        "enabled_cloudwatch_logs_exports": ["postgresql", "upgrade"],
        "performance_insights_enabled": True,
        "performance_insights_kms_key_id": key.arn,
        "monitoring_interval": 60,
        "monitoring_role_arn": "arn:aws:iam::123456789012:role/rds-monitoring",
    }
    source = aws.rds.Instance(
        "orders",
        snapshot_identifier=SNAPSHOT,
        # Engine, version, name, size and administrator come from the snapshot.
        db_subnet_group_name="reports-private",
        manage_master_user_password=True,
        multi_az=True,
        backup_retention_period=14,
        deletion_protection=True,
        final_snapshot_identifier="orders-last",
        **shared,
    )
    return aws.rds.Instance(
        "orders-replica",
        replicate_source_db=source.identifier,
        # Nothing of a replica needs to be kept.
        skip_final_snapshot=True,
        publicly_accessible=True,
        **shared,
    )


def program() -> None:
    """Make the reports."""
    key = aws.kms.Key("reports", enable_key_rotation=True, deletion_window_in_days=7)
    task_group = aws.ec2.SecurityGroup("task", vpc_id=VPC, description="Task")
    database_group = aws.ec2.SecurityGroup(
        "data", vpc_id=VPC, description="Database", ingress=[_opening(5432, task_group.id), _opening(5432, BASTION)]
    )
    cache_group = aws.ec2.SecurityGroup(
        "cache", vpc_id=VPC, description="Cache", ingress=[_opening(6379, task_group.id)]
    )
    replica = _databases(database_group, key)

    token = random.RandomPassword("cache-token", length=40, special=False)
    cache = aws.elasticache.ReplicationGroup(
        "cache",
        description="Reports",
        engine="valkey",
        node_type="cache.t4g.small",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        auth_token=token.result,
        security_group_ids=[cache_group.id],
        subnet_group_name=aws.elasticache.SubnetGroup("cache", subnet_ids=PRIVATE).name,
    )
    secret = aws.secretsmanager.Secret("cache-token", recovery_window_in_days=0)
    aws.secretsmanager.SecretVersion("cache-token", secret_id=secret.id, secret_string=token.result)
    login = aws.secretsmanager.Secret("reporter", kms_key_id=key.arn)
    aws.secretsmanager.SecretRotation(
        "reporter",
        secret_id=login.id,
        rotation_lambda_arn="arn:aws:lambda:eu-west-2:123456789012:function:rotate-postgres",
        rotation_rules={"automatically_after_days": 30},
    )

    logs = aws.cloudwatch.LogGroup("reports", name="/acme/reports", retention_in_days=365, kms_key_id=key.arn)
    cluster = aws.ecs.Cluster("reports", settings=[{"name": "containerInsights", "value": "enabled"}])
    definition = aws.ecs.TaskDefinition(
        "reports",
        family="reports",
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        execution_role_arn="arn:aws:iam::123456789012:role/ecs-start",
        container_definitions=pulumi.Output.json_dumps(
            [
                {
                    "name": "reports",
                    "image": "public.ecr.aws/docker/library/python:3.13.9-slim",
                    "environment": [
                        {"name": "PGHOST", "value": replica.address},
                        {"name": "CACHE", "value": cache.primary_endpoint_address},
                    ],
                    "secrets": [
                        {"name": "CACHE_TOKEN", "valueFrom": secret.arn},
                        {"name": "PGPASSWORD", "valueFrom": pulumi.Output.concat(login.arn, ":password::")},
                    ],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": logs.name}},
                }
            ]
        ),
    )
    aws.ecs.Service(
        "reports",
        cluster=cluster.id,
        task_definition=definition.arn,
        launch_type="FARGATE",
        network_configuration={"subnets": PRIVATE, "security_groups": [task_group.id], "assign_public_ip": False},
    )


EXPECTED = (
    at("reports", "keep-keys")
    # The task of ECS.
    | at("kotauth-infra-test", "name-unjudged-resources")
    # The jump host is another stack's: who stands behind it is not known here.
    | at("data", "restrict-database-ingress")
    | at("orders-replica", "forbid-public-database")
    | at("cache-token", "keep-deleted-secrets", "encrypt-secrets-with-own-key")
)
_ACCOUNT = "eu-west-2:123456789012"
LATER = {
    "reports": {
        "name": "reports-0a1b2c3",
        "arn": f"arn:aws:kms:{_ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
    },
    "task": {"id": "sg-0c00000000000000a"},
    "data": {"id": "sg-0c00000000000000b"},
    "cache": {"id": "sg-0c00000000000000c", "name": "cache-0a1b2c3"},
    "orders": {"identifier": "orders-0a1b2c3", "address": "orders-0a1b2c3.c0ffee123456.eu-west-2.rds.amazonaws.com"},
    "cache-token": {
        "result": "Zq3vY8mN1kL5pR7tW2xB4cD6fG9hJ0sAZq3vY8mN",
        "arn": f"arn:aws:secretsmanager:{_ACCOUNT}:secret:cache-token-0a1b2c3",
    },
    "reporter": {"arn": f"arn:aws:secretsmanager:{_ACCOUNT}:secret:reporter-0a1b2c3"},
}
"""Outputs after a first update."""
