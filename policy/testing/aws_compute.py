"""Hosts, a function and an alarm of the compliant AWS stack."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from .aws_documents import document, role, statement
from .aws_host import SERVER, sha256, user_data
from .aws_network import subnets
from .change import All, Args, From, Resources


def hosts() -> Resources:
    """Return the hosts with their role, their template and what they read at boot."""
    return {
        "role": role("ec2.amazonaws.com"),
        "rights": (
            aws.iam.RolePolicy,
            {
                "role": From("role", "name"),
                "policy": document(
                    statement(
                        Action="secretsmanager:GetSecretValue",
                        Resource=[From("secret-key-secret", "arn"), From("database-password-secret", "arn")],
                    ),
                    statement(Action=["kms:Decrypt"], Resource=From("secrets-key", "arn")),
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
                    deferred,
                    host=From("database", "address"),
                    key=From("secret-key-secret", "arn"),
                    password=From("database-password-secret", "arn"),
                ),
            },
        ),
        "server-file": (
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
                "vpc_zone_identifiers": subnets("private"),
                "launch_template": {"id": From("template", "id"), "version": From("template", "latest_version", str)},
                "target_group_arns": [From("targets", "arn")],
            },
        ),
    }


def deferred(known: Args) -> str:
    """Return what the hosts read at boot: what was not known before the update."""
    url = f"jdbc:postgresql://{known['host']}:5432/kotauth?tcpKeepAlive=true&sslmode=verify-full&sslrootcert=/run/config/database-ca.pem"
    secrets = {"secret_key": known["key"], "database_password": known["password"]}
    return json.dumps({"environment": {"server": {"DB_URL": url}}, "secrets": {"server": secrets}})


def function() -> Resources:
    """Return the function that makes database roles."""
    return {
        "function-role": role("lambda.amazonaws.com"),
        "function": (
            aws.lambda_.Function,
            {
                "runtime": "python3.13",
                "handler": "handler.main",
                "role": From("function-role", "arn"),
                "code": pulumi.AssetArchive({"handler.py": pulumi.StringAsset("pass")}),
                "vpc_config": {"subnet_ids": subnets("private"), "security_group_ids": [From("role-group", "id")]},
                "tracing_config": {"mode": "Active"},
                "reserved_concurrent_executions": 1,
            },
        ),
    }


def alarm() -> Resources:
    """Return an alarm with its topic, and the log group."""
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
