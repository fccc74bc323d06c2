"""The world's name servers, in the place of the resolver: no test asks real ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import dns.rdata
import dns.rdatatype
import dns.resolver
import dns.rrset


@dataclass
class World:
    """The records of each name; a name without records doesn't exist."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict[tuple[str, str], list[str]])
    """Name and type to records, as a zone file has them."""
    error: Exception | None = None
    """What every question ends with, where DNS can't be asked."""
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def resolve(self, name: str, kind: dns.rdatatype.RdataType, lifetime: float) -> Iterable[dns.rdata.Rdata]:
        """Answer as `dns.resolver.resolve` does."""
        assert 0 < lifetime <= 10, "no look-up may take longer before anything is made"
        question = name, dns.rdatatype.to_text(kind)
        self.asked.append(question)
        if self.error:
            raise self.error
        if question in self.records:
            return dns.rrset.from_text_list(f"{name}.", 300, "IN", question[1], self.records[question])
        # Names below make a name exist, too.
        if any(f".{known}".endswith(f".{name}") for known, _ in self.records):
            raise dns.resolver.NoAnswer
        raise dns.resolver.NXDOMAIN
