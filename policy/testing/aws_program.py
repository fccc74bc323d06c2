"""A compliant stack on AWS, in the shape that our own components register."""

from __future__ import annotations

from typing import Any

import pulumi

from . import aws_compute, aws_load_balancer, aws_network, aws_storage
from .change import Resources


class Deployment(pulumi.ComponentResource):
    """A component of the type that marks a stack as a Kotauth deployment."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        super().__init__("kotauth:index:AwsDeployment", name, inputs, opts)


def compliant() -> Resources:
    """Return the resources of the compliant stack, in the order in which they are made."""
    return {
        "kotauth": (Deployment, {"base_url": f"https://{aws_load_balancer.HOST}"}),
        **aws_network.network(),
        **aws_network.security_groups(),
        **aws_storage.secrets(),
        **aws_storage.database(),
        **aws_load_balancer.load_balancer(),
        **aws_compute.function(),
        **aws_storage.bucket(),
        **aws_compute.alarm(),
        **aws_compute.hosts(),
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
