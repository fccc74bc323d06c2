"""A compliant stack on AWS, in the shape that our own components register."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from .aws_host import SERVER, sha256, user_data
from .change import All, Args, From, Resources

HOST = "auth.example.com"


class Deployment(pulumi.ComponentResource):
    """Says that the stack runs Kotauth."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        super().__init__("kotauth:index:AwsDeployment", name, inputs, opts)


def _subnet(zone: str, number: int) -> tuple[Any, Args]:
    return aws.ec2.Subnet, {
        "vpc_id": From("vpc", "id"),
        "cidr_block": f"10.64.{number}.0/24",
        "availability_zone": f"eu-central-1{zone}",
        "map_public_ip_on_launch": False,
    }


def _subnets(kind: str) -> list[Any]:
    return [From(f"{kind}-{zone}", "id") for zone in "ab"]


def _security_group(description: str) -> tuple[Any, Args]:
    return aws.ec2.SecurityGroup, {"vpc_id": From("vpc", "id"), "description": description}


def _rule(kind: Any, group: str, port: int, **other: Any) -> tuple[Any, Args]:
    opening = {"ip_protocol": "tcp", "from_port": port, "to_port": port, "description": f"Port {port}"}
    return kind, {"security_group_id": From(group, "id"), **opening, **other}


def _ingress(group: str, port: int, **other: Any) -> tuple[Any, Args]:
    return _rule(aws.vpc.SecurityGroupIngressRule, group, port, **other)


def _of(group: str) -> Args:
    return {"referenced_security_group_id": From(group, "id")}


