"""Addresses that people give for others to write to or to ask, such as a certificate authority's.

They end up in a proxy's configuration file as they are, so the rules are narrower than the standards'.
"""

from __future__ import annotations

import re

_PLAIN = r"[^\s@\"`{}#]"
"""What a proxy's configuration file takes as itself: no second word, quotation, placeholder or comment."""


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
