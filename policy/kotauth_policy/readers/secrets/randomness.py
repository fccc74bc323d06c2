"""Resources of the random provider, by the use of their values."""

from __future__ import annotations

from ...engine.resource import Naming, Resource

NAMING = Naming(nameless=("random:",))
"""The provider calls all random values "none"."""

RANDOM_PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type token
RANDOM_BYTES = "random:index/randomBytes:RandomBytes"
RANDOM_STRING = "random:index/randomString:RandomString"

PLAIN_RANDOM = (
    RANDOM_BYTES,
    RANDOM_STRING,
    "random:index/randomId:RandomId",
    "random:index/randomInteger:RandomInteger",
    "random:index/randomPet:RandomPet",
    "random:index/randomShuffle:RandomShuffle",
    "random:index/randomUuid:RandomUuid",
    "random:index/randomUuid4:RandomUuid4",
    "random:index/randomUuid7:RandomUuid7",
)
"""Their ids or results are plain in the state, RandomBytes' and RandomId's as the resource's id (seen with the official
provider)."""

KEY_CHARACTERS = 64
"""Length of the random password that the secret key is derived from: more than 256 bits of letters and digits."""
_SUFFIX_CHARACTERS = 8


def is_suffix(source: Resource) -> bool:
    """Whether a random string is so short that it tells names apart, and is no password."""
    length = source.get("length").raw
    return source.type == RANDOM_STRING and isinstance(length, int | float) and length <= _SUFFIX_CHARACTERS
