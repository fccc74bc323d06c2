"""The server's settings: read from the environment and checked in the order in which the real server checks them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from . import variables
from .refusal import RefusedError

MIN_SECRET_KEY_LENGTH = 32
MIN_PASSWORD_LENGTH = 12
MIN_SESSION_SECONDS = 60
DEFAULT_DB_URL = "jdbc:postgresql://localhost:5432/kauth_db"
DEFAULT_UPDATE_CHECK_URL = "https://inumansoul.github.io/kotauth/latest.json"
INSECURE_JWT_SECRET = "secret-key-12345"
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
    redis_url: str | None
    redis_username: str | None
    redis_password: str | None
    redis_timeout_ms: int
    redis_probe_timeout_ms: int

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
    if production and os.environ.get("JWT_SECRET") == INSECURE_JWT_SECRET:
        raise RefusedError(
            "FATAL: JWT_SECRET is set to the insecure default value in production mode. Refusing to start.", boxed=False
        )
    secret_key = _secret_key(production)
    if production and variables.switched_on("KAUTH_DEMO_MODE"):
        raise RefusedError("FATAL: KAUTH_DEMO_MODE=true is incompatible with", "KAUTH_ENV=production.")
    if variables.switched_on("KAUTH_ADMIN_BYPASS"):
        raise RefusedError("FATAL: KAUTH_ADMIN_BYPASS is no longer supported.")
    _check_session_lifetimes()
    admin_password = _bootstrap_admin_password()
    db_password = variables.filled("DB_PASSWORD")
    if db_password is None:
        raise RefusedError("FATAL: DB_PASSWORD environment variable is not set.")
    # The URL is checked even when the update check is off. The stand-in itself never calls out.
    if not os.environ.get("KAUTH_UPDATE_CHECK_URL", DEFAULT_UPDATE_CHECK_URL).startswith("https://"):
        raise RefusedError("FATAL: KAUTH_UPDATE_CHECK_URL must use https://")
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
        redis_url=_redis_url(),
        redis_username=variables.filled("KAUTH_REDIS_USERNAME"),
        redis_password=variables.filled("KAUTH_REDIS_PASSWORD"),
        redis_timeout_ms=variables.number("KAUTH_REDIS_TIMEOUT_MS", 250),
        redis_probe_timeout_ms=variables.number("KAUTH_REDIS_STARTUP_PROBE_TIMEOUT_MS", 2000),
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


def _check_session_lifetimes() -> None:
    lifetime = variables.number("KAUTH_SSO_SESSION_TTL_SECONDS", 86_400)
    longest = variables.number("KAUTH_SSO_SESSION_MAX_TTL_SECONDS", 2_592_000)
    if not MIN_SESSION_SECONDS <= lifetime <= longest:
        raise RefusedError(
            "FATAL: invalid SSO session TTL configuration.", "", f"Current: ttl={lifetime}, maxTtl={longest}"
        )


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


def _redis_url() -> str | None:
    url = variables.filled("KAUTH_REDIS_URL")
    if url and not url.startswith(("redis://", "rediss://")):
        raise RefusedError("FATAL: KAUTH_REDIS_URL has an unsupported scheme.", "", f"Current value: {url}")
    return url
