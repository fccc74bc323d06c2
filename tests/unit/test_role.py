"""The application's database roles: the verifier that PostgreSQL stores, and the script that makes them."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from scramp import ScramClient, ScramMechanism

from components.docker.database import APPLY_ROLE
from components.postgres.role import ROLE_SQL, connection_limit, login_name, role_script, role_settings, scram_verifier
from tests.unit.shell import Shell

PASSWORDS = ["pencil", "x" * 48, "p$ss'w\"rd\\", ""]
SHAPE = re.compile(r"SCRAM-SHA-256\$4096:([A-Za-z0-9+/=]{24})\$([A-Za-z0-9+/=]{44}):([A-Za-z0-9+/=]{44})")


def parts(password: str) -> tuple[bytes, bytes, bytes]:
    """Return salt, stored key and server key of the verifier."""
    match = SHAPE.fullmatch(scram_verifier(password))
    assert match
    return base64.b64decode(match[1]), base64.b64decode(match[2]), base64.b64decode(match[3])


@pytest.mark.parametrize("password", PASSWORDS)
def test_the_verifier_has_the_keys_of_another_implementation(password: str) -> None:
    salt, stored, server = parts(password)
    assert ScramMechanism("SCRAM-SHA-256").make_auth_info(password, 4096, salt) == (salt, stored, server, 4096)


def test_the_other_implementation_has_the_values_of_rfc_7677() -> None:
    """The exchange of the RFC's section 3, so that the comparison above is worth something."""
    client = ScramClient(["SCRAM-SHA-256"], "user", "pencil", c_nonce="rOprNGfwEbeRWgbNEkqO")
    client.get_client_first()
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    client.set_server_first(f"r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
    assert client.get_client_final() == f"c=biws,r={nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    client.set_server_final("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


@pytest.mark.parametrize("password", PASSWORDS[:3])
def test_who_has_the_password_gets_in_with_the_verifier(password: str) -> None:
    salt, stored, server_key = parts(password)
    mechanism = ScramMechanism("SCRAM-SHA-256")
    client = ScramClient(["SCRAM-SHA-256"], "user", password)
    server = mechanism.make_server(lambda _: (salt, stored, server_key, 4096))
    server.set_client_first(client.get_client_first())
    client.set_server_first(server.get_server_first())
    server.set_client_final(client.get_client_final())
    client.set_server_final(server.get_server_final())


def test_the_same_password_gives_the_same_verifier_and_another_password_another_salt() -> None:
    assert scram_verifier("pencil") == scram_verifier("pencil")
    assert parts("pencil")[0] != parts("pencils")[0]


def test_the_verifier_does_not_hold_the_password() -> None:
    assert "pencil" not in scram_verifier("pencil")


@pytest.mark.parametrize(
    ("version", "login"), [(1, "kotauth_a"), (2, "kotauth_b"), (3, "kotauth_a"), (10**6, "kotauth_b")]
)
def test_two_logins_take_turns(version: int, login: str) -> None:
    assert login_name(version) == login


@pytest.mark.parametrize(("pool", "instances", "limit"), [(2, 1, 9), (10, 1, 25), (40, 1, 85), (10, 3, 65)])
def test_both_generations_fit_the_connection_limit_during_a_roll(pool: int, instances: int, limit: int) -> None:
    assert connection_limit(pool, instances) == limit


def test_the_script_sets_everything_that_it_reads() -> None:
    settings = role_settings("kotauth_a", "SCRAM-SHA-256$4096:a$b:c", 25)
    read = set(re.findall(r"current_setting\('([\w.]+)'\)", ROLE_SQL))
    assert read == set(settings)
    script = role_script(settings)
    assert script.endswith(ROLE_SQL)
    assert "SELECT set_config('kotauth.verifier', 'SCRAM-SHA-256$4096:a$b:c', false);" in script.splitlines()
    assert "SELECT set_config('kotauth.connection_limit', '25', false);" in script.splitlines()


def test_quotes_are_doubled() -> None:
    script = role_script({"kotauth.login": "o'brien'; DROP TABLE users; --"})
    assert script.splitlines()[0] == "SELECT set_config('kotauth.login', 'o''brien''; DROP TABLE users; --', false);"


def test_the_administrator_s_password_file_is_in_libpq_s_form(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.command("psql", "exit 0")
    shell.file("/run/secrets/administrator_password").write_text("a:b\\c")
    assert shell.run(APPLY_ROLE, moved=("/run/secrets", "/run/key", "/tmp/pgpass"), interpreter="sh").returncode == 0  # noqa: S108 - moved
    assert (tmp_path / "tmp/pgpass").read_text() == "*:*:*:*:a\\:b\\\\c\n"
