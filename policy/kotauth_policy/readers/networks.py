"""IP networks: which are so large that all addresses are meant."""

from __future__ import annotations

import ipaddress

from ..engine.value import Value
from ..engine.verdict import MalformedError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE = ipaddress.IPv6Network("fc00::/7")
"""The private networks of IPv6, whose prefix is short."""


def parse_network(text: str) -> Network | None:
    """Return a network, or an address as a network of one, ``None`` where a text is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def is_nearly_all(network: Network) -> bool:
    """Whether a network is larger than any that has one owner: a prefix shorter than 8 bits, of IPv6 than 16."""
    return network.prefixlen < (8 if network.version == 4 else 16)


def is_world(cidr: Value) -> bool:
    """Whether a network is all addresses, or so many that it is meant to be all.

    Raises ``MalformedError`` where it is none.
    """
    text = cidr.text()
    if not text:
        return False
    network = parse_network(text)
    if network is None:
        raise MalformedError(cidr.path, "a network such as 10.0.0.0/16")
    is_private = isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_PRIVATE)
    return is_nearly_all(network) and not is_private
