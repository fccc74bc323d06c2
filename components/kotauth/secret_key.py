"""The rule of the secret key, and its fingerprint, which does not reveal the key."""

from __future__ import annotations

import hashlib

import pulumi

from ..inputs.problems import when_known

SECRET_KEY_CHARACTERS = 32
"""Kotauth refuses fewer (`FATAL: KAUTH_SECRET_KEY must be set (32+ chars).`)."""


def parse_secret_key(raw: object) -> str:
    """Parse a secret key given by hand; raise ``ValueError`` where Kotauth would refuse it."""
    text = str(raw)
    if len(text.strip()) < SECRET_KEY_CHARACTERS:
        raise ValueError(f"must have {SECRET_KEY_CHARACTERS} characters or more, it has {len(text.strip())}")
    if text != text.strip():
        raise ValueError("must not begin or end with white space: Kotauth trims it and derives other keys")
    return text


def parse_secret_key_input(raw: object) -> pulumi.Input[str]:
    """Parse a secret key, or an Output as soon as its value is known."""
    return when_known(parse_secret_key)(raw)


def key_fingerprint(secret_key: str) -> str:
    """Return 16 hex digits of a hash of the key, which the database keeps for the key guard."""
    return hashlib.sha256(f"kotauth-infra/key/v1|{secret_key.strip()}".encode()).hexdigest()[:16]


def chain_key_id(secret_key: str) -> str:
    """Return the id that `audit_log.chain_key_id` carries for this key (Kotauth's `AuditChainHasher`, since 1.19.0)."""
    inner = hashlib.sha256(f"{secret_key.strip()}|kauth/audit-log/v1".encode()).digest()
    return hashlib.sha256(inner).hexdigest()[:8]
