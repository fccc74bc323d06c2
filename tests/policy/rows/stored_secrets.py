"""Rules of the area `stored-secrets`."""

import json

import pulumi_aws as aws

from policy.testing.aws_documents import ACCOUNT, document
from policy.testing.aws_program import KNOWN
from policy.testing.change import ABSENT, UNKNOWN, Args, From, add, put

from ..mutation import NOTHING, REQUIRED, Case, Impossible, Row, found, on_aws, spelled, state
from . import stored_secrets_keys

_ANY_PRINCIPAL: Args = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": "*"}}
_OPEN = document(ACCOUNT, _ANY_PRINCIPAL)
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
    _policy("one statement, no list", {"Statement": {**_ANY_PRINCIPAL, "Principal": "*"}}),
    _policy("all principals but one", document({**_ANY_PRINCIPAL, "Principal": {}, "NotPrincipal": {"AWS": "1"}})),
    _policy("all principals of the account", document({**_ANY_PRINCIPAL, **_HERE}), ok=True),
    _policy("no principal", document({**_ANY_PRINCIPAL, "Effect": "Deny"}), ok=True),
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

_PRIMARY = {"primary_key_arn": From("secrets-key", "arn")}
_SIGNING = put("secrets-key", "enable_key_rotation", False)

FORMS = (
    *spelled(
        _OWN,
        _SECRET,
        lambda key: put(_SECRET, "kms_key_id", key),
        caught=(
            "alias/aws/secretsmanager",
            "arn:aws:kms:eu-central-1:123456789012:alias/aws/secretsmanager",
            "arn:aws-us-gov:kms:us-gov-west-1:123456789012:alias/aws/secretsmanager",
            "alias/aws/ssm",
            "",
        ),
        passed=(
            "alias/secrets",
            "alias/awsome",
            "alias/team/aws/secrets",
            "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
        ),
    ),
    Case(
        "a secret with a copy under a key",
        (put(_SECRET, "replicas", [{"region": "eu-west-1", "kms_key_id": "alias/secrets"}]),),
        NOTHING,
    ),
    Case(
        "a secret with a copy under no key",
        (put(_SECRET, "replicas", [{"region": "eu-west-1"}]),),
        found(f"{_OWN}@{_SECRET}"),
    ),
    *(
        Case(f"a key {name}", (_SIGNING, *(put("secrets-key", *each) for each in more.items())), NOTHING)
        for name, more in {
            "for codes": {"key_usage": "GENERATE_VERIFY_MAC", "customer_master_key_spec": "HMAC_256"},
            "to agree on keys": {"key_usage": "KEY_AGREEMENT", "customer_master_key_spec": "ECC_NIST_P256"},
            "for encryption with two halves": {"customer_master_key_spec": "RSA_4096"},
            "in a store of one's own": {"custom_key_store_id": "cks-1234567890abcdef0"},
        }.items()
    ),
    Case(
        "a key for several regions",
        (_SIGNING, put("secrets-key", "multi_region", True)),
        found("rotate-keys@secrets-key"),
    ),
    *(
        Case(
            f"a key of another kind: {kind.__name__} {name}",
            (add("other", kind, {**base, **more}),),
            found(*violations),
        )
        for kind, base in (
            (aws.kms.ReplicaKey, _PRIMARY),
            (aws.kms.ExternalKey, {}),
            (aws.kms.ReplicaExternalKey, _PRIMARY),
        )
        for name, more, violations in (
            ("", {}, ()),
            ("for a week", {"deletion_window_in_days": 7}, ("keep-keys@other",)),
            ("disabled", {"enabled": False}, ("keep-keys@other",)),
        )
    ),
    Case(
        "a rotation of the secret key by its ARN",
        _rotation("arn:aws:service:eu-central-1:123456789012:secret-key-secret"),
        found("never-rotate-secret-key@rotation"),
        outputs=KNOWN,
    ),
)

TABLE = on_aws(*ROWS, *STATES, *CASES, *FORMS, *stored_secrets_keys.CASES)
