"""Kotauth's secret key: its origin, its form and its protection.

The key decrypts signing keys, second factors and mail passwords. With another key the server starts healthy and every
login fails, so a key that is unknown at preview is evaluated by its origin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Level, References, Settings, Severity
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.docker.resources import CONTAINER
from ...readers.kotauth.key_origin import derived_keys, is_long
from ...readers.kotauth.server import SECRET_KEY_FILE, Upload, is_server, secret_key_uploads, setting
from ...readers.secrets.randomness import KEY_CHARACTERS, RANDOM_PASSWORD

AREA = Area("secret-key")
_HEX = re.compile(r"[0-9a-f]{64}")
MINIMUM_CHARACTERS = 32
"""Kotauth refuses fewer (`FATAL: KAUTH_SECRET_KEY must be set (32+ chars).`)."""
_DISTINCT_CHARACTERS = 8
"""Of 32 random hex digits fewer are different once in 27 million keys; of `aaaa…` and `changemechangeme…` always."""


@AREA.rule(
    "trace-secret-key",
    Severity.CRITICAL,
    "Derive the secret key from a random password of 64 characters, or import a key of at least 32 characters.",
    remedy="Set `content` of an entry in `uploads` to the SHA-256 of a `random.RandomPassword(length=64, "
    "special=False)`, in hex. Give `file` of the entry the same file name as KAUTH_SECRET_KEY_FILE. On an AWS host, "
    "use `secret_string` of an `aws.secretsmanager.SecretVersion` instead of `content`.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(8,)),
    waivable=False,
)
def trace_secret_key(server: Resource, _: Settings) -> Iterator[Verdict]:
    """While the key is unknown at preview, its origin is evaluated; later, the key itself is evaluated."""
    if not setting(server, SECRET_KEY_FILE):
        yield fail("envs", f"does not set {SECRET_KEY_FILE}")
        return
    key_uploads = secret_key_uploads(server)
    if not key_uploads:
        yield undecidable("envs", f"sets {SECRET_KEY_FILE} to a file that no upload of this stack creates")
    for upload in key_uploads:
        yield from _evaluate_unknown(upload) if upload.content.is_unknown else _evaluate_known(upload)


def _evaluate_unknown(upload: Upload) -> Iterator[Verdict]:
    sources = upload.sources()
    passwords = [source for source in sources if source.type == RANDOM_PASSWORD]
    if not sources:
        fault = f"of {upload.container.name} is unknown and comes from no resource of this stack"
        yield undecidable(upload.content.path, fault)
    elif not any(map(is_long, sorted(passwords, key=lambda password: password.get("length").is_unknown))):
        fault = f"the key of {upload.container.name} comes from no random password of {KEY_CHARACTERS} characters"
        yield fail(upload.content.path, fault)


def _evaluate_known(upload: Upload) -> Iterator[Verdict]:
    path = upload.content.path
    name = upload.container.name
    if path.endswith(("source", "contentBase64")):
        yield undecidable(path, f"of {name} is a file or binary data, which the rule does not read")
        return
    # Kotauth trims the file.
    key = (upload.content.text() or "").strip()
    if len(key) < MINIMUM_CHARACTERS:
        yield fail(path, f"the key of {name} has fewer than {MINIMUM_CHARACTERS} characters")
    elif len(set(key)) < _DISTINCT_CHARACTERS:
        yield fail(path, f"the key of {name} has too few different characters to be random")


@AREA.rule(
    "use-hex-secret-key",
    Severity.LOW,
    "Write the secret key as 64 lower-case hex digits.",
    level=Level.ADVISORY,
    remedy="Generate new keys as hex. Keep an existing key as it is, because a changed key breaks every login.",
    types=(CONTAINER,),
    when=is_server,
    references=References(checklist=(8,)),
)
def use_hex_secret_key(server: Resource, _: Settings) -> Iterator[Verdict]:
    """`cli generate-secret-key` prints 32 bytes in this form.

    A key that is unknown at preview is evaluated by its origin.
    """
    for upload in secret_key_uploads(server):
        content = upload.content
        if (
            content.path.endswith(("content", "secretString"))
            and not content.is_unknown
            and not _HEX.fullmatch(content.text() or "")
        ):
            yield fail(content.path, f"the key of {upload.container.name} is not 64 lower-case hex digits")


@AREA.rule(
    "protect-secret-key",
    Severity.CRITICAL,
    "Protect the random password that the secret key is derived from.",
    remedy="Set `protect=True` in the resource options of the random password.",
    types=(RANDOM_PASSWORD,),
    references=References(checklist=(8,)),
    waivable=False,
)
def protect_secret_key(password: Resource, _: Settings) -> Iterator[Verdict]:
    """Without the secret key, the data that it encrypted is lost."""
    for candidates in derived_keys(password):
        if not any(candidate.protect for candidate in candidates):
            yield fail("", "is not protected from deletion")


@AREA.rule(
    "keep-secret-key",
    Severity.CRITICAL,
    "Do not let a change of another value replace the secret key.",
    remedy="Remove `keepers` from the random password that the key is derived from.",
    types=(RANDOM_PASSWORD,),
    references=References(checklist=(8,)),
    waivable=False,
)
def keep_secret_key(password: Resource, _: Settings) -> Iterator[Verdict]:
    """A new key breaks every login while all health checks stay green."""
    for candidates in derived_keys(password):
        if all(candidate.get("keepers").fields() for candidate in candidates):
            yield fail("keepers", "is set")
