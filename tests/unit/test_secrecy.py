"""Secrets are generated once, marked as such, and reach a container only as files of its own user."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from components import AwsSecret, DockerBackups, DockerContainer, DockerDatabaseRole, DockerLogRoute
from components.kotauth.credentials import KotauthCredentials
from components.kotauth.secret_key import key_fingerprint
from components.postgres.role import scram_verifier
from tests.unit.conftest import PUBLIC, deploy
from tests.unit.least_inputs import LEAST, SPEC, Component
from tests.unit.recording import Declared, declare, generated

NAMES = (
    "kotauth-secret-key",
    "kotauth-admin-password",
    "kotauth-checklist-api-key",
    "kotauth-database-password",
    "kotauth-postgres-administrator-password",
    "kotauth-backup-login-password",
    "kotauth-backup-repository-password",
)
SECRET_KEY = hashlib.sha256(generated("kotauth-secret-key").encode()).hexdigest()
API_KEY = f"kauth_master_{generated('kotauth-checklist-api-key')}"
SECRETS = [*map(generated, NAMES), SECRET_KEY, API_KEY, scram_verifier(generated("kotauth-database-password"))]
GIVEN = "a key that was made elsewhere, with 32 characters or more"


def uploads(deployment: Declared, carrier: str) -> dict[str, str]:
    files = deployment.named(f"{carrier}-carrier").inputs["uploads"]
    return {upload["file"].removeprefix("/files/"): upload["content"] for upload in files}


def test_only_random_passwords(deployment: Declared) -> None:
    """`RandomBytes` and `RandomId` put the value in clear into the resource's id."""
    kinds = {r.type for r in deployment.resources if r.type.startswith("random:")}
    assert kinds == {"random:index/randomPassword:RandomPassword"}
    assert {r.name for r in deployment.of_type(":RandomPassword")} == set(NAMES)


def test_passwords_are_long_enough(deployment: Declared) -> None:
    for password in deployment.of_type(":RandomPassword"):
        assert password.inputs["length"] >= 32
        # Nothing that a shell, a URL or a properties file reads as its own.
        assert password.inputs["special"] is False


def test_kotauth_takes_the_administrator_s_password(deployment: Declared) -> None:
    inputs = deployment.named("kotauth-admin-password").inputs
    assert min(inputs[kind] for kind in ("minUpper", "minLower", "minNumeric")) >= 1


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_beside_the_files(deployment: Declared, secret: str) -> None:
    for resource in deployment.resources:
        assert secret not in repr({**resource.inputs, "uploads": None}), resource.name


def test_files_with_secrets_are_marked(deployment: Declared) -> None:
    found = [c for c in deployment.containers if any(secret in repr(c.inputs.get("uploads")) for secret in SECRETS)]
    assert {c.name for c in found} == {
        "kotauth-postgres-secrets-carrier",
        "kotauth-database-role-files-carrier",
        "kotauth-server-secrets-carrier",
        "kotauth-backup-dump-secrets-carrier",
        "kotauth-backup-store-secrets-carrier",
    }
    assert [c.name for c in found if "uploads" not in c.secret_inputs] == []


def test_each_container_gets_its_own_secrets_only(deployment: Declared) -> None:
    assert uploads(deployment, "kotauth-postgres-secrets") == {
        "administrator_password": generated("kotauth-postgres-administrator-password")
    }
    assert set(uploads(deployment, "kotauth-database-role-files")) == {"administrator_password", "role.sql"}
    assert uploads(deployment, "kotauth-database-role-key") == {"key_fingerprint": key_fingerprint(SECRET_KEY)}
    assert "uploads" in deployment.named("kotauth-database-role-key-carrier").secret_inputs
    assert uploads(deployment, "kotauth-backup-dump-secrets") == {
        "backup_password": generated("kotauth-backup-login-password")
    }
    assert uploads(deployment, "kotauth-backup-store-secrets") == {
        "repository_password": generated("kotauth-backup-repository-password")
    }
    server = uploads(deployment, "kotauth-server-secrets")
    assert {**server, "api_keys.json": ""} == {
        "secret_key": SECRET_KEY,
        "admin_password": generated("kotauth-admin-password"),
        "api_keys.json": "",
        "database_password": generated("kotauth-database-password"),
    }
    assert json.loads(server["api_keys.json"])[0]["keyHash"] == hashlib.sha256(API_KEY.encode()).hexdigest()


