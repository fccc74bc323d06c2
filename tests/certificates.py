"""Certificate chains and keys for tests, with every mistake that a user can make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

HOST = "auth.example.com"
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Signer:
    """A certificate authority."""

    pem: str
    name: x509.Name
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, as PEM."""

    certificate: str
    key: str
    private_key: ec.EllipticCurvePrivateKey

    @property
    def chain(self) -> str:
        """The certificate and the intermediate certificate that issued it."""
        return self.certificate + intermediate().pem

    def encrypted_key(self) -> str:
        """Return the key with a passphrase."""
        return _key_pem(self.private_key, BestAvailableEncryption(b"secret"))


@cache
def root() -> Signer:
    """Return the authority that clients trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
    return Signer(_certificate(name, key, Signer("", name, key), authority=True), name, key)


@cache
def intermediate() -> Signer:
    """Return the authority that issues certificates of hosts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test intermediate")])
    return Signer(_certificate(name, key, root(), authority=True), name, key)


@cache
def issued(*names: str, begin: float = -1, end: float = 30) -> Issued:
    """Return a certificate for DNS names, by default for `HOST`. It is valid between two days, counted from today."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    pem = _certificate(subject, key, intermediate(), names or (HOST,), begin, end)
    return Issued(pem, _key_pem(key, NoEncryption()), key)


def _certificate(  # noqa: PLR0917 - what a certificate says
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: Signer,
    names: tuple[str, ...] = (),
    begin: float = -1,
    end: float = 365,
    *,
    authority: bool = False,
) -> str:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=begin))
        .not_valid_after(NOW + timedelta(days=end))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names and names != ("",):
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()
