"""The certificate authorities that sign the certificates of Amazon RDS's servers, by region.

Each region has its own authorities. A client that trusts only these refuses a database server of another region.
`rds_ca.pem` names the source and the fingerprint of each authority.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..inputs.error import refused

_CERTIFICATE = re.compile(
    r"^# (\S+) \w+ [0-9a-f]{64}\n(-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n)", re.MULTILINE
)
_BUNDLE = re.compile(r"(-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+")


def rds_ca_bundle(region: str, subject: str = "AwsDatabaseRole", key: str = "ca_bundle") -> str:
    """Return the region's authorities in PEM form.

    Raises ``InvalidInputError`` for a region without authorities; the message asks for the ``key`` of the ``subject``.
    """
    of_region = [pem for known, pem in _certificates() if known == region]
    if not of_region:
        known = ", ".join(sorted({known for known, _ in _certificates()}))
        rule = (
            f'is required in region "{region}", because this program includes the authorities of Amazon RDS only for '
            f"{known}. Set {key} to the content of "
            f"https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem (in a stack: kotauth:databaseCa)"
        )
        raise refused(subject, key, "", rule)
    return "".join(of_region)


def parse_ca_bundle(raw: object) -> str:
    """Parse certificates in PEM form."""
    if not _BUNDLE.fullmatch(str(raw)):
        raise ValueError("must be certificates in PEM form")
    return str(raw)


def _certificates() -> list[tuple[str, str]]:
    """Return region and PEM form of each."""
    return _CERTIFICATE.findall((Path(__file__).parent / "rds_ca.pem").read_text())
