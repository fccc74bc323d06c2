"""Random passwords from which Kotauth's secret key comes, or can come while it is unknown at preview."""

from __future__ import annotations

from collections import defaultdict

from ...engine.resource import Resource, Stack
from ..docker.parts import SERVER, parts_in
from ..secrets.randomness import KEY_CHARACTERS, RANDOM_PASSWORD
from .server import secret_key_sources


def is_long(password: Resource) -> bool:
    """Whether a password is known to be long enough for a key."""
    return (password.get("length").number() or 0) >= KEY_CHARACTERS


def may_be_key(password: Resource) -> bool:
    """Whether a password is long enough for a key, or its length is unknown."""
    return password.get("length").is_unknown or is_long(password)


def derived_keys(password: Resource) -> list[list[Resource]]:
    """Return, for each server whose key comes from this password, all passwords that it can come from."""
    return password.in_stack().once(_candidates).get(password.urn, [])


def _candidates(stack: Stack) -> dict[str, list[list[Resource]]]:
    by_password: dict[str, list[list[Resource]]] = defaultdict(list)
    for server in parts_in(stack, SERVER):
        passwords = secret_key_sources(server, RANDOM_PASSWORD)
        candidates = list(filter(may_be_key, passwords))
        for password in candidates:
            by_password[password.urn].append(candidates)
    return by_password
