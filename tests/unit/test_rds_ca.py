"""The kept certificate authorities of Amazon RDS: whole, valid, and each region's own."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from components.inputs.error import InvalidInputError
from components.postgres import rds_ca
from components.postgres.rds_ca import parse_ca_bundle, rds_ca_bundle

FILE = Path(rds_ca.__file__).with_name("rds_ca.pem").read_text()
HEADERS = re.findall(r"^# (\S+) (\w+) ([0-9a-f]{64})$", FILE, re.MULTILINE)
"""Region, algorithm and fingerprint before each certificate."""
REGIONS = sorted({region for region, _, _ in HEADERS})


def certificates(region: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(rds_ca_bundle(region).encode())


def test_every_certificate_has_its_line() -> None:
    assert len(HEADERS) == FILE.count("BEGIN CERTIFICATE") == 3 * len(REGIONS)
    assert "eu-central-1" in REGIONS


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_has_its_three_authorities_and_no_other_s(region: str) -> None:
    names = [
        certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
        for certificate in certificates(region)
    ]
    assert names == [f"Amazon RDS {region} Root CA {kind} G1" for kind in ("RSA2048", "RSA4096", "ECC384")]


@pytest.mark.parametrize("region", REGIONS)
def test_the_fingerprints_are_those_of_the_file(region: str) -> None:
    listed = [fingerprint for known, _, fingerprint in HEADERS if known == region]
    assert [certificate.fingerprint(hashes.SHA256()).hex() for certificate in certificates(region)] == listed


@pytest.mark.parametrize("region", REGIONS)
def test_each_is_an_authority_that_signed_itself_and_is_valid_for_years(region: str) -> None:
    for certificate in certificates(region):
        certificate.verify_directly_issued_by(certificate)
        assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert certificate.not_valid_before_utc.year < 2026
        assert certificate.not_valid_after_utc > datetime.datetime(2056, 1, 1, tzinfo=datetime.UTC)


def test_another_region_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(
        InvalidInputError,
        match=r'^AwsDatabaseRole it is not valid:\n  databaseCa = "": is required in region "ca-west-1".*'
        r"Set databaseCa to the content of https://\S+/ca-west-1/ca-west-1-bundle.pem \(",
    ):
        rds_ca_bundle("ca-west-1", "AwsDatabaseRole it", "databaseCa")


def test_what_is_given_must_be_certificates() -> None:
    bundle = rds_ca_bundle("eu-central-1")
    assert parse_ca_bundle(bundle) == bundle
    for wrong in ("rds.pem", bundle[:-40], "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----"):
        with pytest.raises(ValueError, match="must be certificates in PEM form"):
            parse_ca_bundle(wrong)
