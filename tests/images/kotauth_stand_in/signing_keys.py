"""Each workspace's signing key: in the database, encrypted with the server's secret key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets

import pg8000.native

from .pool import Pool
from .secret_key import SecretKey


def provision(pool: Pool, secret_key: SecretKey) -> None:
    """Give a key to each workspace that has none.

    Without a lock, as in the real server: of two first boots at once, one dies of a duplicate key.
    """
    with pool.transaction() as connection:
        for (tenant,) in connection.run(
            "SELECT id FROM tenants t"
            " WHERE NOT EXISTS (SELECT 1 FROM tenant_keys k WHERE k.tenant_id = t.id AND active)"
        ):
            connection.run(
                "INSERT INTO tenant_keys (tenant_id, key_id, encrypted_private_key) VALUES (:tenant, :key_id, :key)",
                tenant=tenant,
                key_id=secrets.token_hex(8),
                key=secret_key.encrypt(secrets.token_bytes(32)),
            )


def sign_token(
    connection: pg8000.native.Connection, secret_key: SecretKey, tenant: int, claims: dict[str, object]
) -> str:
    """A token signed with the workspace's key (HMAC here, RSA in the real server).

    Raises WrongKeyError when the server runs with another secret key than the one that encrypted it: this is the moment
    in which a wrong key shows. Nothing is overwritten, so the original key heals everything.
    """
    ((key_id, sealed),) = connection.run(
        "SELECT key_id, encrypted_private_key FROM tenant_keys WHERE tenant_id = :tenant AND active", tenant=tenant
    )
    key = secret_key.decrypt(sealed)
    parts = [_encode({"alg": "HS256", "typ": "JWT", "kid": key_id}), _encode(claims)]
    signature = hmac.digest(key, ".".join(parts).encode(), hashlib.sha256)
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


def _encode(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
