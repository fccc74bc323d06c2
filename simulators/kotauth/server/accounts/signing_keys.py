"""Each workspace's signing key: RSA, in the database, its private half encrypted with the server's secret key."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess

import pg8000.native
from asn1crypto import pem
from asn1crypto.keys import PrivateKeyInfo

from ..database.pool import Pool
from ..database.query import rows_of
from .secret_key import SecretKey

KEY_BITS = 2048
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
"""What PKCS #1 puts before a SHA-256 digest (RFC 8017, section 9.2)."""


def provision(pool: Pool, secret_key: SecretKey) -> None:
    """Give a key to each workspace that has none.

    Without a lock, as in the real server: of two first boots at once, one dies of a duplicate key.
    """
    with pool.transaction() as connection:
        for (tenant,) in rows_of(
            connection,
            "SELECT id FROM tenants t"
            " WHERE NOT EXISTS (SELECT 1 FROM tenant_keys k WHERE k.tenant_id = t.id AND active)",
        ):
            key = _generate()
            modulus, public_exponent, _ = _numbers(key)
            connection.run(
                "INSERT INTO tenant_keys (tenant_id, key_id, public_key, encrypted_private_key)"
                " VALUES (:tenant, :key_id, :public, :key)",
                tenant=tenant,
                key_id=secrets.token_hex(8),
                public=json.dumps({"n": _base64url(_bytes(modulus)), "e": _base64url(_bytes(public_exponent))}),
                key=secret_key.encrypt(key),
            )


def public_keys(connection: pg8000.native.Connection, tenant: int) -> dict[str, object]:
    """The JSON Web Key Set of a workspace. Needs no secret key, so it works with a wrong one, too."""
    rows = rows_of(connection, "SELECT key_id, public_key FROM tenant_keys WHERE tenant_id = :id AND active", id=tenant)
    fixed = {"kty": "RSA", "use": "sig", "alg": "RS256"}
    return {"keys": [fixed | {"kid": key_id} | json.loads(public) for key_id, public in rows]}


def sign_token(
    connection: pg8000.native.Connection, secret_key: SecretKey, tenant: int, claims: dict[str, object]
) -> str:
    """A token signed with the workspace's key.

    Raises WrongKeyError when the server runs with another secret key than the one that encrypted it: this is the moment
    in which a wrong key shows. Nothing is overwritten, so the original key heals everything.
    """
    ((key_id, sealed),) = rows_of(
        connection,
        "SELECT key_id, encrypted_private_key FROM tenant_keys WHERE tenant_id = :tenant AND active",
        tenant=tenant,
    )
    modulus, _, private_exponent = _numbers(secret_key.decrypt(sealed))
    header = {"alg": "RS256", "typ": "JWT", "kid": key_id}
    content = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    digest = SHA256_PREFIX + hashlib.sha256(content.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (KEY_BITS // 8 - 3 - len(digest)) + b"\x00" + digest
    signature = pow(int.from_bytes(padded, "big"), private_exponent, modulus)
    return f"{content}.{_base64url(signature.to_bytes(KEY_BITS // 8, 'big'))}"


def _generate() -> bytes:
    """A new private key, PKCS #8 in PEM."""
    options = ("-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{KEY_BITS}")
    return subprocess.run(["openssl", "genpkey", *options], capture_output=True, check=True).stdout


def _numbers(key: bytes) -> tuple[int, int, int]:
    """Modulus, public and private exponent."""
    _, _, der = pem.unarmor(key)
    parts = PrivateKeyInfo.load(der)["private_key"].parsed.native
    return parts["modulus"], parts["public_exponent"], parts["private_exponent"]


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
