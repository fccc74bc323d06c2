"""IP networks: which are so large that all addresses are meant."""

from __future__ import annotations

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_network(text: str) -> Network | None:
    """Return a network, or an address as a network of one, ``None`` where a text is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def is_nearly_all(network: Network) -> bool:
    """Whether a network is larger than any that has one owner: a prefix shorter than 8 bits, of IPv6 than 16."""
    return network.prefixlen < (8 if network.version == 4 else 16)
