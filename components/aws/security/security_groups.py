"""Rules of security groups: between two groups (by group, never by address), and from and to the internet."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.number import whole_number

WORLD = "0.0.0.0/0"
DESCRIPTION = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
"""Description that EC2 accepts for a rule of a security group."""


class Egress(TypedDict):
    """A TCP port on which hosts may reach the internet."""

    port: int
    """TCP port."""
    description: str
    """Purpose of the port."""


HTTPS_PORT = 443
_PURPOSES = {
    HTTPS_PORT: "AWS, image registries, update check, leaked password check, social login, webhooks",
    465: "Mail over TLS",
    587: "Mail with STARTTLS",
}
EGRESS_PORTS = [*_PURPOSES]
"""Default. DNS and time need no rule: the VPC's own resolver and clock are not behind security groups."""
_MOST_PORTS = 10
_port = whole_number("a TCP port", 1, 65535)


def parse_egress_ports(raw: object) -> list[int]:
    """Return the TCP ports on which a host may reach the internet; raise ``ValueError`` with the rule.

    Port 25 is allowed here, but AWS drops what EC2 sends to it until the account asks for it ("Restriction on email
    sent using port 25", Amazon EC2 user guide).
    """
    parts: list[Any] = list(raw) if isinstance(raw, list | tuple) else str(raw).split(",")  # pyright: ignore[reportUnknownArgumentType]
    ports = [_port(str(part).strip()) for part in parts]
    if HTTPS_PORT not in ports:
        raise ValueError("must contain 443: without it a host reaches neither AWS nor a registry")
    if len({*ports}) < len(ports):
        raise ValueError("must name each port once")
    if len(ports) > _MOST_PORTS:
        raise ValueError(f"must be at most {_MOST_PORTS} ports (got {len(ports)}): list only the ports that are needed")
    return ports


def ways_out(ports: Sequence[int]) -> list[Egress]:
    """Return an egress rule for each port, with its purpose as the description if the purpose is known."""
    return [{"port": port, "description": _PURPOSES.get(port, f"TCP {port}, by setting")} for port in ports]


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


def allow_in(
    name: str,
    group: pulumi.Input[str],
    ports: Mapping[int, str],
    *,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Let the internet open TCP connections to ports of a group; ``ports`` has the purpose of each."""
    return [
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-{port}",
            security_group_id=group,
            cidr_ipv4=WORLD,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            description=purpose,
            tags=tags,
            opts=opts,
        )
        for port, purpose in ports.items()
    ]
