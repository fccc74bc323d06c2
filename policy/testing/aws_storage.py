"""Secrets, keys, a database and a bucket of the compliant AWS stack."""

from __future__ import annotations

import json
from typing import Any

import pulumi_aws as aws
import pulumi_random as random

from .aws_documents import ACCOUNT, document
from .aws_host import sha256
from .aws_network import subnets
from .change import Args, From, Resources


def secrets() -> Resources:
    """Return the secret key and the database password, each in Secrets Manager."""
    return {
        "secret-key": _random(64, protect=True),
        "database-password": _random(32),
        "secrets-key": _key(),
        **_secret("secret-key", protect=True),
        **_secret("database-password"),
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


def _key() -> tuple[Any, Args]:
    policy = json.dumps(document(ACCOUNT))
    return aws.kms.Key, {"enable_key_rotation": True, "deletion_window_in_days": 30, "policy": policy}


def database() -> Resources:
    """Return the database with its parameters."""
    return {
        "subnets": (aws.rds.SubnetGroup, {"subnet_ids": subnets("isolated")}),
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


def bucket() -> Resources:
    """Return a bucket that refuses everything without TLS."""
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