def _network() -> Resources:
    vpc = {"vpc_id": From("vpc", "id")}
    found: Resources = {
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
            found[f"{kind}-{zone}"] = _subnet(zone, 2 * number + offset)
            if kind != "private":
                places = {"subnet_id": From(f"{kind}-{zone}", "id"), "route_table_id": From(f"{kind}-routes", "id")}
                found[f"{kind}-{zone}-routes"] = (aws.ec2.RouteTableAssociation, places)
    return found


def _firewalls() -> Resources:
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


def _random(length: int, **opts: Any) -> tuple[Any, Args]:
    return random.RandomPassword, {"length": length, "special": False, "opts": opts}


def _secret(source: str, **opts: Any) -> Resources:
    name = f"{source}-secret"
    return {
        name: (
            aws.secretsmanager.Secret,
            {
                "description": f"{source} of Kotauth",
                "kms_key_id": From("secrets-key", "arn"),
                "recovery_window_in_days": 30,
                "opts": opts,
            },
        ),
        f"{name}-version": (
            aws.secretsmanager.SecretVersion,
            {"secret_id": From(name, "id"), "secret_string": From(source, "result", sha256)},
        ),
    }


def _statement(**more: Any) -> Args:
    return {"Effect": "Allow", **more}


def document(*statements: Args) -> Args:
    return {"Version": "2012-10-17", "Statement": list(statements)}


ACCOUNT = _statement(Sid="Account", Action="kms:*", Resource="*", Principal={"AWS": "arn:aws:iam::123456789012:root"})


def _key() -> tuple[Any, Args]:
    policy = json.dumps(document(ACCOUNT))
    return aws.kms.Key, {"enable_key_rotation": True, "deletion_window_in_days": 30, "policy": policy}


def _secrets() -> Resources:
    return {
        "secret-key": _random(64, protect=True),
        "database-password": _random(32),
        "secrets-key": _key(),
        **_secret("secret-key", protect=True),
        **_secret("database-password"),
    }


def _database() -> Resources:
    return {
        "subnets": (aws.rds.SubnetGroup, {"subnet_ids": _subnets("isolated")}),
        "parameters": (
            aws.rds.ParameterGroup,
            {
                "family": "postgres14",
                "parameters": [
                    {"name": "rds.force_ssl", "value": "1"},
                    {"name": "log_min_duration_statement", "value": "1000"},
                ],
            },
        ),
        "database": (
            aws.rds.Instance,
            {
                "engine": "postgres",
                "engine_version": "14",
                "instance_class": "db.t4g.small",
                "db_name": "kotauth",
                "username": "kotauth_admin",
                "manage_master_user_password": True,
                "db_subnet_group_name": From("subnets", "name"),
                "parameter_group_name": From("parameters", "name"),
                "vpc_security_group_ids": [From("database-group", "id")],
                "storage_encrypted": True,
                "publicly_accessible": False,
                "multi_az": True,
                "backup_retention_period": 14,
                "deletion_protection": True,
                "skip_final_snapshot": False,
                "auto_minor_version_upgrade": True,
                "copy_tags_to_snapshot": True,
                "enabled_cloudwatch_logs_exports": ["postgresql", "upgrade"],
                "monitoring_interval": 60,
                "performance_insights_enabled": True,
                "performance_insights_kms_key_id": From("secrets-key", "arn"),
                "ca_cert_identifier": "rds-ca-rsa2048-g1",
                "engine_lifecycle_support": "open-source-rds-extended-support-disabled",
                "opts": {"protect": True},
            },
        ),
    }


def _listener(protocol: str, port: int, action: Args, **more: Any) -> tuple[Any, Args]:
    place = {"load_balancer_arn": From("balancer", "arn"), "protocol": protocol, "port": port}
    return aws.lb.Listener, {**place, "default_actions": [action], **more}


def _balancer() -> Resources:
    redirect = {"protocol": "HTTPS", "port": "443", "host": HOST, "status_code": "HTTP_301"}
    metrics = {"cloudwatch_metrics_enabled": True, "sampled_requests_enabled": True, "metric_name": "acl"}
    return {
        "balancer": (
            aws.lb.LoadBalancer,
            {
                "load_balancer_type": "application",
                "subnets": _subnets("public"),
                "security_groups": [From("balancer-group", "id")],
                "drop_invalid_header_fields": True,
                "desync_mitigation_mode": "defensive",
                "enable_deletion_protection": True,
                "access_logs": {"enabled": True, "bucket": "logs"},
            },
        ),
        "targets": (
            aws.lb.TargetGroup,
            {
                "vpc_id": From("vpc", "id"),
                "port": 443,
                "protocol": "HTTPS",
                "target_type": "instance",
                "health_check": {"protocol": "HTTPS", "path": "/health/ready", "matcher": "200"},
            },
        ),
        "certificate": (
            aws.acm.Certificate,
            {
                "domain_name": HOST,
                "validation_method": "DNS",
                "key_algorithm": "EC_prime256v1",
                "options": {"certificate_transparency_logging_preference": "ENABLED"},
            },
        ),
        "http": _listener("HTTP", 80, {"type": "redirect", "redirect": redirect}),
        "https": _listener(
            "HTTPS",
            443,
            {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "421"}},
            certificate_arn=From("certificate", "arn"),
            ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        ),
        "public-name": (
            aws.lb.ListenerRule,
            {
                "listener_arn": From("https", "arn"),
                "conditions": [{"host_header": {"values": [HOST]}}],
                "actions": [{"type": "forward", "target_group_arn": From("targets", "arn")}],
            },
        ),
        "web-acl": (
            aws.wafv2.WebAcl,
            {
                "scope": "REGIONAL",
                "default_action": {"allow": {}},
                "visibility_config": metrics,
                "rules": [
                    {
                        "name": "rate",
                        "priority": 1,
                        "action": {"block": {}},
                        "statement": {"rate_based_statement": {"limit": 1000, "aggregate_key_type": "IP"}},
                        "visibility_config": metrics,
                    }
                ],
            },
        ),
        "web-acl-attached": (
            aws.wafv2.WebAclAssociation,
            {"resource_arn": From("balancer", "arn"), "web_acl_arn": From("web-acl", "arn")},
        ),
        "web-acl-logging": (
            aws.wafv2.WebAclLoggingConfiguration,
            {
                "resource_arn": From("web-acl", "arn"),
                "log_destination_configs": ["arn:aws:logs:eu-central-1:1:log-group:waf"],
            },
        ),
        "name": (
            aws.route53.Record,
            {
                "zone_id": "Z0123456789ABC",
                "name": HOST,
                "type": "A",
                "aliases": [
                    {
                        "name": From("balancer", "dns_name"),
                        "zone_id": From("balancer", "zone_id"),
                        "evaluate_target_health": False,
                    }
                ],
            },
        ),
    }


def _bucket() -> Resources:
    name = {"bucket": From("files", "bucket")}
    refused = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Principal": "*",
        "Resource": [From("files", "arn"), From("files", "arn", "{}/*".format)],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    blocks = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    lifecycle = {"id": "all", "status": "Enabled", "abort_incomplete_multipart_upload": {"days_after_initiation": 7}}
    encryption = {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "files": (aws.s3.Bucket, {"force_destroy": False}),
        "files-closed": (aws.s3.BucketPublicAccessBlock, {**name, **dict.fromkeys(blocks, True)}),
        "files-owner": (aws.s3.BucketOwnershipControls, {**name, "rule": {"object_ownership": "BucketOwnerEnforced"}}),
        "files-encrypted": (aws.s3.BucketServerSideEncryptionConfiguration, {**name, "rules": [encryption]}),
        "files-versions": (aws.s3.BucketVersioning, {**name, "versioning_configuration": {"status": "Enabled"}}),
        "files-lifecycle": (aws.s3.BucketLifecycleConfiguration, {**name, "rules": [lifecycle]}),
        "files-policy": (aws.s3.BucketPolicy, {**name, "policy": document(refused)}),
    }


