"""The server's container, held against Kotauth's contract (`EnvironmentConfig.kt` of 1.22)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import postgres
from components.kotauth import server as kotauth
from components.kotauth.base_url import parse_base_url
from components.kotauth.database import DEAD_CONNECTION, DatabaseConnection
from components.kotauth.secret_files import secret_files
from components.kotauth.secret_key import chain_key_id, key_fingerprint
from components.workload.spec import ContainerSpec, owner, probe_of
from tests.unit.recording import declare

SECRETS = {
    "secret_key": "s" * 64,
    "database_password": "d" * 48,
    "admin_password": "A1" + "a" * 30,
    "api_key_hash": "f" * 64,
}
FILE_VARIABLES = {
    "KAUTH_SECRET_KEY",
    "DB_PASSWORD",
    "KAUTH_REDIS_PASSWORD",
    "KAUTH_BOOTSTRAP_ADMIN_PASSWORD",
    "KAUTH_BOOTSTRAP_API_KEYS",
}
"""The only ones that Kotauth reads from files."""


def spec(**changes: Any) -> ContainerSpec:
    arguments: dict[str, Any] = {
        "image": "ghcr.io/inumansoul/kotauth:1.22.0",
        "base_url": parse_base_url("https://auth.example.com"),
        "environment": "production",
        "memory": 512,
        "cpus": 1.0,
        "pool_size": 10,
        "update_check": True,
        "database": DatabaseConnection("postgres", "kotauth", "kotauth_a", "pg"),
    }
    return kotauth.server(**{**arguments, **changes})


def files() -> dict[str, Any]:
    return declare(lambda: secret_files(**SECRETS)).outputs


def test_environment() -> None:
    assert spec().get("environment") == {
        "KAUTH_BASE_URL": "https://auth.example.com",
        "KAUTH_ENV": "production",
        "KAUTH_TRUSTED_PROXY": "true",
        "KAUTH_UPDATE_CHECK": "true",
        "KAUTH_SECRET_KEY_FILE": "/run/secrets/secret_key",
        "KAUTH_BOOTSTRAP_ADMIN_PASSWORD_FILE": "/run/secrets/admin_password",
        "KAUTH_BOOTSTRAP_API_KEYS_FILE": "/run/secrets/api_keys.json",
        "DB_URL": "jdbc:postgresql://postgres:5432/kotauth?tcpKeepAlive=true",
        "DB_USER": "kotauth_a",
        "DB_PASSWORD_FILE": "/run/secrets/database_password",
        "DB_POOL_MAX_SIZE": "10",
        "JAVA_TOOL_OPTIONS": "-XX:ActiveProcessorCount=8 -XX:+UseSerialGC",
    }


def test_kotauth_asks_for_nothing_where_it_may_not() -> None:
    assert spec(update_check=False).get("environment", {})["KAUTH_UPDATE_CHECK"] == "false"


@pytest.mark.parametrize(
    ("cpus", "options"),
    [
        (1.5, "-XX:ActiveProcessorCount=8 -XX:+UseSerialGC"),
        (2.0, "-XX:ActiveProcessorCount=8"),
        (8.5, "-XX:ActiveProcessorCount=9"),
        (16, "-XX:ActiveProcessorCount=16"),
    ],
)
def test_the_jvm_counts_eight_processors_or_what_it_has(cpus: float, options: str) -> None:
    assert spec(cpus=cpus).get("environment", {})["JAVA_TOOL_OPTIONS"] == options


def test_every_secret_is_a_file_that_exists_and_that_kotauth_reads() -> None:
    environment = spec().get("environment", {})
    paths = {key: str(value) for key, value in environment.items() if key.endswith("_FILE")}
    assert {key.removesuffix("_FILE") for key in paths} <= FILE_VARIABLES
    assert {path.rpartition("/")[2] for path in paths.values()} == set(spec().get("secret_files", [])) == set(files())


def test_the_files_hold_the_secrets() -> None:
    written = files()
    assert {key: written[key] for key in ("secret_key", "admin_password", "database_password")} == {
        key: SECRETS[key] for key in ("secret_key", "admin_password", "database_password")
    }


def test_the_api_key_may_read_and_is_known_by_its_hash_only() -> None:
    (key,) = json.loads(files()["api_keys.json"])
    assert key["tenant"] == "master"
    assert key["keyHash"] == SECRETS["api_key_hash"]
    assert [scope for scope in key["scopes"] if not scope.endswith(":read")] == []
    assert set(key) == {"tenant", "name", "scopes", "keyHash"}


def test_it_runs_as_the_image_s_user_and_not_as_root() -> None:
    assert owner(spec()) == ("10001", "10001")


@pytest.mark.parametrize("user", ["0:0", "00:1", "+0:1", "²:1", "root", "kotauth", "10001", "10001:", "kotauth:1"])
def test_root_and_names_are_refused(user: str) -> None:
    with pytest.raises(ValueError, match="numeric and not root"):
        owner({**spec(), "user": user})


def test_the_probe_asks_the_server_and_its_database() -> None:
    assert probe_of(spec())["command"][-1] == "http://localhost:8080/health/ready"


def test_the_guard_runs_before_each_start_with_the_database_s_tools() -> None:
    check = spec().get("before_start")
    assert check
    assert check["image"] == "pg"
    assert check.get("environment") == {"PGHOST": "postgres", "PGDATABASE": "kotauth", "PGUSER": "kotauth_a"}


def test_with_an_authority_the_database_must_prove_who_it_is() -> None:
    """To the server and to the guard before it."""
    it = spec(database=DatabaseConnection("db.example", "kotauth", "kotauth_b", "pg", ca="PEM"))
    url = "jdbc:postgresql://db.example:5432/kotauth?tcpKeepAlive=true&sslmode=verify-full&sslrootcert=/run/config/database-ca.pem"
    assert it.get("environment", {})["DB_URL"] == url
    assert it.get("config_files") == {"database-ca.pem": "PEM"}
    check = it.get("before_start")
    assert check
    environment = check.get("environment", {})
    assert (environment["PGSSLMODE"], environment["PGSSLROOTCERT"]) == ("verify-full", "/run/config/database-ca.pem")


def test_a_host_that_is_known_later_makes_a_url_that_is_known_later() -> None:
    database = DatabaseConnection(pulumi.Output.from_input("later.example"), "kotauth", "kotauth_a", "pg")
    outputs = declare(lambda: {"url": database.url}).outputs
    assert outputs == {"url": "jdbc:postgresql://later.example:5432/kotauth?tcpKeepAlive=true"}


def test_a_time_out_of_the_socket_would_end_migrations_too() -> None:
    assert "socketTimeout" not in str(spec().get("environment", {})["DB_URL"])


@pytest.mark.parametrize("script", ["key_guard.sh", "apply_role.sh"])
def test_psql_gives_up_a_dead_connection_when_the_server_does(script: str) -> None:
    idle, interval, count = (
        int(DEAD_CONNECTION[f"net.ipv4.tcp_keepalive_{name}"]) for name in ("time", "intvl", "probes")
    )
    options = f"keepalives_idle={idle} keepalives_interval={interval} keepalives_count={count}"
    text = (Path(postgres.__path__[0]) / script).read_text()
    assert f"psql -d '{options} tcp_user_timeout={(idle + interval * count) * 1000}'" in text


def test_chain_key_id_is_a_hash_of_the_hash() -> None:
    inner = hashlib.sha256(b"key|kauth/audit-log/v1").digest()
    assert chain_key_id(" key\n") == hashlib.sha256(inner).hexdigest()[:8]


def test_the_fingerprint_of_the_key_is_a_hash_that_kotauth_does_not_use() -> None:
    expected = hashlib.sha256(b"kotauth-infra/key/v1|key").hexdigest()[:16]
    assert key_fingerprint(" key\n") == expected


def test_a_key_that_comes_later_is_checked_when_it_does() -> None:
    from components.docker.settings import DockerSettings  # noqa: PLC0415 - this test's only

    args = {"base_url": "https://auth.example.com", "acme_email": "ops@example.com"}

    def key() -> Any:
        late = pulumi.Output.secret("x" * 31)
        return {"key": DockerSettings.resolve({**args, "secret_key": late}, "it").server.secret_key}

    with pytest.raises(pulumi.RunError, match=r'secret_key = "\[secret\]": must have 32 characters') as refused:
        declare(key)
    assert "x" * 31 not in str(refused.value)