def test_files_belong_to_the_user_that_reads_them(deployment: Declared) -> None:
    owners = {
        c.name: {(upload["owner"], upload["group"]) for upload in c.inputs["uploads"]}
        for c in deployment.containers
        if c.inputs.get("uploads")
    }
    assert owners == {
        "kotauth-postgres-secrets-carrier": {("999", "999")},
        "kotauth-database-role-files-carrier": {("999", "999")},
        "kotauth-database-role-key-carrier": {("999", "999")},
        "kotauth-server-secrets-carrier": {("10001", "10001")},
        "kotauth-frontend-next-config-carrier": {("10002", "10002")},
        **{
            f"kotauth-backup-{part}-{files}-carrier": {("65534", "65534")}
            for part in ("dump", "store")
            for files in ("config", "secrets")
        },
    }


def test_the_guard_reads_the_server_s_files(deployment: Declared) -> None:
    guard = deployment.named("kotauth-server-key-guard").inputs
    server = deployment.named("kotauth-server", ":Container").inputs
    assert guard["user"] == server["user"]
    assert guard["volumes"] == server["volumes"]


def test_the_database_server_gets_the_verifier_and_not_the_password(deployment: Declared) -> None:
    script = uploads(deployment, "kotauth-database-role-files")["role.sql"]
    for password in ("kotauth-database-password", "kotauth-backup-login-password"):
        assert scram_verifier(generated(password)) in script
        assert generated(password) not in script


def test_outputs(public: Declared, internal: Declared) -> None:
    assert public.outputs == {
        "url": "https://auth.example.com",
        "admin_url": "https://auth.example.com/admin",
        "ready_url": "https://auth.example.com/health/ready",
        "admin_password": generated("kotauth-admin-password"),
        "checklist_api_key": API_KEY,
        "database_url": "jdbc:postgresql://postgres:5432/kotauth?tcpKeepAlive=true",
        "ca_certificate": "",
        "log_watcher": "",
    }
    assert internal.outputs["ca_certificate"].startswith("-----BEGIN CERTIFICATE-----\n")
    for deployment in (public, internal):
        assert deployment.secret_outputs == {"admin_password", "checklist_api_key"}


def test_all_credentials_are_secret_also_a_key_that_was_given_in_clear() -> None:
    declared = declare(lambda: KotauthCredentials("it", {"secret_key": GIVEN}))
    assert declared.secret_outputs == set(declared.outputs)
    assert declared.outputs["secret_key"] == GIVEN


def test_a_given_key_is_used_and_marked_and_one_is_generated_all_the_same() -> None:
    deployment = deploy({**PUBLIC, "secret_key": GIVEN})
    assert uploads(deployment, "kotauth-server-secrets")["secret_key"] == GIVEN
    assert "uploads" in deployment.named("kotauth-server-secrets-carrier").secret_inputs
    assert deployment.named("kotauth-secret-key").protect
    assert [r.name for r in deployment.resources if GIVEN in repr({**r.inputs, "uploads": None})] == []


@pytest.mark.parametrize(
    ("component", "secret"),
    [
        (AwsSecret, {"value": GIVEN}),
        (DockerBackups, {"login_password": GIVEN}),
        (DockerContainer, {"spec": {**SPEC, "secret_files": ["key"]}, "secrets": {"key": GIVEN}}),
        (DockerDatabaseRole, {"administrator_password": GIVEN}),
        (DockerDatabaseRole, {"password": GIVEN}),
        (DockerDatabaseRole, {"backup_password": GIVEN}),
        (DockerLogRoute, {"headers": GIVEN}),
    ],
)
def test_a_secret_that_was_given_in_clear_is_marked(component: Component, secret: dict[str, Any]) -> None:
    made = declare(lambda: component("it", {**LEAST[component], **secret})).resources
    assert [resource.title for resource in made if GIVEN in resource.in_clear] == []
