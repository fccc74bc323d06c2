"""Secrets Manager secrets and KMS keys: encryption, recovery, rotation and permissions."""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import is_given, seen
from ...engine.verdict import Verdict, fail
from ...readers.aws.policy_document import open_to_any_principal, statements
from ...readers.aws.resources import KEY, KEY_POLICIES, OTHER_KEYS, ROTATION, SECRET
from ...readers.docker.parts import SERVER, parts_in
from ...readers.kotauth.server import secret_key_uploads

AREA = Area("stored-secrets")
_OF_AWS = "alias/aws/"


@AREA.rule(
    "encrypt-secrets-with-own-key",
    Severity.MEDIUM,
    "Encrypt every secret with a customer-managed key.",
    level=Level.ADVISORY,
    remedy="Set `kms_key_id` to the ARN of an `aws.kms.Key`.",
    types=(SECRET,),
    references=References(checkov=("CKV_AWS_149",), checklist=(8, 9)),
)
def encrypt_secrets_with_own_key(secret: Resource, _: Settings) -> Iterator[Verdict]:
    """Reading a secret then also needs a right to the key, and KMS records each use of the key.

    A replica has its own key.
    """
    for key in (secret.get("kmsKeyId"), *(each.field("kmsKeyId") for each in secret.get("replicas").items())):
        if not is_given(key):
            yield fail(key.path, "is not set")
        elif _OF_AWS in key.known_text():
            yield fail(key.path, "is the AWS managed key of the account")


@AREA.rule(
    "keep-deleted-secrets",
    Severity.HIGH,
    "Keep a deleted secret recoverable for at least a week.",
    remedy="Set `recovery_window_in_days` to 30, or remove the property.",
    types=(SECRET,),
    references=References(checklist=(8,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 7, "The shortest recovery window, in days.", relaxes=True),),
)
def keep_deleted_secrets(secret: Resource, settings: Settings) -> Iterator[Verdict]:
    """A window of 0 days deletes a secret, such as Kotauth's secret key, at once.

    The default is 30 days.
    """
    days = secret.get("recoveryWindowInDays").number()
    if days is not None and days < settings.number("minimum"):
        yield fail(
            "recoveryWindowInDays",
            seen(secret.get("recoveryWindowInDays"), f"less than {settings.number('minimum'):g} days"),
        )


@AREA.rule(
    "never-rotate-secret-key",
    Severity.CRITICAL,
    "Do not rotate the secret that contains Kotauth's secret key.",
    remedy="Remove the `aws.secretsmanager.SecretRotation` of this secret. To rotate a database password, change it "
    "in the program together with its role and its server.",
    types=(ROTATION,),
    references=References(hub=("SecretsManager.1",), checkov=("CKV_AWS_304", "CKV2_AWS_57"), checklist=(8,)),
    waivable=False,
)
def never_rotate_secret_key(rotation: Resource, _: Settings) -> Iterator[Verdict]:
    """Another secret key breaks every login while all health checks stay green.

    Security Hub and Checkov ask for rotation because they do not know this key.
    """
    keys = rotation.in_stack().once(_secrets_with_keys)
    if any(secret.urn in keys for secret in rotation.origins_of(rotation.get("secretId"), SECRET)):
        yield fail("secretId", "is the secret that contains Kotauth's secret key")


def _secrets_with_keys(stack: Stack) -> set[str]:
    versions = [upload.container for server in parts_in(stack, SERVER) for upload in secret_key_uploads(server)]
    return {secret.urn for version in versions for secret in version.sources("secretId")}


def _is_symmetric(key: Resource) -> bool:
    """Whether AWS can rotate a key: it is symmetric, for encryption, and AWS stores its key material."""
    if is_given(key.get("customKeyStoreId")):
        return False
    usage, spec = key.get("keyUsage"), key.get("customerMasterKeySpec")
    return (usage.text() or "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT" and (
        spec.text() or "SYMMETRIC_DEFAULT"
    ) == "SYMMETRIC_DEFAULT"


@AREA.rule(
    "rotate-keys",
    Severity.MEDIUM,
    "Enable the automatic rotation of every KMS key.",
    remedy="Set `enable_key_rotation=True`.",
    types=(KEY,),
    when=_is_symmetric,
    references=References(hub=("KMS.4",), checkov=("CKV_AWS_7",)),
)
def rotate_keys(key: Resource, _: Settings) -> Iterator[Verdict]:
    """Data that was encrypted before the rotation stays readable, so rotation breaks nothing."""
    if not key.get("enableKeyRotation").flag():
        yield fail("enableKeyRotation", "is not true")


@AREA.rule(
    "restrict-key-users",
    Severity.CRITICAL,
    "Restrict who may use a KMS key.",
    remedy="Name the account or a service in `Principal` of the key's policy. Alternatively, remove `policy`: AWS's "
    "default policy allows only the account.",
    types=KEY_POLICIES,
    references=References(hub=("KMS.5",), checkov=("CKV_AWS_33",)),
)
def restrict_key_users(key: Resource, _: Settings) -> Iterator[Verdict]:
    """A statement for everyone passes with a condition that names an account, an organisation or a source.

    The condition kms:ViaService alone is not enough, because a service such as S3 uses keys on behalf of every
    account.
    """
    if key.get("policy").is_absent:
        return
    for statement in open_to_any_principal(statements(key, "policy")):
        yield fail(
            statement.value.path, "lets everyone use the key: no condition names an account, organisation or source"
        )


@AREA.rule(
    "keep-keys",
    Severity.HIGH,
    "Keep every KMS key enabled, and keep a deleted key recoverable for a month.",
    remedy="Remove `is_enabled` and `bypass_policy_lockout_safety_check`, and set `deletion_window_in_days` to 30.",
    types=(KEY, *OTHER_KEYS),
    references=References(hub=("KMS.3",), checkov=("CKV_AWS_227",), checklist=(8, 11)),
    parameters=(
        Parameter("minimum", Kind.NUMBER, 30, "The shortest time before a deleted key is lost, in days.", relaxes=True),
    ),
)
def keep_keys(key: Resource, settings: Settings) -> Iterator[Verdict]:
    """Without a key, everything that it encrypted is lost, including backups."""
    days = key.get("deletionWindowInDays").number()
    if days is not None and days < settings.number("minimum"):
        yield fail(
            "deletionWindowInDays",
            seen(key.get("deletionWindowInDays"), f"less than {settings.number('minimum'):g} days"),
        )
    enabled = key.get("isEnabled" if key.type == KEY else "enabled")
    if enabled.flag() is False:
        yield fail(enabled.path, "is false")
    if key.get("bypassPolicyLockoutSafetyCheck").flag():
        yield fail("bypassPolicyLockoutSafetyCheck", "is true")
