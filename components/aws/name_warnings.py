"""Warnings about DNS records that prevent the certificate of the public name.

They are warnings, not errors, because this machine's resolver may give other answers than public DNS.
"""

from __future__ import annotations

import pulumi

from . import delegation
from .settings import AwsSettings

_SPLIT_HORIZON = "Ignore this warning if only DNS inside your network gives this answer (split horizon)."
_CONSEQUENCE = "Otherwise ACM does not issue the certificate, and the deployment fails after 15 minutes."


def check_certificate(settings: AwsSettings) -> None:
    """Warn if CAA records forbid ACM to issue a certificate for the public name."""
    domain = settings.server.base_url.host
    if not settings.has_load_balancer or settings.certificate_arn:
        return
    try:
        forbidden = delegation.forbidden_by(domain)
    except delegation.NoAnswerError as error:
        pulumi.warn(
            f"the CAA records of {domain} are not checked, because DNS does not answer ({error}). ACM issues a "
            "certificate only if there are none or if they name amazon.com. Check the domain and its parent domains: "
            f"`dig CAA {domain}`"
        )
        return
    if forbidden:
        pulumi.warn(
            f"CAA records forbid ACM to issue a certificate for {domain}: {forbidden}. Add a record that names "
            f"amazon.com. {_CONSEQUENCE} {_SPLIT_HORIZON}"
        )


def check_delegation(zone_id: str, name: str, ours: set[str]) -> None:
    """Warn if DNS returns none of the hosted zone's name servers (``ours``) for the zone's ``name``."""
    try:
        seen = delegation.name_servers(name)
    except delegation.NoAnswerError as error:
        pulumi.warn(
            f"the delegation of {name} is not checked, because DNS does not answer ({error}). ACM needs it. "
            f"Make sure that `dig NS {name}` prints name servers of zone {zone_id}, such as {min(ours)}"
        )
        return
    if not seen & ours:
        pulumi.warn(
            f"{name} is not delegated to zone {zone_id}: its name servers are "
            f"{', '.join(sorted(seen)) or 'none'}, and the zone's are {', '.join(sorted(ours))}. Set the zone's name "
            f"servers at the registrar of {name}. {_CONSEQUENCE} {_SPLIT_HORIZON}"
        )
