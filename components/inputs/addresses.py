"""Rules for e-mail addresses, URLs and networks.

All of them end up in a proxy's configuration file as they are, so the rules are narrower than the standards'.
"""

from __future__ import annotations

import ipaddress
import re

from .text import items

_PLAIN = r"[^\s@\"`{}#]"
"""Character that a configuration file of a proxy takes as itself: no blank, quotation, placeholder or comment."""

_PASSWORD = re.compile(r"((?:^sftp:|://)[^:/@\s]*):\S+@")
"""Password of a user in an address, with the `@` signs that it contains."""


def without_passwords(text: str) -> str:
    """Replace the passwords in the addresses of a text, as far as the last `@`: a password can contain one."""
    return _PASSWORD.sub(r"\1:[secret]@", text)


def parse_email(raw: object) -> str:
    """Parse an e-mail address, one that every configuration file takes as it is."""
    if not re.fullmatch(rf"{_PLAIN}+@{_PLAIN}+\.{_PLAIN}+", str(raw)):
        raise ValueError("must be an e-mail address")
    return str(raw)


def parse_https_url(raw: object) -> str:
    """Parse an https URL, one that every configuration file takes as it is."""
    if not re.fullmatch(rf"https://[A-Za-z0-9.-]+(:[0-9]+)?(/{_PLAIN}*)?", str(raw)):
        raise ValueError("must be an https URL")
    return str(raw)


def parse_ipv4_address(raw: object) -> str:
    """Parse an IPv4 address."""
    try:
        return str(ipaddress.IPv4Address(str(raw)))
    except ValueError:
        raise ValueError("must be an IPv4 address such as 203.0.113.10") from None


def ipv4_network(cidr: str) -> ipaddress.IPv4Network:
    """Return an IPv4 network; raise ``ValueError`` for a spelling that a proxy or AWS would refuse.

    Python also takes a mask in place of the number of bits, and zeros before that number.
    """
    network = ipaddress.IPv4Network(cidr)
    if cidr not in (str(network), str(network.network_address)):
        raise ValueError(f"write {network} for {cidr}")
    return network


def parse_networks(raw: object) -> list[str]:
    """Parse IPv4 networks that may reach the admin console, as a list or as text with commas."""
    cidrs = items(raw)
    for cidr in cidrs:
        try:
            network = ipv4_network(cidr)
        except ValueError as error:
            raise ValueError(f"must be IPv4 networks such as 203.0.113.0/24 ({error})") from None
        if network.prefixlen == 0:
            raise ValueError("must not contain 0.0.0.0/0: leave it empty to allow all networks")
    return cidrs
