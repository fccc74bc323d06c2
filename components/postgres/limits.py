"""Rules for the name of the database, for inputs of its login, and for the fingerprint of the secret key."""

from __future__ import annotations

import re

import pulumi

from ..inputs.number import whole_number
from ..inputs.problems import when_known

POOL_SIZE = 10
"""Default: Kotauth's own (`DB_POOL_MAX_SIZE`)."""

parse_pool_size = whole_number("connections", 2, 40)
parse_password_version = whole_number("a version of the password", 1, 10**6)


def parse_database_name(raw: object) -> str:
    """Parse the name of a database: one that SQL takes with and without quotation marks, and RDS takes at all."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", str(raw)):
        raise ValueError("must be up to 63 lower-case letters, digits and underscores, and begin with a letter")
    return str(raw)


def parse_fingerprint(raw: object) -> pulumi.Output[str]:
    """Parse the fingerprint of the secret key, or an Output as soon as its value is known; return it as a secret.

    The key itself, given by mistake, is refused: the database and the job that makes its roles must never have it.
    """
    return pulumi.Output.secret(when_known(_fingerprint)(raw))


def _fingerprint(raw: object) -> str:
    if not re.fullmatch(r"[0-9a-f]{16}", str(raw)):
        raise ValueError("must be 16 hex digits: use the output `secret_key_fingerprint` of `KotauthCredentials`")
    return str(raw)
