"""The settings that deployments set: read from the environment and checked as the real server checks them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from . import variables
from .refusal import RefusedError

MIN_SECRET_KEY_LENGTH = 32
MIN_PASSWORD_LENGTH = 12
DEFAULT_DB_URL = "jdbc:postgresql://localhost:5432/kauth_db"
QUICKSTART_SECRET_KEY = "a]1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the rest of the server knows about its environment."""

    base_url: str
    environment: str
    secret_key: str
    db_url: str
    db_user: str
    db_password: str
    pool_max_size: int
    pool_min_idle: int
    trusted_proxy: bool
    bootstrap_admin_password: str | None
    bootstrap_api_keys: str | None
    update_check: bool

    @property
    def is_production(self) -> bool:
        """Only the exact word counts: `Production` runs as development."""
        return self.environment == "production"

    @property
    def is_https(self) -> bool:
        """What decides about secure cookies and HSTS."""
        return self.base_url.startswith("https://")


def load() -> Settings:
    """Read and check; raises RefusedError at the first thing that the real server refuses without its database."""
    environment = os.environ.get("KAUTH_ENV", "development")
    production = environment == "production"
    base_url = _base_url(production)
    secret_key = _secret_key(production)
    admin_password = _bootstrap_admin_password()
    db_password = variables.filled("DB_PASSWORD")
    if db_password is None:
        raise RefusedError("FATAL: DB_PASSWORD environment variable is not set.")
    return Settings(
        base_url=base_url,
        environment=environment,
        secret_key=secret_key,
        db_url=os.environ.get("DB_URL", DEFAULT_DB_URL),
        db_user=os.environ.get("DB_USER", "postgres"),
        db_password=db_password,
        pool_max_size=variables.number("DB_POOL_MAX_SIZE", 10),
        pool_min_idle=variables.number("DB_POOL_MIN_IDLE", 2),
        trusted_proxy=variables.switched_on("KAUTH_TRUSTED_PROXY"),
        bootstrap_admin_password=admin_password,
        bootstrap_api_keys=variables.filled("KAUTH_BOOTSTRAP_API_KEYS"),
        update_check=os.environ.get("KAUTH_UPDATE_CHECK", "").lower() != "false",
    )


def _base_url(production: bool) -> str:
    url = variables.filled("KAUTH_BASE_URL")
    if url is None:
        raise RefusedError("FATAL: KAUTH_BASE_URL environment variable is not set.")
    if not url.startswith("https://"):
        if production:
            raise RefusedError("FATAL: KAUTH_BASE_URL must use HTTPS in production mode.", "", f"Current value: {url}")
        print(f"[WARN] KAUTH_BASE_URL is not HTTPS. Current value: {url}", file=sys.stderr)
    return url


def _secret_key(production: bool) -> str:
    key = variables.filled("KAUTH_SECRET_KEY")
    if key is None or len(key) < MIN_SECRET_KEY_LENGTH:
        raise RefusedError("FATAL: KAUTH_SECRET_KEY must be set (32+ chars).")
    if production and key == QUICKSTART_SECRET_KEY:
        raise RefusedError("FATAL: KAUTH_SECRET_KEY is the publicly-known quickstart", "value.")
    return key


def _bootstrap_admin_password() -> str | None:
    password = variables.filled("KAUTH_BOOTSTRAP_ADMIN_PASSWORD")
    if password is None:
        return None
    strong = (
        len(password) >= MIN_PASSWORD_LENGTH
        and any(character.isupper() for character in password)
        and any(character.islower() for character in password)
        and any(character.isdigit() for character in password)
    )
    if not strong:
        raise RefusedError(
            "FATAL: KAUTH_BOOTSTRAP_ADMIN_PASSWORD is too weak.", "", "12+ characters with upper, lower and digit."
        )
    return password
