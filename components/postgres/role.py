"""The application's database roles: their names, their limits, and the password verifier that the server stores.

Only the standard library is imported: on AWS a function carries this module, too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

ROLE_SQL = (Path(__file__).parent / "role.sql").read_text()

OWNER = "kotauth"
"""Owns every object. Can't log in."""
SCHEMA = "kotauth"
BACKUP_LOGIN = "kotauth_backup"
"""Reads the schema for a dump, and writes nothing."""

KEY_FINGERPRINT = "kotauth.key_fingerprint"
"""Setting of the session with the fingerprint of the secret key, for `role.sql`; unset or empty for none."""

SPARE_CONNECTIONS = 5
"""Beside the pools: Flyway's connection of each generation, the key guard, a person with psql."""
SCRAM_ITERATIONS = 4096
"""PostgreSQL's own number (`scram_iterations` of version 16, built in before)."""


def login_name(password_version: int) -> str:
    """Return the login of a version of the password: two take turns, so the former password stays valid."""
    return f"{OWNER}_{'ab'[(password_version - 1) % 2]}"


def connection_limit(pool_size: int, instances: int = 1) -> int:
    """Return how many connections one login may hold: during a roll both generations have a full pool."""
    return 2 * instances * pool_size + SPARE_CONNECTIONS


def scram_verifier(password: str) -> str:
    """Return what PostgreSQL stores for this password (RFC 5803), so that the password itself is never sent.

    The salt comes from the password: the same password gives the same verifier, and no update. That is safe for a
    generated password, which no other login has.
    """
    salt = hmac.digest(password.encode(), b"kotauth database role", "sha256")[:16]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt64}${stored64}:{server64}"


def role_settings(login: str, verifier: str, limit: int, backup_verifier: str | None = None) -> dict[str, str]:
    """Return the session settings that `role.sql` reads.

    Without ``backup_verifier``, it leaves the login of the backups alone; with an empty one, it locks that login.
    """
    backups = (
        {}
        if backup_verifier is None
        else {"kotauth.backup_login": BACKUP_LOGIN, "kotauth.backup_verifier": backup_verifier}
    )
    return {
        "kotauth.owner": OWNER,
        "kotauth.login": login,
        "kotauth.verifier": verifier,
        "kotauth.schema": SCHEMA,
        "kotauth.connection_limit": str(limit),
        **backups,
    }


def role_script(settings: dict[str, str]) -> str:
    """Return `role.sql` with its settings before it, as one file for psql."""
    lines = [f"SELECT set_config({_literal(key)}, {_literal(value)}, false);" for key, value in settings.items()]
    return "\n".join([*lines, ROLE_SQL])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
