"""The public name: an alias to the load balancer, or an address record for a single host.

The name has one answer, so the alias doesn't evaluate the target's health: there is nothing to fail over to, and a name
without an answer would only hide the load balancer's own error page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from ...inputs.addresses import parse_ipv4_address
from ...inputs.aws_ids import plain
from ...inputs.declaration import Problem, optional, together, value
from ...inputs.parsing import parse_args
from ...inputs.text import pattern
from ...schema.outputs import declared_outputs
from ...schema.tokens import token

_ADDRESS_TTL_SECONDS = 300
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

parse_zone_id = pattern(r"Z[A-Z0-9]{1,31}", "must be the id of a Route 53 hosted zone, such as Z0123456789ABC")


def parse_host_name(raw: object) -> str:
    """Parse one public name; raise ``ValueError`` for wildcards, ports and addresses."""
    text = str(raw)
    if len(text) > 253 or not re.fullmatch(rf"({_LABEL}\.)+(?!\d+$){_LABEL}", text):
        raise ValueError("must be one host name in lower case, such as auth.example.com, without wildcard and port")
    return text


class AliasTarget(TypedDict):
    """A load balancer as the target of a Route 53 alias record."""

    dns_name: pulumi.Input[str]
    """Name that AWS gave the load balancer."""
    zone_id: pulumi.Input[str]
    """Id of the AWS hosted zone of that name."""
    dualstack: NotRequired[bool]
    """Whether it has IPv6 addresses too. Default false."""


@dataclass(frozen=True, kw_only=True)
class _DnsInputs:
    zone_id: pulumi.Input[str] = value(plain(parse_zone_id))
    name: str = value(parse_host_name)
    alias: AliasTarget | None = optional()
    address: pulumi.Input[str] | None = optional(plain(parse_ipv4_address))

    @together
    def check_target(self) -> Iterator[Problem]:
        """Check that the name stands for one thing."""
        if (self.alias is None) == (self.address is None):
            shown = "" if self.alias is None else "set"
            yield Problem("alias", shown, "must be set, or else address: exactly one of them")


class AwsDnsArgs(TypedDict):
    """Inputs of `AwsDns`: the name resolves to either `alias` or `address`."""

    zone_id: pulumi.Input[str]
    """Id of the Route 53 zone that the name belongs to."""
    name: str
    """The public name, such as `auth.example.com`."""
    alias: NotRequired[AliasTarget]
    """Load balancer to which the name resolves."""
    address: NotRequired[pulumi.Input[str]]
    """IPv4 address to which the name resolves."""


class AwsDns(pulumi.ComponentResource):
    """The DNS record of the public name. It does not overwrite an existing record."""

    fqdn: pulumi.Output[str]
    """Full name, known once the record is in the zone."""

    def __init__(self, name: str, args: AwsDnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the record."""
        inputs = parse_args(_DnsInputs, AwsDnsArgs, name, args)
        alias, address = inputs.alias, inputs.address
        super().__init__(token("AwsDns"), name, {"name": inputs.name}, opts)
        child = pulumi.ResourceOptions(parent=self)

        if alias is None:
            record = aws.route53.Record(
                name,
                zone_id=inputs.zone_id,
                name=inputs.name,
                type="A",
                ttl=_ADDRESS_TTL_SECONDS,
                records=[address] if address is not None else [],
                opts=child,
            )
        else:
            record = _alias(name, "A", inputs, alias, child)
            if alias.get("dualstack", False):
                _alias(f"{name}-ipv6", "AAAA", inputs, alias, child)
        self.fqdn = record.fqdn
        self.register_outputs(declared_outputs(self, AwsDns))


def _alias(
    name: str, kind: str, inputs: _DnsInputs, target: AliasTarget, opts: pulumi.ResourceOptions
) -> "aws.route53.Record":
    return aws.route53.Record(
        name,
        zone_id=inputs.zone_id,
        name=inputs.name,
        type=kind,
        aliases=[{"name": target["dns_name"], "zone_id": target["zone_id"], "evaluate_target_health": False}],
        opts=opts,
    )
