"""Rules of the area `secret-key`."""

import pulumi_aws as aws
import pulumi_docker as docker
import pulumi_random as random
import pytest

from .aws_host import PROXY, sha256, user_data
from .change import ABSENT, UNKNOWN, Change, From, Secret, add, copied, put
from .mutation import NOTHING, REQUIRED, Case, Impossible, Row, cases, found, on_aws, state, table
from .program import KNOWN, envs

_HEX = "0123456789abcdef" * 4
_TRACE = found("trace-secret-key@server")

_CACHED = [*envs(), "KAUTH_REDIS_URL=rediss://cache:6379"]
# A second server with files of its own, which hold the same key.
_TWO = (
    add("second-key", random.RandomPassword, {"length": 64, "opts": {"protect": True}}, first=True),
    add("second-files", docker.Volume, {}, first=True),
    put("server", "envs", _CACHED),
    copied("server-carrier", "second-carrier"),
    put("second-carrier", "volumes.0.volume_name", From("second-files", "name")),
    copied("server", "second"),
    put("second", "volumes.0.volume_name", From("second-files", "name")),
)

ROWS = (
    Row(
        "trace-secret-key",
        "server",
        "key/length",
        32,
        unknown=_TRACE | found("use-long-passwords@key"),
        absent=REQUIRED,
    ),
    Row(
        "use-one-secret-key",
        "server",
        "second-carrier/uploads.0.content",
        From("second-key", "result", sha256),
        unknown=found("use-one-secret-key@server", "trace-secret-key@second"),
        absent=found(
            "use-one-secret-key@server",
            "trace-secret-key@second",
            "use-hex-secret-key@second",
            "encrypt-secret-files@second-carrier",
        ),
        setup=_TWO,
    ),
    Row(
        "keep-secret-key-apart",
        "database",
        "database/volumes.2.volume_name",
        From("server-files", "name"),
        absent=NOTHING,
        setup=(
            put("database", "volumes.+", {"volume_name": From("frontend-files", "name"), "container_path": "/more"}),
        ),
    ),
    Row("keep-secret-key", "key", "key/keepers", {"version": "1"}, absent=NOTHING, setup=(put("key", "keepers", {}),)),
)


def _key(content: object) -> Change:
    return put("server-carrier", "uploads.0.content", content)


def _labels(name: str) -> list[dict[str, object]]:
    return [{"label": name, "value": From("key", "result", sha256)}]


_MOUNT = "--mount=type=bind,source=/run/kotauth/server,target=/keys,readonly"
_SECRET = {
    "description": "Copy of the secret_key",
    "kms_key_id": "alias/kotauth",
    "recovery_window_in_days": 30,
    "opts": {"protect": True},
}
_VERSION = {"secret_id": From("copy", "id"), "secret_string": From("key", "result", sha256)}
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
    Case("a key that nobody drew", (_key(Secret("0" * 64)),), _TRACE),
    Case("no key file", (put("server", "envs", envs(KAUTH_SECRET_KEY_FILE=None)),), _TRACE),
    Case(
        "a key in the environment",
        (put("server", "envs", envs(KAUTH_SECRET_KEY_FILE=None, KAUTH_SECRET_KEY=_HEX)),),
        _TRACE | found("keep-secrets-out-of-environment@server"),
    ),
    Case(
        "a key file that nobody uploads",
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

_APART = found("keep-secret-key-apart@key")
_OF_KEY = From("key", "result")

APART = (
    Case("two servers with the same key", _TWO, NOTHING),
    Case("two servers with the same key, known", _TWO, NOTHING, KNOWN),
    Case(
        "two servers with keys that are known",
        (*_TWO, _key(Secret(_HEX)), put("second-carrier", "uploads.0.content", Secret(_HEX[::-1]))),
        found("use-one-secret-key@server"),
    ),
    Case(
        "a key that was brought along beside one that is made",
        (*_TWO, put("second-carrier", "uploads.0.content", From("second-key", "result", sha256)), _key(Secret(_HEX))),
        found("use-one-secret-key@server"),
    ),
    Case("the key is a password of the database", (put("database-carrier", "uploads.0.content", _OF_KEY),), _APART),
    Case("a digest of the key", (put("server-files", "labels", _labels("kotauth.content")),), NOTHING),
    Case("a label of the key", (put("server-files", "labels", _labels("backup")),), _APART),
    Case(
        "what is made of the key is kept by something else", (put("database-password", "keepers.key", _OF_KEY),), _APART
    ),
    Case(
        "one of two long passwords, which goes elsewhere, too",
        (
            put("administrator-password", "length", 64),
            put("server-carrier", "uploads.2.content", From("administrator-password", "result")),
        ),
        NOTHING,
    ),
    Case(
        "a volume whose name is known",
        (
            put("server-files", "name", "files"),
            put("frontend", "volumes.+", {"volume_name": "files", "container_path": "/more"}),
        ),
        found("keep-secret-key-apart@frontend"),
    ),
    Case(
        "a copy in Secrets Manager",
        (
            add("copy", aws.secretsmanager.Secret, _SECRET),
            add("copy-version", aws.secretsmanager.SecretVersion, _VERSION),
        ),
        NOTHING,
    ),
)

_HOSTS = ("template", "second")
_READ = put("template", "user_data", user_data(proxy=PROXY.replace("--publish", f"{_MOUNT} --publish")))
ON_AWS = (
    Case("the key of a host in another container", (_READ,), found("keep-secret-key-apart@template")),
    Case(
        "the key as a stored password",
        (put("database-password-secret-version", "secret_string", From("secret-key", "result")),),
        found("keep-secret-key-apart@secret-key"),
    ),
    Case(
        "a second host with the same key",
        (copied("template", "second"),),
        found(*(f"{rule}@{host}" for rule in ("share-state-between-servers", "run-one-frontend") for host in _HOSTS)),
    ),
)

TABLE = [*table(*ROWS, *CASES, *APART), *on_aws(*ON_AWS)]


@pytest.mark.parametrize("case", cases(TABLE), ids=str)
def test_secret_key(case: Case) -> None:
    case.check()
