"""Looks up a domain's name servers in DNS, and CAA records that forbid ACM to issue a certificate for it."""

from __future__ import annotations

from collections.abc import Collection

import dns.exception
import dns.rdatatype
import dns.resolver

_SECONDS = 5.0
_AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
"""Names in a CAA record that let ACM issue (AWS Certificate Manager guide, "CAA record")."""


class NoAnswerError(Exception):
    """DNS does not answer, or can't be reached from this machine."""


def name_servers(domain: str) -> set[str]:
    """Return the name servers that DNS has for a domain; none if it is not delegated."""
    return {record.rstrip(".").lower() for record in _records(domain, dns.rdatatype.NS)}


def forbidden_by(domain: str) -> str | None:
    """Return the CAA records that forbid ACM to issue a certificate for the domain; None if there are none.

    Only the records of the nearest name count, from the domain upwards (RFC 8659, section 3).
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
