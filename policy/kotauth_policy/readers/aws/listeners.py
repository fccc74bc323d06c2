"""Load balancers, their listeners and target groups: of which kind each is, and which protocol it speaks."""

from __future__ import annotations

import re

from ...engine.resource import Resource
from .resources import LISTENERS, LOAD_BALANCERS, TARGET_GROUPS, sources

TLS = ("HTTPS", "TLS")
"""Protocols with TLS, of an application and of a network load balancer."""
_ARN_KINDS = {"app": "application", "net": "network", "gwy": "gateway"}


def kind_of(balancer: Resource) -> str:
    """Return which kind of load balancer it is: application, network or gateway."""
    return (balancer.get("loadBalancerType").text() or "application").lower()


def is_application(balancer: Resource) -> bool:
    """Whether a load balancer is an application load balancer."""
    return kind_of(balancer) == "application"


def is_no_gateway(balancer: Resource) -> bool:
    """Whether a load balancer ends connections; a gateway load balancer forwards packets to appliances."""
    return kind_of(balancer) != "gateway"


def is_public(balancer: Resource) -> bool:
    """Whether a load balancer receives requests from the internet."""
    return is_application(balancer) and not balancer.get("internal").flag()


def kind_before(listener: Resource) -> str:
    """Return which kind of load balancer a listener is of, by its origin or by its ARN."""
    if balancers := sources(listener, "loadBalancerArn", *LOAD_BALANCERS):
        return kind_of(balancers[0])
    targets = sources(listener, "defaultActions", *TARGET_GROUPS)
    if targets and all(map(is_of_gateway, targets)):
        return "gateway"
    kind = re.search(r":loadbalancer/(app|net|gwy)/", listener.get("loadBalancerArn").known_text())
    return _ARN_KINDS[kind[1]] if kind else "application"


def protocol_of(listener: Resource) -> str:
    """Return what a listener speaks; an application load balancer's speaks HTTP where the program says nothing."""
    if (named := (listener.get("protocol").text() or "").upper()) or kind_before(listener) != "application":
        return named
    return "HTTP"


def is_plain(listener: Resource) -> bool:
    """Whether a listener speaks HTTP without TLS."""
    return protocol_of(listener) == "HTTP"


def is_encrypted(listener: Resource) -> bool:
    """Whether a listener ends TLS."""
    return protocol_of(listener) in TLS


def listeners_of(balancer: Resource) -> list[Resource]:
    """Return the listeners of the stack that a load balancer has."""
    return [
        listener for listener, name in balancer.in_stack().consumers(balancer, *LISTENERS) if name == "loadBalancerArn"
    ]


def is_before_application(listener: Resource) -> bool:
    """Whether a listener forwards everything to application load balancers."""
    targets = sources(listener, "defaultActions", *TARGET_GROUPS)
    return bool(targets) and all(target_type(each) == "alb" for each in targets)


def is_of_gateway(target_group: Resource) -> bool:
    """Whether a target group is one of a gateway load balancer's."""
    protocol = target_group.get("protocol")
    return not protocol.is_unknown and isinstance(protocol.raw, str) and protocol.raw.upper() == "GENEVE"


def target_type(group: Resource) -> str:
    """Return what a target group holds: instances, addresses, functions or load balancers."""
    return (group.get("targetType").text() or "instance").lower()
