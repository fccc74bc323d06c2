"""Asks public DNS for a domain's name servers, and for CAA records that forbid a certificate of ACM."""

from __future__ import annotations

from collections.abc import Collection

import dns.exception
import dns.rdatatype
import dns.resolver

_SECONDS = 5.0
_AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
"""What a CAA record must name so that ACM may issue (AWS Certificate Manager guide, "CAA record")."""


class NoAnswerError(Exception):
    """DNS can't be asked from here."""


def name_servers(domain: str) -> set[str]:
    """Return the name servers that the world sees for a domain, none where it is not delegated."""
    return {record.rstrip(".").lower() for record in _records(domain, dns.rdatatype.NS)}


def forbidden_by(domain: str) -> str | None:
    """Return the CAA records that keep ACM from certifying the domain, None where nothing does.

    The nearest name with such records decides, from the domain upwards (RFC 8659, section 3).
    """
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        name = ".".join(labels[start:])
        records = _records(name, dns.rdatatype.CAA)
        issuers = [record for record in records if record.split()[1] == "issue"]
        if records:
            allowed = any(record.split()[2].strip('"').split(";")[0] in _AMAZON for record in issuers)
            return None if allowed or not issuers else f"{name}: {'; '.join(issuers)}"
    return None


def _records(domain: str, kind: dns.rdatatype.RdataType) -> Collection[str]:
    try:
        return [record.to_text() for record in dns.resolver.resolve(domain, kind, lifetime=_SECONDS)]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise NoAnswerError(str(error)) from error
