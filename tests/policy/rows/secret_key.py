"""Rules of the area `secret-key`."""

import pulumi_random as random

from policy.testing.change import ABSENT, UNKNOWN, Change, From, Secret, add, put
from policy.testing.docker_program import KNOWN, envs

from ..mutation import NOTHING, REQUIRED, Case, Impossible, Row, found, state, table

_HEX = "0123456789abcdef" * 4
_TRACE = found("trace-secret-key@server")

ROWS = (
    Row(
        "trace-secret-key",
        "server",
        "key/length",
        32,
        unknown=_TRACE | found("use-long-passwords@key"),
        absent=REQUIRED,
    ),
    Row("keep-secret-key", "key", "key/keepers", {"version": "1"}, absent=NOTHING, setup=(put("key", "keepers", {}),)),
)


def _key(content: object) -> Change:
    return put("server-carrier", "uploads.0.content", content)


_BYTES = add("bytes", random.RandomBytes, {"length": 32}, first=True)

CASES = (
    *(
        Impossible("protection is an option, plain and always known", "protect-secret-key", state)
        for state in ("secret", "unknown", "absent")
    ),
    Case("a key that was brought along", (_key(Secret(_HEX)),), NOTHING),
    state(
        "use-hex-secret-key",
        "known",
        (_key(Secret("an old key of 37 characters, as text.")),),
        found("use-hex-secret-key@server"),
    ),
    Impossible("a key is marked secret in every state, as another rule demands", "use-hex-secret-key", "secret"),
    state("use-hex-secret-key", "unknown", (), NOTHING),
    state(
        "use-hex-secret-key",
        "absent",
        (_key(ABSENT),),
        found("use-hex-secret-key@server", "trace-secret-key@server", "encrypt-secret-files@server-carrier"),
    ),
    state("protect-secret-key", "known", (put("key", "opts", {}),), found("protect-secret-key@key")),
    Case("protect-secret-key-after-an-update", (put("key", "opts", {}),), found("protect-secret-key@key"), KNOWN),
    Case("a short key", (_key(Secret("0123456789abcdef")),), _TRACE | found("use-hex-secret-key@server")),
    Case("white space does not count", (_key(Secret(_HEX[:31] + "   ")),), _TRACE | found("use-hex-secret-key@server")),
    Case("a key that was not generated", (_key(Secret("0" * 64)),), _TRACE),
    Case("no key file", (put("server", "envs", envs(KAUTH_SECRET_KEY_FILE=None)),), _TRACE),
    Case(
        "a key in the environment",
        (put("server", "envs", envs(KAUTH_SECRET_KEY_FILE=None, KAUTH_SECRET_KEY=_HEX)),),
        _TRACE | found("keep-secrets-out-of-environment@server"),
    ),
    Case(
        "a key file without an upload",
        (put("server", "envs", envs(KAUTH_SECRET_KEY_FILE="/run/secrets/other_key")),),
        _TRACE,
    ),
    Case("a key from somewhere", (_key(UNKNOWN),), _TRACE),
    Case(
        "a key of random bytes",
        (_BYTES, put("key", "length", 40), _key(From("bytes", "hex"))),
        _TRACE | found("forbid-plain-random-secrets@bytes"),
    ),
    Case(
        "a key from a file of the host",
        (_key(ABSENT), put("server-carrier", "uploads.0.source", "/root/key")),
        _TRACE | found("encrypt-secret-files@server-carrier"),
    ),
    Case(
        "a key that only the other network's volume has", (put("server", "volumes.0.volume_name", "elsewhere"),), _TRACE
    ),
    Case(
        "a volume by its name",
        (
            put("server-files", "name", "files"),
            put("server", "volumes.0.volume_name", "files"),
        ),
        NOTHING,
    ),
    Case("a key after an update", (), NOTHING, KNOWN),
    Case("the keys of other passwords may change", (put("database-password", "keepers", {"version": "2"}),), NOTHING),
)

TABLE = table(*ROWS, *CASES)
