"""What is kept, what is replaced, and in which order."""

from __future__ import annotations

from tests.unit.aws_outputs import engine_name
from tests.unit.conftest import INTERNAL, PUBLIC, deploy
from tests.unit.recording import Declared

LABEL = "kotauth.content"


def test_exactly_what_cannot_be_made_again_is_protected(deployment: Declared) -> None:
    assert {r.name for r in deployment.resources if r.protect} == {
        "kotauth-secret-key",
        "kotauth-admin-password",
        "kotauth-checklist-api-key",
        "kotauth-postgres-administrator-password",
        "kotauth-postgres-data",
        "kotauth-frontend-data",
        "kotauth-backup-repository-password",
        "kotauth-backup-store-repository",
    }


def test_what_owns_a_port_or_data_is_deleted_first_and_the_server_last(deployment: Declared) -> None:
    order = {
        c.name: c.delete_before_replace for c in deployment.containers if c.inputs.get("restart") == "unless-stopped"
    }
    assert order == {
        "kotauth-postgres": True,
        "kotauth-frontend": True,
        "kotauth-server": False,
        "kotauth-backup-dump": True,
        "kotauth-backup-store": True,
    }


def test_nothing_has_a_name_that_two_generations_would_fight_for(deployment: Declared) -> None:
    made = [*deployment.containers, *deployment.of_type(":Volume"), *deployment.of_type(":Network")]
    assert not [r.name for r in made if "name" in r.inputs]


def test_a_stopping_server_has_time_to_finish(deployment: Declared) -> None:
    inputs = deployment.named("kotauth-server", ":Container").inputs
    assert inputs["stopTimeout"] == inputs["destroyGraceSeconds"] == 10
    database = deployment.named("kotauth-postgres", ":Container").inputs
    assert (database["stopSignal"], database["stopTimeout"]) == ("SIGINT", 60)


def test_another_image_carries_files_no_better(deployment: Declared) -> None:
    carriers = [c for c in deployment.containers if c.inputs.get("start") is False]
    assert {c.ignore_changes for c in carriers} == {("image",)}


def trigger(deployment: Declared, job: str) -> str:
    return deployment.named(job, ":Container").labels["kotauth.trigger"]


def content(deployment: Declared, volume: str) -> str:
    return deployment.named(volume, ":Volume").labels[LABEL]


def test_the_guard_runs_again_for_a_new_version(public: Declared) -> None:
    newer = deploy({**PUBLIC, "image": "ghcr.io/inumansoul/kotauth:1.23.0"})
    assert trigger(public, "kotauth-server-key-guard") != trigger(newer, "kotauth-server-key-guard")
    assert trigger(public, "kotauth-server-key-guard") == trigger(deploy(PUBLIC), "kotauth-server-key-guard")


def test_a_new_secret_is_a_new_volume_and_so_a_new_server(public: Declared) -> None:
    other = deploy({**PUBLIC, "secret_key": "x" * 32})
    assert content(public, "kotauth-server-secrets") != content(other, "kotauth-server-secrets")
    assert content(public, "kotauth-postgres-secrets") == content(other, "kotauth-postgres-secrets")


def test_the_role_job_runs_again_for_another_secret_key(public: Declared) -> None:
    other = deploy({**PUBLIC, "secret_key": "x" * 32})
    job, key = "kotauth-database-role", "kotauth-database-role-key"
    assert content(public, key) != content(other, key)
    volumes = other.named(job, ":Container").inputs["volumes"]
    assert [volume["volumeName"] for volume in volumes if volume["containerPath"] == "/run/key"] == [engine_name(key)]
    assert f"{key}-carrier" in other.named(job, ":Container").dependencies


def test_the_fingerprint_of_secret_files_is_a_secret_too(public: Declared) -> None:
    assert "labels" in public.named("kotauth-server-secrets", ":Volume").secret_inputs


def test_a_new_configuration_reloads_and_does_not_restart_the_frontend(internal: Declared) -> None:
    moved = deploy({**INTERNAL, "base_url": "https://moved.localhost:8443"})
    assert trigger(internal, "kotauth-frontend-reload") != trigger(moved, "kotauth-frontend-reload")
    assert (
        internal.named("kotauth-frontend", ":Container").inputs == moved.named("kotauth-frontend", ":Container").inputs
    )


def test_a_rotation_changes_the_login_and_the_password_s_keeper(public: Declared) -> None:
    rotated = deploy({**PUBLIC, "database_password_version": 2})
    for deployment, version, login in ((public, "1", "kotauth_a"), (rotated, "2", "kotauth_b")):
        assert deployment.named("kotauth-database-password").inputs["keepers"] == {"version": version}
        assert f"DB_USER={login}" in deployment.named("kotauth-server", ":Container").inputs["envs"]
        assert f"PGUSER={login}" in deployment.named("kotauth-server-key-guard").inputs["envs"]
        script = deployment.named("kotauth-database-role-files-carrier").inputs["uploads"][1]["content"]
        assert f"'{login}'" in script


def test_the_role_may_hold_the_connections_of_two_generations() -> None:
    deployment = deploy({**PUBLIC, "pool_size": 20})
    script = deployment.named("kotauth-database-role-files-carrier").inputs["uploads"][1]["content"]
    assert "SELECT set_config('kotauth.connection_limit', '45', false);" in script
    assert "DB_POOL_MAX_SIZE=20" in deployment.named("kotauth-server", ":Container").inputs["envs"]
