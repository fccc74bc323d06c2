"""The user `admin`, made when there are no users at all."""

from __future__ import annotations

import secrets
import sys

import bcrypt

from ..database.pool import Pool
from ..database.query import rows_of
from ..process.refusal import box
from . import tenants

USERNAME = "admin"
EMAIL = "admin@kauth.local"
BCRYPT_COST = 12
BCRYPT_BYTES = 72


def seed(pool: Pool, base_url: str, chosen_password: str | None) -> None:
    """Make workspace `master` and, on an empty users table, its administrator.

    Without a chosen password a random one is printed once, in a box on standard output.
    """
    with pool.transaction() as connection:
        master = tenants.ensure_master(connection, base_url)
        if connection.run("SELECT EXISTS (SELECT 1 FROM users)") == [[True]]:
            return
        password = chosen_password or secrets.token_hex(16)
        ((user,),) = rows_of(
            connection,
            "INSERT INTO users (tenant_id, username, email, full_name, password_hash, email_verified)"
            " VALUES (:tenant, :username, :email, 'Administrator', :hash, TRUE) RETURNING id",
            tenant=master,
            username=USERNAME,
            email=EMAIL,
            hash=hash_password(password),
        )
        connection.run("INSERT INTO user_roles (user_id, role) VALUES (:user, 'admin')", user=user)
    print(f"[INFO] Seeded admin user '{USERNAME}' in workspace '{tenants.MASTER}'.", file=sys.stderr, flush=True)
    if chosen_password is None:
        lines = ("Initial admin password", "", f"Username: {USERNAME}", f"Password: {password}")
        print("\n".join(box(*lines)), flush=True)


def hash_password(password: str) -> str:
    """A bcrypt hash with the real server's cost: about 0.27 s of CPU, which is what limits logins per second."""
    return bcrypt.hashpw(_significant(password), bcrypt.gensalt(BCRYPT_COST)).decode()


def password_matches(password: str, hashed: str) -> bool:
    """Whether this is the hashed password."""
    return bcrypt.checkpw(_significant(password), hashed.encode())


def _significant(password: str) -> bytes:
    # bcrypt never looked further; the library refuses more instead of ignoring it.
    return password.encode()[:BCRYPT_BYTES]
