"""Security group rules in one shape, whichever of the provider's three forms a program writes them in.

Inline in the group, as `SecurityGroupRule`, or as `vpc.SecurityGroupIngressRule` and `EgressRule`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..resource import Resource, Stack
from ..value import ABSENT, Value
from ..verdict import UndecidableError
from .aws import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    GROUP,
    GROUP_ATTACHMENTS,
    HOSTS,
    INGRESS_RULE,
    INSTANCE,
    LAUNCH_TEMPLATE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    SUBNET,
    TARGET_ATTACHMENTS,
    VPC,
    is_world,
    sources,
)

FORMS = (SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
"""Resources that can hold a rule."""
STANDALONE = (SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
_ANY = "-1"
_CIDRS = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
_MEMBERSHIPS = (
    "vpcSecurityGroupIds",
    "securityGroups",
    "securityGroupIds",
    "networkInterfaces",
    "vpcConfig",
    "networkConfiguration",
)
"""Properties that put a resource into groups: a host, a database, a load balancer, a function, a service of ECS."""
_TARGETS = ("targetGroupArns", "trafficSources")
_PEERS = {SECURITY_GROUP_RULE: "sourceSecurityGroupId", INGRESS_RULE: "referencedSecurityGroupId"}


@dataclass(frozen=True)
class SecurityGroupRule:
    """One rule of a group: who may speak to whom, on what."""

    resource: Resource
    """Resource that the program writes it in."""
    ingress: bool
    body: Value
    """The object that holds the fields: an inline rule, or the resource itself."""
    inline: str = ""
    """Property of the group, empty for a rule of its own."""

    @property
    def path(self) -> str:
        """Where the rule stands in the resource."""
        return self.body.path

    def field(self, *names: str) -> Value:
        """Return the first of these fields that is there; the forms name them differently."""
        found = (self.body.field(name) for name in names if name in self.body.fields())
        return next(found, Value(".".join(filter(None, (self.path, names[0]))), ABSENT))

    @property
    def protocol(self) -> str:
        """The protocol, `-1` for any."""
        return (self.field("ipProtocol", "protocol").text() or _ANY).lower().replace("all", _ANY)

    @property
    def ports(self) -> tuple[float, float]:
        """The range of ports; all of them where the protocol is any."""
        if self.protocol == _ANY:
            return 0, 65535
        first = self.field("fromPort").number() or 0
        last = self.field("toPort").number()
        return first, first if last is None else last

    @property
    def networks(self) -> list[Value]:
        """The networks that it names."""
        named = [self.body.field(name) for name in _CIDRS if name in self.body.fields()]
        return [cidr for each in named for cidr in (each.items() if isinstance(each.raw, list) else [each])]

    @property
    def is_from_anywhere(self) -> bool:
        """Whether it is about the whole world; raises ``UndecidableError`` for a network that is unknown.

        A network that comes from a VPC or a subnet is private, whatever it will be.
        """
        property_ = self.inline or next((name for name in _CIDRS if name in self.body.fields()), "")
        unknown = [cidr for cidr in self.networks if cidr.is_unknown]
        if any(is_world(cidr) for cidr in self.networks if not cidr.is_unknown):
            return True
        if unknown and not sources(self.resource, property_, VPC, SUBNET):
            raise UndecidableError(unknown[0].path)
        return False

    def groups(self) -> list[Resource]:
        """Return the groups of the stack that it belongs to."""
        return [self.resource] if self.inline else sources(self.resource, "securityGroupId", SECURITY_GROUP)

    def peers(self) -> list[Resource]:
        """Return the groups of the stack at the other end."""
        return sources(
            self.resource, self.inline or _PEERS.get(self.resource.type, "referencedSecurityGroupId"), SECURITY_GROUP
        )


def rules_of(resource: Resource) -> Iterator[SecurityGroupRule]:
    """Yield the rules that a resource holds."""
    if resource.type in (SECURITY_GROUP, DEFAULT_SECURITY_GROUP):
        for name in ("ingress", "egress"):
            yield from (
                SecurityGroupRule(resource, name == "ingress", body, name) for body in resource.get(name).items()
            )
    elif resource.type == SECURITY_GROUP_RULE:
        yield SecurityGroupRule(resource, resource.get("type").text() == "ingress", resource.properties)
    else:
        yield SecurityGroupRule(resource, resource.type == INGRESS_RULE, resource.properties)


def groups_of_hosts(stack: Stack, *, behind_balancer: bool) -> list[Resource]:
    """Return the groups of the hosts; those behind a load balancer, or all others."""
    balanced = _balanced(stack)
    hosts = [host for host in stack.of_type(*HOSTS) if (host.urn in balanced) == behind_balancer]
    return [group for host in hosts for group in groups_of(host)]


def _balanced(stack: Stack) -> set[str]:
    """Return the URNs of the instances and launch templates of the hosts behind a load balancer."""
    groups = [group for group in stack.of_type(GROUP) if any(_is_filled(group.get(name)) for name in _TARGETS)]
    for attachment in stack.of_type(*GROUP_ATTACHMENTS):
        groups += sources(attachment, "autoscalingGroupName", GROUP)
    instances = [
        instance
        for attachment in stack.of_type(*TARGET_ATTACHMENTS)
        for instance in sources(attachment, "targetId", INSTANCE)
    ]
    templates = [
        template
        for host in (*groups, *instances)
        for name in ("launchTemplate", "mixedInstancesPolicy")
        for template in sources(host, name, LAUNCH_TEMPLATE)
    ]
    return {each.urn for each in (*instances, *templates)}


def _is_filled(value: Value) -> bool:
    return value.is_unknown or bool(value.items())


def groups_of(resource: Resource) -> list[Resource]:
    """Return the groups of the stack that a resource is in."""
    return [group for name in _MEMBERSHIPS for group in sources(resource, name, SECURITY_GROUP)]
