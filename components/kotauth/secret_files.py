"""The secret files of the server: what only it may read. Exactly five variables of Kotauth have a `_FILE` form."""

from __future__ import annotations

import json

import pulumi

DATABASE_PASSWORD_FILE = "database_password"  # noqa: S105 - a file's name
SECRET_FILES = ("secret_key", DATABASE_PASSWORD_FILE, "admin_password", "api_keys.json")
"""Names of the files."""


def secret_files(
    *,
    secret_key: pulumi.Input[str],
    database_password: pulumi.Input[str],
    admin_password: pulumi.Input[str],
    api_key_hash: pulumi.Input[str],
) -> dict[str, pulumi.Input[str]]:
    """Return the contents of the server's secret files; the hash is the SHA-256 of the checklist's API key, in hex."""
    api_keys = pulumi.Output.from_input(api_key_hash).apply(bootstrap_api_keys)
    return dict(zip(SECRET_FILES, (secret_key, database_password, admin_password, api_keys), strict=True))


def bootstrap_api_keys(key_hash: str) -> str:
    """Return the JSON list of API keys that exist from the first start: the checklist's, which may only read."""
    scopes = ["workspace:read", "users:read", "roles:read", "applications:read", "sessions:read", "audit_logs:read"]
    return json.dumps([{"tenant": "master", "name": "checklist", "scopes": scopes, "keyHash": key_hash}])
