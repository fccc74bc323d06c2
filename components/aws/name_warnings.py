"""Warnings about DNS records that prevent the certificate of the public name.

What the world's DNS says can't be told from what this machine's resolver says, so neither stops a run.
"""

from __future__ import annotations

import pulumi

from . import delegation
from .settings import AwsSettings

_SEEN_FROM_HERE = "If that is what DNS says inside your network only (split horizon), ignore it."


def check_certificate(settings: AwsSettings) -> None:
    """Warn where CAA records keep ACM from certifying the public name."""
    domain = settings.server.base_url.host
    if not settings.has_load_balancer or settings.certificate_arn:
        return
    try:
        forbidden = delegation.forbidden_by(domain)
    except delegation.NoAnswerError as error:
        pulumi.warn(f"DNS can't be asked whether CAA records let ACM certify {domain}: {error}")
        return
    if forbidden:
        pulumi.warn(
            f"{domain} may not be certified by ACM, says {forbidden}. {_SEEN_FROM_HERE} Else let the record name "
            "amazon.com: the certificate would wait for 15 minutes in vain"
        )


def check_delegation(zone_id: str, name: str, ours: set[str]) -> None:
    """Warn where the world sees none of the name servers that the hosted zone has."""
    try:
        seen = delegation.name_servers(name)
    except delegation.NoAnswerError as error:
        pulumi.warn(f"DNS can't be asked whether {name} is delegated to its zone: {error}")
        return
    if not seen & ours:
        pulumi.warn(
            f"{name} is not delegated to zone {zone_id}: its name servers are "
            f"{', '.join(sorted(seen)) or 'none'}, and the zone's are {', '.join(sorted(ours))}. {_SEEN_FROM_HERE} "
            "Else set the zone's servers at the registrar: the certificate would wait for 15 minutes in vain"
        )
