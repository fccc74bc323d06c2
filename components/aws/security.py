"""Rules between security groups: whoever speaks to whom stands in both groups, by group and never by address."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

WORLD = "0.0.0.0/0"


class Egress(TypedDict):
    """A way out to the internet."""

    port: int
    """TCP port."""
    description: str
    """What it is for."""


DEFAULT_EGRESS: list[Egress] = [
    {"port": 443, "description": "AWS, image registries, update check, leaked password check, social login, webhooks"},
    {"port": 465, "description": "Mail over TLS"},
    {"port": 587, "description": "Mail with STARTTLS"},
]
"""DNS and time need no rule: the VPC's own resolver and clock are not behind security groups."""


def allow_between(  # noqa: PLR0913 - who may speak to whom, on what, and why
    name: str,
    *,
    client_group: pulumi.Input[str],
    server_group: pulumi.Input[str],
    port: pulumi.Input[int],
    description: str,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Let the client's group open TCP connections to a port of the server's group; return the two rules."""
    way_out = aws.vpc.SecurityGroupEgressRule(
        f"{name}-egress",
        security_group_id=client_group,
        referenced_security_group_id=server_group,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=description,
        tags=tags,
        opts=opts,
    )
    way_in = aws.vpc.SecurityGroupIngressRule(
        f"{name}-ingress",
        security_group_id=server_group,
        referenced_security_group_id=client_group,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description=description,
        tags=tags,
        opts=opts,
    )
    return [way_out, way_in]


def allow_out(
    name: str,
    group: pulumi.Input[str],
    ways: Sequence[Egress],
    *,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> None:
    """Let a group open TCP connections to the internet on these ports."""
    for way in ways:
        aws.vpc.SecurityGroupEgressRule(
            f"{name}-to-{int(way['port'])}",
            security_group_id=group,
            cidr_ipv4=WORLD,
            ip_protocol="tcp",
            from_port=int(way["port"]),
            to_port=int(way["port"]),
            description=way["description"],
            tags=tags,
            opts=opts,
        )
