"""The load balancer of the compliant stack on AWS: listeners, certificate, web ACL and the name."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from .aws_network import subnets
from .change import Args, From, Resources

HOST = "auth.example.com"
"""The public name."""


def load_balancer() -> Resources:
    """Return the load balancer and what belongs to it."""
    redirect = {"protocol": "HTTPS", "port": "443", "host": HOST, "status_code": "HTTP_301"}
    metrics = {"cloudwatch_metrics_enabled": True, "sampled_requests_enabled": True, "metric_name": "acl"}
    return {
        "balancer": (
            aws.lb.LoadBalancer,
            {
                "load_balancer_type": "application",
                "subnets": subnets("public"),
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


def _listener(protocol: str, port: int, action: Args, **more: Any) -> tuple[Any, Args]:
    place = {"load_balancer_arn": From("balancer", "arn"), "protocol": protocol, "port": port}
    return aws.lb.Listener, {**place, "default_actions": [action], **more}
