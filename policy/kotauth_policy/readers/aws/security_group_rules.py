"""Security group rules in one shape, whichever of the provider's three forms a program writes them in.

Inline in the group, as `SecurityGroupRule`, or as `vpc.SecurityGroupIngressRule` and `EgressRule`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...engine.resource import Resource
from ...engine.value import ABSENT, Value
from ...engine.verdict import UndecidableError
from ..networks import is_world
from .resources import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    INGRESS_RULE,
    PREFIX_LIST,
    PREFIX_LIST_ENTRY,
    SECURITY_GROUP,
    SECURITY_GROUP_FORMS,
    SECURITY_GROUP_RULE,
)
from .security_group_members import groups_named, has_stranger, identity

STANDALONE = (SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
_ANY = "-1"
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": _ANY}
_CIDRS = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
_PREFIX_LISTS = ("prefixListIds", "prefixListId")
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
        given = (self.body.field(name) for name in names if name in self.body.fields())
        return next(given, Value(".".join(filter(None, (self.path, names[0]))), ABSENT))

    @property
    def protocol(self) -> str:
        """The protocol by its name, `-1` for any."""
        name = (self.field("ipProtocol", "protocol").text() or _ANY).lower()
        return _NUMBERS.get(name, name)

    @property
    def ports(self) -> tuple[float, float]:
        """The range of ports; all of them where the protocol is any."""
        if self.protocol == _ANY:
            return 0, 65535
        first = self.field("fromPort").number() or 0
        last = self.field("toPort").number()
        return first, first if last is None else last

    @property
    def has_ports(self) -> bool:
        """Whether its protocol has ports: ICMP has types instead."""
        return self.protocol not in ("icmp", "icmpv6")

    @property
    def networks(self) -> list[Value]:
        """The networks that it names."""
        return self._elements(*_CIDRS)

    @property
    def prefix_lists(self) -> list[Value]:
        """The lists of networks that it names."""
        return self._elements(*_PREFIX_LISTS)

    @property
    def is_from_anywhere(self) -> bool:
        """Whether it is about the whole world; raises ``UndecidableError`` for a network that is unknown.

        A network or an address that comes from a resource of AWS is that resource's, whatever it will be.
        """
        networks = [*self.networks, *(network for each in self.prefix_lists for network in self._listed(each))]
        if any(is_world(cidr) for cidr in networks if not cidr.is_unknown):
            return True
        for cidr in self.networks:
            if cidr.is_unknown and not self._is_of_aws(cidr):
                raise UndecidableError(cidr.path)
        return False

    def groups(self) -> list[Resource]:
        """Return the groups of the stack that it belongs to."""
        if self.inline:
            return [identity(self.resource)]
        group = self.field("securityGroupId")
        # A number or a list names none; reading it as text says so.
        return groups_named(self.resource, group) if group.is_unknown or group.text() else []

    def peers(self) -> list[Resource]:
        """Return the groups of the stack at the other end."""
        named = [group for value in self._peer_values() for group in groups_named(self.resource, value)]
        return [*named, *(self.groups() if self.field("self").flag() else ())]

    def has_stranger(self) -> bool:
        """Whether a group from elsewhere is at the other end."""
        rules = [self]
        if self.inline:
            rules = [replace(self, body=body) for body in self.resource.get(self.inline).items()]
        every_value = (value for rule in rules for value in rule._peer_values())
        return has_stranger(self.resource, self._peer_values(), every_value)

    def _peer_values(self) -> list[Value]:
        if self.inline:
            return self._elements("securityGroups")
        value = self.field(_PEERS.get(self.resource.type, "referencedSecurityGroupId"))
        return [value] if not value.is_absent or groups_named(self.resource, value) else []

    def _elements(self, *names: str) -> list[Value]:
        named = [self.body.field(name) for name in names if name in self.body.fields()]
        parts = (each.items() if isinstance(each.raw, list) else [each] for each in named)
        return [part for each in parts for part in each if not part.is_absent and part.raw != ""]

    def _listed(self, prefix_list: Value) -> Iterator[Value]:
        """Yield the networks of a list of the stack."""
        for list_here in self.resource.origins_of(prefix_list, PREFIX_LIST):
            yield from (entry.field("cidr") for entry in list_here.get("entries").items())
            for entry, name in list_here.in_stack().consumers(list_here, PREFIX_LIST_ENTRY):
                if name == "prefixListId":
                    yield entry.get("cidr")

    def _is_of_aws(self, value: Value) -> bool:
        types = (source.type for source in self.resource.sources(value.root))
        return any(type_.startswith("aws:") and type_ not in SECURITY_GROUP_FORMS for type_ in types)


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
