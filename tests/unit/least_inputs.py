"""Inputs with which each component can be declared: what it requires, and a value for each number that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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
    DockerBackups,
    DockerCaCertificate,
    DockerContainer,
    DockerDatabase,
    DockerDatabaseRole,
    DockerDeployment,
    DockerFiles,
    DockerLogRoute,
    DockerNetwork,
    KotauthCredentials,
)
from tests.unit.recording import Declared, declare

Component = Callable[..., pulumi.ComponentResource]
SPEC: dict[str, Any] = {
    "part": "server",
    "image": "registry.example/x:1.2.3",
    "user": "10001:10001",
    "memory": 64,
    "cpus": 1,
    "probe": {
        "command": ["true"],
        "interval_seconds": 5,
        "timeout_seconds": 5,
        "retries": 3,
        "start_period_seconds": 90,
    },
    "stop_seconds": 20,
}
ROLE: dict[str, Any] = {
    "network": "back",
    "host": "postgres",
    "administrator_password": "administrator",
    "password": "application",
}
HOST: dict[str, Any] = {
    "vpc_id": "vpc-0123456789abcdef0",
    "containers": [{**SPEC, "ports": [{"host": 443, "container": 8443}], "tmpfs": ["/tmp"]}],  # noqa: S108
    "log_retention_days": 30,
    "watch": {"port": 9000},
}
SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
LEAST: dict[Component, dict[str, Any]] = {
    DockerDeployment: {"base_url": "https://auth.example.com", "acme_email": "ops@example.com", "http_port": 81},
    DockerNetwork: {},
    DockerContainer: {"spec": {**SPEC, "ports": [{"host": 1, "container": 2}]}},
    DockerFiles: {"image": "registry.example/x:1", "files": {"a": "b"}},
    DockerLogRoute: {
        "stack": "kotauth/dev",
        "endpoint": "https://loki.example.com/otlp/v1/logs",
        "tools_image": "registry.example/x:1",
        "files_image": "registry.example/x:1",
    },
    DockerDatabase: {"network": "back", "memory": 512, "cpus": 1},
    DockerDatabaseRole: {**ROLE, "password_version": 2, "pool_size": 10},
    DockerBackups: {
        "stack": "prod",
        "network": "back",
        "login_password": "backup",
        "keep_daily": 7,
        "keep_weekly": 5,
        "keep_monthly": 12,
    },
    DockerCaCertificate: {
        "volume": "data",
        "frontend": "caddy",
        "image": "registry.example/x:1",
        "written_by": "c",
    },
    KotauthCredentials: {"database_password_version": 2},
    AwsDeployment: {
        "base_url": "https://auth.example.com",
        "availability_zones": ["eu-central-1a", "eu-central-1b"],
        "zone_id": "Z0123456789ABC",
        "alarm_email": "ops@example.com",
        "memory": 600,
        "cpus": 1,
        "pool_size": 11,
        "database_version": 15,
        "database_password_version": 2,
        "database_storage": 30,
        "database_storage_limit": 60,
        "database_backup_days": 7,
        "log_retention_days": 30,
        "alarm_errors": 7,
        "alarm_failed_logins": 8,
        "alarm_latency": 3,
    },
    AwsNetwork: {"zones": ["eu-central-1a", "eu-central-1b"], "flow_log_retention_days": 30},
    AwsSecret: {"value": "x", "description": "x", "version": 2, "recovery_window_days": 7},
    AwsDatabase: {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": SUBNETS,
        "version": 15,
        "storage_gb": 30,
        "storage_limit_gb": 60,
        "backup_retention_days": 7,
        "log_retention_days": 30,
    },
    AwsDatabaseRole: {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": SUBNETS,
        "database_host": "db.example",
        "database_port": 5433,
        "database_security_group_id": "sg-0123456789abcdef0",
        "administrator_secret_arn": "arn:a",
        "administrator_key_arn": "arn:b",
        "password_secret_arn": "arn:c",
        "password_key_arn": "arn:d",
        "password_version": 2,
        "pool_size": 11,
        "log_retention_days": 30,
    },
    AwsLaunchTemplate: {**HOST, "in_group": True, "egress": [{"port": 443, "description": "x"}]},
    AwsServerGroup: {
        **HOST,
        "subnet_ids": SUBNETS,
        "target_group_arn": "arn:t",
        "load_balancer_security_group_id": "sg-0123456789abcdef0",
    },
    AwsSingleHost: {
        **HOST,
        "subnet_id": "subnet-0123456789abcdef0",
        "availability_zone": "eu-central-1a",
        "volume_gb": 2,
    },
    AwsCertificate: {"host_name": "auth.example.com", "zone_id": "Z0123456789ABC"},
    AwsDns: {"name": "auth.example.com", "zone_id": "Z0123456789ABC", "address": "203.0.113.10"},
    AwsLoadBalancer: {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": SUBNETS,
        "host_name": "auth.example.com",
        "zone_id": "Z0123456789ABC",
        "target_port": 8443,
        "access_log_days": 7,
        "login_rate_limit": 20,
        "rate_limit": 500,
        "log_retention_days": 30,
    },
    AwsWebAcl: {"login_rate_limit": 20, "rate_limit": 500, "log_retention_days": 30},
    AwsBootGate: {
        "instance_id": "i-0123456789abcdef0",
        "log_group_arn": "arn:aws:logs:r:1:log-group:g",
        "limit_seconds": 300,
    },
    AwsRollGate: {
        "group_name": "g",
        "target_group_arn": "arn:t",
        "limit_seconds": 300,
        "log_retention_days": 30,
    },
    AwsObservability: {
        "log_group_name": "g",
        "load_balancer_arn_suffix": "app/l",
        "target_group_arn_suffix": "targetgroup/t",
        "certificate_arn": "arn:c",
        "database_identifier": "d",
        "group_name": "g",
        "errors": 7,
        "failed_logins": 8,
        "host_failures": 2,
        "load_balancer_errors": 11,
        "server_errors": 12,
        "latency_seconds": 3,
        "certificate_days": 20,
        "database_cpu_percent": 70,
        "database_storage_gb": 2,
        "database_memory_mb": 200,
        "database_connections": 50,
    },
}


def declared(component: Component, args: Mapping[str, Any]) -> Declared:
    """Declare a component by the name `it`."""
    return declare(lambda: component("it", args))
