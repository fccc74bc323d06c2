"""The examples of the components for AWS."""

# A component's name is part of the name of its example, and the body of the function is the example.
# ruff: noqa: D103, N802

from __future__ import annotations

import pulumi

from components import (
    AwsBootGate,
    AwsCertificate,
    AwsDatabase,
    AwsDatabaseRole,
    AwsDeployment,
    AwsDns,
    AwsLaunchTemplate,
    AwsLoadBalancer,
    AwsNetwork,
    AwsObservability,
    AwsRollGate,
    AwsSecret,
    AwsServerGroup,
    AwsSingleHost,
    AwsWebAcl,
)


def example_AwsDeployment() -> None:
    kotauth = AwsDeployment(
        "kotauth",
        {
            "base_url": "https://auth.example.org",
            "availability_zones": ["eu-central-1a", "eu-central-1b"],
            "zone_id": "Z0123456789ABCDEFGHIJ",
        },
    )
    pulumi.export("url", kotauth.url)


def example_AwsNetwork() -> None:
    network = AwsNetwork("identity", {"zones": ["eu-central-1a", "eu-central-1b"]})
    pulumi.export("vpc", network.vpc_id)


def example_AwsDatabase() -> None:
    database = AwsDatabase(
        "identity",
        {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        },
    )
    pulumi.export("host", database.host)


def example_AwsDatabaseRole() -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    secrets = "arn:aws:secretsmanager:eu-central-1:123456789012:secret"
    role = AwsDatabaseRole(
        "identity-role",
        {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            "database_host": "identity.abcdefghijkl.eu-central-1.rds.amazonaws.com",
            "database_security_group_id": "sg-0123456789abcdef0",
            "administrator_secret_arn": f"{secrets}:administrator-AbCdEf",
            "administrator_key_arn": key,
            "password_secret_arn": f"{secrets}:password-AbCdEf",
            "password_key_arn": key,
        },
    )
    pulumi.export("user", role.user)


def example_AwsSecret() -> None:
    secret = AwsSecret(
        "identity-password",
        {
            "value": pulumi.Config().require_secret("databasePassword"),
            "description": "Password of the identity server's database login",
        },
    )
    pulumi.export("secret", secret.arn)


def example_AwsServerGroup() -> None:
    group = AwsServerGroup(
        "identity",
        {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            "containers": [
                {
                    "part": "frontend",
                    "image": "public.ecr.aws/docker/library/caddy:2.11.9",
                    "user": "10001:10001",
                    "memory": 128,
                    "cpus": 0.5,
                    "ports": [{"host": 443, "container": 8443}],
                    "probe": {
                        "command": ["wget", "-qO", "/dev/null", "http://127.0.0.1:2019/config/"],
                        "interval_seconds": 10,
                        "timeout_seconds": 5,
                        "retries": 3,
                    },
                }
            ],
            "target_group_arn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/identity/0123",
            "load_balancer_security_group_id": "sg-0123456789abcdef0",
        },
    )
    pulumi.export("group", group.group_name)


def example_AwsSingleHost() -> None:
    host = AwsSingleHost(
        "identity",
        {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_id": "subnet-0123456789abcdef0",
            "availability_zone": "eu-central-1a",
            "containers": [
                {
                    "part": "frontend",
                    "image": "public.ecr.aws/docker/library/caddy:2.11.9",
                    "user": "10001:10001",
                    "memory": 128,
                    "cpus": 0.5,
                    "ports": [{"host": 443, "container": 8443}],
                    "probe": {
                        "command": ["wget", "-qO", "/dev/null", "http://127.0.0.1:2019/config/"],
                        "interval_seconds": 10,
                        "timeout_seconds": 5,
                        "retries": 3,
                    },
                }
            ],
        },
    )
    pulumi.export("address", host.public_ip)


def example_AwsLaunchTemplate() -> None:
    template = AwsLaunchTemplate(
        "identity",
        {
            "vpc_id": "vpc-0123456789abcdef0",
            "in_group": True,
            "containers": [
                {
                    "part": "frontend",
                    "image": "public.ecr.aws/docker/library/caddy:2.11.9",
                    "user": "10001:10001",
                    "memory": 128,
                    "cpus": 0.5,
                    "ports": [{"host": 443, "container": 8443}],
                    "probe": {
                        "command": ["wget", "-qO", "/dev/null", "http://127.0.0.1:2019/config/"],
                        "interval_seconds": 10,
                        "timeout_seconds": 5,
                        "retries": 3,
                    },
                }
            ],
        },
    )
    pulumi.export("template", template.template_id)


def example_AwsRollGate() -> None:
    gate = AwsRollGate(
        "identity-gate",
        {
            "group_name": "identity-0123456",
            "target_group_arn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/identity/0123",
        },
    )
    pulumi.export("result", gate.result)


def example_AwsBootGate() -> None:
    gate = AwsBootGate(
        "identity-gate",
        {
            "instance_id": "i-0123456789abcdef0",
            "log_group_arn": "arn:aws:logs:eu-central-1:123456789012:log-group:identity-0123456",
        },
    )
    pulumi.export("result", gate.result)


def example_AwsLoadBalancer() -> None:
    balancer = AwsLoadBalancer(
        "identity",
        {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            "host_name": "auth.example.org",
            "zone_id": "Z0123456789ABCDEFGHIJ",
        },
    )
    pulumi.export("targetGroup", balancer.target_group_arn)


def example_AwsWebAcl() -> None:
    acl = AwsWebAcl("identity", {"rate_limit": 2000})
    pulumi.export("acl", acl.arn)


def example_AwsCertificate() -> None:
    certificate = AwsCertificate("identity", {"host_name": "auth.example.org", "zone_id": "Z0123456789ABCDEFGHIJ"})
    pulumi.export("certificate", certificate.arn)


def example_AwsDns() -> None:
    record = AwsDns(
        "identity",
        {"zone_id": "Z0123456789ABCDEFGHIJ", "name": "auth.example.org", "address": "203.0.113.10"},
    )
    pulumi.export("name", record.fqdn)


def example_AwsObservability() -> None:
    watch = AwsObservability(
        "identity",
        {"log_group_name": "identity-0123456", "alarm_email": "operations@example.org"},
    )
    pulumi.export("topic", watch.topic_arn)
