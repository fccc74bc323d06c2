"""Generated secrets: their random resource and their length."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Parameter, References, Settings, Severity
from ...engine.value import seen
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import DATABASE_INSTANCE, SECRET_VERSION
from ...readers.docker.resources import CONTAINER
from ...readers.docker.resources import SECRET as DOCKER_SECRET
from ...readers.kotauth.server import is_secret_file, uploads
from ...readers.secrets.randomness import PLAIN_RANDOM, RANDOM_BYTES, RANDOM_PASSWORD, RANDOM_STRING, is_suffix

AREA = Area("random-values")
SECRET_DATA = {
    DOCKER_SECRET: ("data",),
    SECRET_VERSION: ("secretString", "secretBinary"),
    DATABASE_INSTANCE: ("password",),
}
# Bytes and strings in a command are secrets by trade; a pet or a number can be a name.
_NEVER_PLAIN = (RANDOM_BYTES, RANDOM_STRING)
_PROCESS = ("envs", "command", "entrypoints")


@AREA.rule(
    "forbid-plain-random-secrets",
    Severity.CRITICAL,
    "Do not derive a secret from a random value that the state stores in clear text.",
    remedy="Use `random.RandomPassword`, and derive bytes from its SHA-256.",
    types=PLAIN_RANDOM,
    references=References(checklist=(8,)),
    waivable=False,
)
def forbid_plain_random_secrets(source: Resource, _: Settings) -> Iterator[Verdict]:
    """The id of RandomBytes and RandomId is the random value, and the state never encrypts ids."""
    for consumer, name in source.in_stack().consumers(source):
        if _is_secret(source, consumer, name):
            yield fail("", f"has a value that is part of {name} of {consumer.name}, which is secret")


def _is_secret(source: Resource, consumer: Resource, name: str) -> bool:
    if any(leaf.secret for leaf in consumer.get(name).leaves()) or name in SECRET_DATA.get(consumer.type, ()):
        return True
    if consumer.type != CONTAINER:
        return False
    if name == "uploads":
        files = (upload.entry.field("file") for upload in uploads(consumer))
        return any(file.is_unknown or is_secret_file(file.text() or "") for file in files)
    return name in _PROCESS and source.type in _NEVER_PLAIN and not is_suffix(source)


@AREA.rule(
    "use-long-passwords",
    Severity.HIGH,
    "Generate passwords of at least 24 characters.",
    remedy="Set `length` to 24 or more.",
    types=(RANDOM_PASSWORD,),
    references=References(checklist=(8, 9, 10)),
    parameters=(Parameter("minimum", Kind.NUMBER, 24, "The shortest password, in characters.", relaxes=True),),
)
def use_long_passwords(password: Resource, settings: Settings) -> Iterator[Verdict]:
    """A password of 24 letters and digits has 143 bits; no user types it."""
    minimum = settings.number("minimum")
    if (password.get("length").number() or 0) < minimum:
        yield fail("length", seen(password.get("length"), f"less than {minimum:g}"))
