"""Rules of the area `stored-secrets`."""

import json

import pulumi_aws as aws

from ..aws_program import ACCOUNT, document
from ..change import ABSENT, UNKNOWN, Args, From, add, put
from ..mutation import NOTHING, REQUIRED, Case, Impossible, Row, found, on_aws, state
from . import stored_secrets_keys

_EVERYBODY: Args = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": "*"}}
_OPEN = document(ACCOUNT, _EVERYBODY)
_OWN = "encrypt-secrets-with-own-key"
_LEFT_OUT = (put("secret-key-secret", "kms_key_id", ABSENT),)
_SECRET = "secret-key-secret"


def _rotation(secret: object) -> tuple:
    args = {"secret_id": secret, "rotation_rules": {"automatically_after_days": 30}}
    return (add("rotation", aws.secretsmanager.SecretRotation, args),)


ROWS = (
    Row("keep-deleted-secrets", _SECRET, f"{_SECRET}/recovery_window_in_days", 0, absent=NOTHING),
    Row(
        "never-rotate-secret-key",
        "rotation",
        "rotation/secret_id",
        From(_SECRET, "id"),
        setup=_rotation("arn:aws:secretsmanager:eu-central-1:1:secret:other"),
        # A secret of another stack is not this server's key.
        unknown=NOTHING,
        absent=REQUIRED,
    ),
    Row("rotate-keys", "secrets-key", "secrets-key/enable_key_rotation", False),
    Row("restrict-key-users", "secrets-key", "secrets-key/policy", json.dumps(_OPEN), absent=NOTHING),
    Row(
        "keep-keys",
        "secrets-key",
        "secrets-key/deletion_window_in_days",
        7,
        absent=NOTHING,
    ),
)

STATES = (
    state(_OWN, "known", _LEFT_OUT, found(f"{_OWN}@{_SECRET}")),
    Impossible("no key is wrong, only that there is none", _OWN, "secret"),
    state(_OWN, "unknown", (put(_SECRET, "kms_key_id", UNKNOWN),), NOTHING),
    state(_OWN, "absent", _LEFT_OUT, found(f"{_OWN}@{_SECRET}")),
)


def _policy(name: str, policy: object, *, ok: bool = False) -> Case:
    expected = NOTHING if ok else found("restrict-key-users@secrets-key")
    return Case(f"the key's policy: {name}", (put("secrets-key", "policy", policy),), expected)


_HERE = {"Condition": {"StringEquals": {"kms:CallerAccount": "123456789012"}}}

CASES = (
    _policy("as an object", _OPEN),
    _policy("one statement, no list", {"Statement": {**_EVERYBODY, "Principal": "*"}}),
    _policy("everybody but one", document({**_EVERYBODY, "Principal": {}, "NotPrincipal": {"AWS": "1"}})),
    _policy("everybody of the account", document({**_EVERYBODY, **_HERE}), ok=True),
    _policy("nobody", document({**_EVERYBODY, "Effect": "Deny"}), ok=True),
    _policy("no JSON", "{"),
    _policy("JSON, no document", "[1]"),
    _policy("made of a resource of the stack", From("vpc", "arn", lambda arn: json.dumps([arn])), ok=True),
    Case("a disabled key", (put("secrets-key", "is_enabled", False),), found("keep-keys@secrets-key")),
    Case(
        "a key that may lock its owner out",
        (put("secrets-key", "bypass_policy_lockout_safety_check", True),),
        found("keep-keys@secrets-key"),
    ),
    Case(
        "a key to sign with",
        (put("secrets-key", "key_usage", "SIGN_VERIFY"), put("secrets-key", "enable_key_rotation", False)),
        NOTHING,
    ),
    Case("a password that is rotated", _rotation(From("database-password-secret", "id")), NOTHING),
)

TABLE = on_aws(*ROWS, *STATES, *CASES, *stored_secrets_keys.CASES)
