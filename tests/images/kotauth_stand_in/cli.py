"""The commands that need neither a database nor a key; any other one is unknown here (exit code 1)."""

from __future__ import annotations

import hashlib
import secrets
import sys


def main(arguments: list[str]) -> int:
    """Run `cli <command> …` and return its exit code."""
    command, options = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "generate-secret-key":
        print(secrets.token_hex(32))
        return 0
    if command == "hash-api-key":
        return _hash_api_key(dict(option.partition("=")[::2] for option in options))
    print(f"Unknown command: {command}", file=sys.stderr)
    return 1


def _hash_api_key(options: dict[str, str]) -> int:
    if key := options.get("--key"):
        print(hashlib.sha256(key.encode()).hexdigest())
        return 0
    key = f"kauth_{options.get('--tenant', 'master')}_{secrets.token_hex(24)}"
    print(f"plaintext: {key}")
    print(f"sha256:    {hashlib.sha256(key.encode()).hexdigest()}")
    return 0
