"""The certificate chain and the key that a user brings: read as PEM text or from a file, and checked.

The checks find at preview what a proxy would find at its start, and what clients would refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s.*?-----END \1-----", re.DOTALL)
_BEGIN = "-----BEGIN "
_KEY = "PRIVATE KEY"
_SHOWN_NAMES = 5


@dataclass(frozen=True)
class Pem:
    """The PEM blocks of a value."""

    given: str
    """The value: the text itself, or the path of its file."""
    source: str
    """Source of the blocks in messages: the path, or `its text`."""
    blocks: Sequence[str]

    def __repr__(self) -> str:
        """Show no key."""
        return f"Pem({self.source})"

    @property
    def text(self) -> str:
        """The blocks alone, one after the other."""
        return "".join(f"{block}\n" for block in self.blocks)


def is_path(raw: object) -> bool:
    """Return whether a value names a file, and is not PEM text."""
    return _BEGIN not in str(raw)


def parse_chain(raw: object) -> Pem:
    """Parse a chain as PEM text or as a file's path; raise ``ValueError`` where it is not certificates."""
    text, source = _read(raw, str(raw))
    blocks = _blocks(text)
    if any(kind.endswith(_KEY) for kind, _ in blocks):
        raise ValueError(f"must be certificates only: {source} also has a private key, which has its own setting")
    return _pem(raw, source, "certificate", [block for kind, block in blocks if kind == "CERTIFICATE"], _certificate)


def parse_key(raw: object) -> Pem:
    """Parse a key as PEM text or as a file's path; raise ``ValueError`` where it is not one unencrypted private key."""
    # What does not look like a path may be a key in another form than PEM, which no message may show.
    text, source = _read(raw, str(raw) if re.fullmatch(r".+\..+", str(raw)) else "its file")
    keys = [(kind, block) for kind, block in _blocks(text) if kind.endswith(_KEY)]
    if any(kind.startswith("ENCRYPTED") or "Proc-Type: 4,ENCRYPTED" in block for kind, block in keys):
        raise ValueError(
            f"must be a key without a passphrase: the key in {source} is encrypted; "
            "decrypt it with `openssl pkey -in FILE -out NEW_FILE`"
        )
    if len(keys) > 1:
        raise ValueError(f"must be one private key: {source} has {len(keys)}; keep the key of the certificate")
    return _pem(raw, source, "private key", [block for _, block in keys], _private_key)


def chain_problem(chain: Pem, key: Pem, host: str, now: datetime) -> str:
    """Return the rule that a chain breaks beside its key, for a host name, at a time; empty if there is none."""
    certificates = [_certificate(block) for block in chain.blocks]
    owner = _owner(certificates, key)
    if owner:
        return (
            f"must begin with the certificate of the key, which is number {owner + 1} in {chain.source}: "
            "put it first, and after each certificate its issuer"
        )
    for number, (subject, issuer) in enumerate(pairwise(certificates), 1):
        if not _is_issued_by(subject, issuer):
            return (
                f"must have the issuer after each certificate: number {number + 1} in {chain.source} "
                f"did not issue number {number}; correct the order, or remove what is not of the chain"
            )
    for number, certificate in enumerate(certificates, 1):
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if now > end:
            return f"must be valid now: number {number} in {chain.source} expired on {end:%Y-%m-%d}; renew it"
        if now < begin:
            return (
                f"must be valid now: number {number} in {chain.source} is valid only from {begin:%Y-%m-%d %H:%M} UTC; "
                "wait until then, or use another certificate"
            )
    names = _host_names(certificates[0])
    if not any(_covers(name, host) for name in names):
        listed = ", ".join(names[:_SHOWN_NAMES]) or "no host name"
        return (
            f"must be for {host}, the host name of {{base_url}}: the certificate in {chain.source} is for {listed}; "
            "use a certificate with this name in its subject alternative names"
        )
    return ""


def key_problem(chain: Pem, key: Pem) -> str:
    """Return the rule that a key breaks beside its chain; empty if there is none."""
    if _owner([_certificate(block) for block in chain.blocks], key) is None:
        return (
            f"must be the key of the certificate in {chain.source}: the key in {key.source} is another; "
            "give the key that was made with the request of this certificate"
        )
    return ""


def _read(raw: object, shown: str) -> tuple[str, str]:
    """Return the text of a value or of its file, and the name of that source for messages."""
    if not is_path(raw):
        return str(raw), "its text"
    try:
        # A file of the project: Pulumi runs the program in the project's folder.
        return Path(str(raw)).expanduser().read_text(encoding="utf-8", errors="replace"), shown
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", "") or "not a path"
        raise ValueError(
            f"must be PEM text or the path of a readable file: {shown} can't be read ({reason}); "
            "a relative path starts in the project's folder"
        ) from None


def _blocks(text: str) -> list[tuple[str, str]]:
    """Return each PEM block with its kind."""
    return [(block[1], "\n".join(line.strip() for line in block[0].splitlines())) for block in _BLOCK.finditer(text)]


def _pem(raw: object, source: str, what: str, blocks: list[str], load: Callable[[str], object]) -> Pem:
    if not blocks:
        raise ValueError(f"must be in PEM form: {source} has no complete block -----BEGIN {what.upper()}-----")
    for number, block in enumerate(blocks, 1):
        try:
            load(block)
        except Exception:  # Of several kinds, and none may show a key.
            raise ValueError(f"must be in PEM form: {what} number {number} in {source} is damaged") from None
    return Pem(str(raw), source, tuple(blocks))


def _certificate(block: str) -> Any:  # noqa: ANN401 - a certificate of the library
    # Only stacks that bring a certificate load the library.
    from cryptography import x509  # noqa: PLC0415

    return x509.load_pem_x509_certificate(block.encode())


def _private_key(block: str) -> Any:  # noqa: ANN401 - a key of the library
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    return load_pem_private_key(block.encode(), None)


def _owner(certificates: Sequence[Any], key: Pem) -> int | None:
    """Return the index of the certificate with the key's public part."""
    public = _private_key(key.blocks[0]).public_key()
    return next((index for index, each in enumerate(certificates) if each.public_key() == public), None)


def _is_issued_by(subject: Any, issuer: Any) -> bool:  # noqa: ANN401 - certificates
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    try:
        subject.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _host_names(certificate: Any) -> list[str]:  # noqa: ANN401 - a certificate
    from cryptography import x509  # noqa: PLC0415

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def _covers(name: str, host: str) -> bool:
    """Return whether a name of a certificate is that of a host; a wildcard stands for the first label alone."""
    name = name.lower()
    if name.startswith("*."):
        return name[1:] == host[host.find(".") :] and "." in host
    return name == host
