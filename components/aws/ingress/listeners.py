"""Listeners of a load balancer: redirect HTTP to HTTPS, forward the public name, refuse all other names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

HSTS = "max-age=31536000; includeSubDomains"
"""Header that Kotauth itself sends. The load balancer's own default adds `preload`, which is hard to take back."""


@dataclass(frozen=True)
class Https:
    """How the public name is served."""

    host_name: str
    certificate_arn: pulumi.Output[str]
    ssl_policy: str
    target_group_arn: pulumi.Output[str]


def listen(
    name: str,
    balancer: aws.lb.LoadBalancer,
    https: Https,
    *,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> aws.lb.ListenerRule:
    """Make both listeners, and return the rule that forwards."""
    aws.lb.Listener(
        f"{name}-http",
        load_balancer_arn=balancer.arn,
        port=80,
        protocol="HTTP",
        # Path and query stay, since links in mails may have either; the host is ours, whatever the client said.
        default_actions=[
            {
                "type": "redirect",
                "redirect": {
                    "protocol": "HTTPS",
                    "port": "443",
                    "host": https.host_name,
                    "path": "/#{path}",
                    "query": "#{query}",
                    "status_code": "HTTP_301",
                },
            }
        ],
        tags=tags,
        opts=opts,
    )
    listener = aws.lb.Listener(
        f"{name}-https",
        load_balancer_arn=balancer.arn,
        port=443,
        protocol="HTTPS",
        ssl_policy=https.ssl_policy,
        certificate_arn=https.certificate_arn,
        routing_http_response_strict_transport_security_header_value=HSTS,
        # Kotauth would write a foreign host into discovery and into password mails.
        default_actions=[
            {
                "type": "fixed-response",
                "fixed_response": {
                    "status_code": "421",
                    "content_type": "text/plain",
                    "message_body": "Misdirected request",
                },
            }
        ],
        tags=tags,
        opts=opts,
    )
    return aws.lb.ListenerRule(
        f"{name}-public-name",
        listener_arn=listener.arn,
        priority=1,
        conditions=[{"host_header": {"values": [https.host_name]}}],
        actions=[{"type": "forward", "target_group_arn": https.target_group_arn}],
        tags=tags,
        opts=opts,
    )
