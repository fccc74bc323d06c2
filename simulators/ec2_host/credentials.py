"""Temporary credentials of an instance's role.

The metadata service issues them inside a container and the endpoints check them outside; both derive them from one key,
so neither has to ask the other. Standard library only: the container has nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass


class UnknownError(Exception):
    """These credentials were never issued."""


class ExpiredError(Exception):
    """They were issued, but their time is over."""


@dataclass(frozen=True)
class Credentials:
    """What the metadata service hands out."""

    owner: str
    """The address of the instance that they were issued to."""
    access_key: str
    secret_key: str
    token: str
    expires: float


def mac(key: str, *facts: object) -> str:
    """Return 64 hex digits that only who has the key can compute."""
    return hmac.new(key.encode(), "\n".join(map(str, facts)).encode(), hashlib.sha256).hexdigest()


def issue(key: str, owner: str, rotation: float) -> Credentials:
    """Return an instance's credentials of this period; they outlive it by one more, as real ones overlap."""
    period = int(time.time() // rotation)
    expires = float((period + 2) * rotation)
    access_key = "ASIA" + base64.b32encode(bytes.fromhex(mac(key, "id", owner, period))).decode()[:16]
    return _complete(key, owner, access_key, expires)


def check(key: str, access_key: str, token: str) -> Credentials:
    """Return the credentials that belong to a key id and session token; raises UnknownError or ExpiredError."""
    try:
        owner, expires, _ = base64.b64decode(token).decode().split("|")
        credentials = _complete(key, owner, access_key, float(expires))
    except ValueError:
        raise UnknownError from None
    if credentials.token != token:
        raise UnknownError
    if credentials.expires < time.time():
        raise ExpiredError
    return credentials


def _complete(key: str, owner: str, access_key: str, expires: float) -> Credentials:
    proof = mac(key, "token", owner, access_key, expires)
    token = base64.b64encode(f"{owner}|{expires}|{proof}".encode()).decode()
    return Credentials(owner, access_key, mac(key, "secret", access_key), token, expires)
