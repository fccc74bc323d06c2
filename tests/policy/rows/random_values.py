"""Rules of the area `random-values`."""

import pulumi_random as random

from policy.testing.change import ABSENT, Args, Change, From, Secret, add, put

from ..mutation import NOTHING, REQUIRED, Case, Row, found, on_aws, state, table

_PLAIN: dict[str, tuple[type, Args, str]] = {
    "bytes": (random.RandomBytes, {"length": 32}, "hex"),
    "id": (random.RandomId, {"byte_length": 32}, "hex"),
    "string": (random.RandomString, {"length": 32}, "result"),
    "pet": (random.RandomPet, {}, "id"),
    "uuid": (random.RandomUuid, {}, "result"),
    "integer": (random.RandomInteger, {"min": 1, "max": 9}, "result"),
    "shuffle": (random.RandomShuffle, {"inputs": ["a", "b"]}, "id"),
}


def _made_of(kind: str, *uses: Change) -> tuple[Change, ...]:
    resource, args, _ = _PLAIN[kind]
    return (add(kind, resource, args, first=True), *uses)


def _value(kind: str) -> From:
    return From(kind, _PLAIN[kind][2], str)


def _file(content: object, name: str = "session_token") -> Change:
    upload = {"file": f"/files/{name}", "content": content, "permissions": "0400"}
    return put("server-carrier", "uploads.+", upload)


ROWS = (Row("use-long-passwords", "admin-password", "admin-password/length", 12, absent=REQUIRED),)

CASES = (
    *(
        Case(f"a secret of {kind}", _made_of(kind, _file(_value(kind))), found(f"forbid-plain-random-secrets@{kind}"))
        for kind in _PLAIN
    ),
    state(
        "forbid-plain-random-secrets",
        "known",
        _made_of("bytes", _file(_value("bytes"))),
        found("forbid-plain-random-secrets@bytes"),
        outputs={"bytes": {"hex": "0" * 64}},
    ),
    state(
        "forbid-plain-random-secrets",
        "secret",
        _made_of("id", _file(Secret(_value("id")), "nonce")),
        found("forbid-plain-random-secrets@id"),
    ),
    state(
        "forbid-plain-random-secrets",
        "unknown",
        _made_of("id", _file(_value("id"))),
        found("forbid-plain-random-secrets@id"),
    ),
    state("forbid-plain-random-secrets", "absent", _made_of("bytes"), NOTHING),
    Case(
        "bytes in the environment",
        _made_of("bytes", put("frontend", "envs", [_value("bytes")])),
        found("forbid-plain-random-secrets@bytes", "keep-secrets-out-of-environment@frontend"),
    ),
    Case("a name in the environment", _made_of("pet", put("frontend", "envs", [_value("pet")])), NOTHING),
    Case(
        "a name in a configuration file",
        _made_of("pet", put("frontend-carrier", "uploads.+", {"file": "/files/name.txt", "content": _value("pet")})),
        NOTHING,
    ),
    Case(
        "bytes for a password's keepers, which are no secret",
        _made_of("bytes", put("database-password", "keepers", {"version": "2"})),
        NOTHING,
    ),
    Case("no key at all", (put("admin-password", "min_upper", ABSENT),), NOTHING),
)

ON_AWS = (
    Case(
        "bytes in Secrets Manager",
        (
            add("bytes", random.RandomBytes, {"length": 32}, first=True),
            put("database-password-secret-version", "secret_string", From("bytes", "hex")),
        ),
        found("forbid-plain-random-secrets@bytes"),
    ),
)

TABLE = [*table(*ROWS, *CASES), *on_aws(*ON_AWS)]
