"""The public address of the server, exactly as Kotauth gets it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORT_RULE = "must have a port from 1 to 65535, or none"


@dataclass(frozen=True)
class BaseUrl:
    """The public address, exactly as Kotauth gets it."""

    text: str
    host: str
    port: int


def parse_base_url(raw: object) -> BaseUrl:
    """Parse the public address; raise ``ValueError`` with the first rule that it breaks.

    Kotauth itself checks only the `https://` prefix, in lower case and in production; the rest would show later as
    broken redirects (`https://host//t/master`), links and certificates.
    """
    text = str(raw)
    if not text.startswith("https://"):
        raise ValueError("must start with https:// in lower case: TLS is mandatory")
    if text.endswith("/"):
        raise ValueError("must not end with a slash: Kotauth appends its paths to it")
    try:
        url = urlsplit(text)
        port = url.port or 443
    except ValueError:
        raise ValueError(_PORT_RULE) from None
    if url.path or url.query or url.fragment or url.username or "?" in text or "#" in text:
        raise ValueError("must be scheme, host and port only, without path, query or user")
    host = url.hostname or ""
    # As browsers tell them apart: brackets, or a last part that is a number (WHATWG URL, "ends in a number").
    if ":" in host or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]):
        raise ValueError(
            "must name a host, not an IP address: clients send no server name for an address, so no "
            "certificate can be chosen"
        )
    name, colon, digits = text.removeprefix("https://").partition(":")
    if colon and not re.fullmatch(r"[1-9][0-9]*", digits):
        raise ValueError(_PORT_RULE)
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    if not re.fullmatch(rf"{label}(\.{label})*", name) or len(name) > 253:
        raise ValueError("must name a host in lower case, such as auth.example.com")
    return BaseUrl(text, host, port)