def _watching() -> Resources:
    return {
        "log": (
            aws.cloudwatch.LogGroup,
            {"name": "kotauth", "retention_in_days": 365, "kms_key_id": From("secrets-key", "arn")},
        ),
        "topic": (aws.sns.Topic, {"kms_master_key_id": From("secrets-key", "arn")}),
        "alarm": (
            aws.cloudwatch.MetricAlarm,
            {
                "comparison_operator": "LessThanThreshold",
                "evaluation_periods": 3,
                "metric_name": "HealthyHostCount",
                "namespace": "AWS/ApplicationELB",
                "period": 60,
                "statistic": "Maximum",
                "threshold": 1,
                "alarm_actions": [From("topic", "arn")],
            },
        ),
    }


def late(known: Args) -> str:
    url = f"jdbc:postgresql://{known['host']}:5432/kotauth?tcpKeepAlive=true&sslmode=verify-full&sslrootcert=/run/config/database-ca.pem"
    secrets = {"secret_key": known["key"], "database_password": known["password"]}
    return json.dumps({"environment": {"server": {"DB_URL": url}}, "secrets": {"server": secrets}})


def _function() -> Resources:
    return {
        "function-role": _role("lambda.amazonaws.com"),
        "function": (
            aws.lambda_.Function,
            {
                "runtime": "python3.13",
                "handler": "handler.main",
                "role": From("function-role", "arn"),
                "code": pulumi.AssetArchive({"handler.py": pulumi.StringAsset("pass")}),
                "vpc_config": {"subnet_ids": _subnets("private"), "security_group_ids": [From("role-group", "id")]},
                "tracing_config": {"mode": "Active"},
                "reserved_concurrent_executions": 1,
            },
        ),
    }


def _role(service: str) -> tuple[Any, Args]:
    trust = document(_statement(Action="sts:AssumeRole", Principal={"Service": service}))
    return aws.iam.Role, {"assume_role_policy": trust}


def _hosts() -> Resources:
    return {
        "role": _role("ec2.amazonaws.com"),
        "rights": (
            aws.iam.RolePolicy,
            {
                "role": From("role", "name"),
                "policy": document(
                    _statement(
                        Action="secretsmanager:GetSecretValue",
                        Resource=[From("secret-key-secret", "arn"), From("database-password-secret", "arn")],
                    ),
                    _statement(Action=["kms:Decrypt"], Resource=From("secrets-key", "arn")),
                ),
            },
        ),
        "profile": (aws.iam.InstanceProfile, {"role": From("role", "name")}),
        "parameter": (
            aws.ssm.Parameter,
            {
                "name": "kotauth-boot",
                "type": "String",
                "value": All(
                    late,
                    host=From("database", "address"),
                    key=From("secret-key-secret", "arn"),
                    password=From("database-password-secret", "arn"),
                ),
            },
        ),
        "server-unit": (
            aws.s3.BucketObjectv2,
            {"bucket": From("files", "bucket"), "key": sha256(SERVER), "content": SERVER},
        ),
        "template": (
            aws.ec2.LaunchTemplate,
            {
                "image_id": "ami-0123456789abcdef0",
                "instance_type": "t4g.small",
                "user_data": user_data(),
                "iam_instance_profile": {"arn": From("profile", "arn")},
                "vpc_security_group_ids": [From("host-group", "id")],
                "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1},
                "monitoring": {"enabled": True},
                "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"encrypted": "true"}}],
            },
        ),
        "group": (
            aws.autoscaling.Group,
            {
                "min_size": 1,
                "max_size": 1,
                "vpc_zone_identifiers": _subnets("private"),
                "launch_template": {"id": From("template", "id"), "version": From("template", "latest_version", str)},
                "target_group_arns": [From("targets", "arn")],
            },
        ),
    }


def compliant() -> Resources:
    """Return the resources of the compliant stack, in the order in which they are made."""
    return {
        "kotauth": (Deployment, {"base_url": f"https://{HOST}"}),
        **_network(),
        **_firewalls(),
        **_secrets(),
        **_database(),
        **_balancer(),
        **_function(),
        **_bucket(),
        **_watching(),
        **_hosts(),
    }


KNOWN: dict[str, dict[str, Any]] = {
    name: {"arn": f"arn:aws:service:eu-central-1:123456789012:{name}"} for name in compliant() if name != "kotauth"
} | {
    "secret-key": {"result": "k" * 63 + "1"},
    "database-password": {"result": "d" * 32},
    "files": {"bucket": "files-0a1b2c3", "arn": "arn:aws:s3:::files-0a1b2c3"},
    "database": {"address": "kotauth.0123.eu-central-1.rds.amazonaws.com"},
}
"""Outputs after a first update."""
