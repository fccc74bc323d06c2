"""The secrets of a deployment on AWS: where they are, which version all readers use, what is protected."""

from __future__ import annotations

import hashlib
import json

import pytest

from components.kotauth.secret_key import key_fingerprint
from tests.unit.aws import statements
from tests.unit.aws_deployments import ALB, API_KEY, SECRET_FILES, deployed, files
from tests.unit.recording import Declared, generated

GENERATED = ("secret-key", "admin-password", "checklist-api-key", "database-password")
SECRET_KEY = hashlib.sha256(generated("kotauth-secret-key").encode()).hexdigest()
SECRETS = [*(generated(f"kotauth-{name}") for name in GENERATED), SECRET_KEY, API_KEY]
ALWAYS_PROTECTED = {f"RandomPassword kotauth-{name}" for name in GENERATED if name != "database-password"}
PROTECTED = {
    *ALWAYS_PROTECTED,
    "Instance kotauth-database-instance",
    "Key kotauth-database-key",
    "Key kotauth-secrets-key",
    "Secret kotauth-secret-key",
    "Secret kotauth-admin-password",
    "Secret kotauth-api-keys",
}


def test_no_secret_but_in_secrets_manager(alb: Declared, caddy: Declared) -> None:
    for declared in (alb, caddy):
        texts = {r.title: str(r.inputs) for r in declared.resources} | {"user data": str(files(declared))}
        found = {title for title, text in texts.items() if any(secret in text for secret in SECRETS)}
        assert found == {f"SecretVersion kotauth-{file}-version" for file in SECRET_FILES} - {
            "SecretVersion kotauth-api-keys-version"  # a hash of the key, as Kotauth takes it
        }
        assert all(r.secret_inputs == {"secretString"} for r in declared.of_type(":SecretVersion"))


def test_what_lies_in_secrets_manager(alb: Declared) -> None:
    stored = {r.name: r.inputs["secretString"] for r in alb.of_type(":SecretVersion")}
    assert {**stored, "kotauth-api-keys-version": ""} == {
        "kotauth-secret-key-version": SECRET_KEY,
        "kotauth-database-password-version": generated("kotauth-database-password"),
        "kotauth-admin-password-version": generated("kotauth-admin-password"),
        "kotauth-api-keys-version": "",
    }
    (api_key,) = json.loads(stored["kotauth-api-keys-version"])
    assert api_key["keyHash"] == hashlib.sha256(API_KEY.encode()).hexdigest()


def test_the_role_function_gets_the_key_s_fingerprint_and_may_not_read_the_key(alb: Declared) -> None:
    call = alb.named("kotauth-database-role-call")
    assert json.loads(call.inputs["input"])["key_fingerprint"] == key_fingerprint(SECRET_KEY)
    assert call.secret_inputs == {"input"}
    rights = statements(alb.named("kotauth-database-role-rights"))
    readable = {arn for each in rights if "secretsmanager:GetSecretValue" in each["Action"] for arn in each["Resource"]}
    assert {arn.rpartition(":secret:")[2].partition("-0c0ffee")[0] for arn in readable} == {
        "kotauth-database-password",
        "rds!db-kotauth-database-instance",
    }


@pytest.mark.parametrize(("version", "label", "login"), [(1, "v1", "kotauth_a"), (2, "v2", "kotauth_b")])
def test_all_readers_use_the_same_version_of_the_password(version: int, label: str, login: str) -> None:
    declared = deployed({**ALB, "database_password_version": version})
    assert declared.named("kotauth-database-password-version").inputs["versionStages"] == ["AWSCURRENT", label]
    call = json.loads(declared.named("kotauth-database-role-call").inputs["input"])
    assert (call["login"], call["password_label"]) == (login, label)
    host = files(declared)
    assert json.loads(host["/etc/kotauth/boot.json"])["secrets"]["server"] == {
        "secret_key": "AWSCURRENT",
        "database_password": label,
        "admin_password": "AWSCURRENT",
        "api_keys.json": "AWSCURRENT",
    }
    assert f"DB_USER={login}\n" in host["/etc/kotauth/server.env"]
    assert f"PGUSER={login}\n" in host["/etc/kotauth/server.key-guard.env"]


def test_only_the_password_has_labels_of_its_own(alb: Declared) -> None:
    labelled = [r.name for r in alb.of_type(":SecretVersion") if "versionStages" in r.inputs]
    assert labelled == ["kotauth-database-password-version"]


def test_one_key_for_each_purpose(alb: Declared, caddy: Declared) -> None:
    for declared in (alb, caddy):
        assert [r.name for r in declared.of_type(":Key")] == [
            "kotauth-database-key",
            "kotauth-log-key",
            "kotauth-secrets-key",
        ]
        logs = {r.name: r.inputs["kmsKeyId"].rpartition("/")[2] for r in declared.of_type(":LogGroup")}
        assert {key for name, key in logs.items() if name.startswith("kotauth-database-") and "role" not in name} == {
            "kotauth-database-key-id"
        }
        assert {key for name, key in logs.items() if not name.startswith("kotauth-database-") or "role" in name} == {
            "kotauth-log-key-id"
        }
        assert declared.named("kotauth-watch-alarms").inputs["kmsMasterKeyId"].endswith("key/kotauth-log-key-id")
        keys = {r.inputs["kmsKeyId"].rpartition("/")[2] for r in declared.of_type(":Secret")}
        assert keys == {"kotauth-secrets-key-id"}


def test_what_is_protected(alb: Declared, caddy: Declared, brought: Declared, brought_caddy: Declared) -> None:
    def protected(declared: Declared) -> set[str]:
        return {r.title for r in declared.resources if r.protect}

    assert protected(alb) == PROTECTED
    assert protected(caddy) == PROTECTED | {"Eip kotauth-server-address", "Volume kotauth-server-volume"}
    assert protected(brought) == protected(brought_caddy) == ALWAYS_PROTECTED


def test_aws_s_own_protection_follows(alb: Declared, brought: Declared) -> None:
    for declared, on in ((alb, True), (brought, False)):
        assert declared.named("kotauth-database-instance").inputs["deletionProtection"] is on
        assert declared.named("kotauth", ":LoadBalancer").inputs["enableDeletionProtection"] is on
        assert {r.name: r.inputs["forceDestroy"] for r in declared.of_type(":Bucket")} == {
            "kotauth-access-logs": not on,
            "kotauth-server-host": not on,
        }
