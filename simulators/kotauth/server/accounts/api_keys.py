"""API keys: their scopes, how a request's key is found, and those that the environment provisions at each start."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import pg8000.native

from ..database.pool import Pool
from . import tenants

VARIABLE = "KAUTH_BOOTSTRAP_API_KEYS"
READ_AND_WRITE = (
    "users",
    "roles",
    "groups",
    "applications",
    "sessions",
    "user_attributes",
    "claim_mappers",
    "webhooks",
    "resource_servers",
    "api_keys",
)
SCOPES = frozenset(
    [f"{subject}:{right}" for subject in READ_AND_WRITE for right in ("read", "write")]
    + ["audit_logs:read", "workspace:read", "tenants:export", "tenants:import", "auth:send-otp", "auth:verify-otp"]
)


class BootstrapKeysError(Exception):
    """The variable's content is refused; the start ends with this as an ERROR line and exit code 1."""


@dataclass(frozen=True)
class ApiKey:
    """A key that a request showed."""

    tenant_id: int
    scopes: frozenset[str]


def find(connection: pg8000.native.Connection, raw_key: str) -> ApiKey | None:
    """The enabled key with this text; only the SHA-256 of keys is stored."""
    if not raw_key.startswith("kauth_"):
        return None
    rows = connection.run(
        "UPDATE api_keys SET last_used_at = now() WHERE key_hash = :hash AND enabled RETURNING tenant_id, scopes",
        hash=hashlib.sha256(raw_key.encode()).hexdigest(),
    )
    return ApiKey(rows[0][0], frozenset(rows[0][1].split(","))) if rows else None


def provision(pool: Pool, text: str | None) -> None:
    """Store the listed keys, one transaction each: entries before a bad one stay.

    A listed key that was disabled is enabled again; a key that is no longer listed stays as it is. The hash is not
    validated, so a wrong one silently never works. Raises BootstrapKeysError.
    """
    if text is None:
        return
    try:
        entries = json.loads(text)
        keys = [(entry["tenant"], entry["name"], list(entry["scopes"]), entry["keyHash"], entry) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise BootstrapKeysError(f"{VARIABLE} is not a valid JSON list of keys: {error!r}") from error
    for slug, name, scopes, key_hash, entry in keys:
        if unknown := sorted(set(scopes) - SCOPES):
            raise BootstrapKeysError(f"{VARIABLE}: unknown scope '{unknown[0]}' in entry '{name}'")
        with pool.transaction() as connection:
            tenant = tenants.find(connection, slug)
            if tenant is None:
                raise BootstrapKeysError(f"{VARIABLE}: unknown tenant '{slug}' in entry '{name}'")
            connection.run(
                "INSERT INTO api_keys (tenant_id, name, key_prefix, key_hash, scopes, bootstrap_name)"
                " VALUES (:tenant, :name, :prefix, :hash, :scopes, :name)"
                " ON CONFLICT (tenant_id, name) DO UPDATE SET key_hash = excluded.key_hash, scopes = excluded.scopes,"
                " key_prefix = excluded.key_prefix, enabled = TRUE",
                tenant=tenant.id,
                name=name,
                prefix=entry.get("keyPrefix") or "kauth_",
                hash=key_hash,
                scopes=",".join(scopes),
            )
