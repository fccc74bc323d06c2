"""The table of spellings: what is taken for a secret in a text, beside what only looks like one."""

from __future__ import annotations

import pytest

from policy.kotauth_policy.readers.kotauth.server import is_secret_file
from policy.kotauth_policy.readers.secrets.names import Meaning, meaning
from policy.kotauth_policy.readers.secrets.text import has_secret, secret_words
from tests import processor_time

from .rows.secret_commands import CAUGHT_COMMANDS, PASSED_COMMANDS
from .rows.secret_spellings import (
    CAUGHT_PROGRAMS,
    CAUGHT_TEXTS,
    HARMLESS_NAMES,
    PASSED_PROGRAMS,
    PASSED_TEXTS,
    SECRET_NAMES,
)

# Under the name of a secret.
SECRETS = [
    *("x", "hunter2", "/A1b2", "/Ab/c+d", "yes!", "${X:-hunter2}", "hunter$2", "p%40ss", "correct-horse-battery"),
    *("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "pa$$word", "100%sure", "changeme", "12345678901", '{"key": "x"}'),
]
REFERENCES = [
    *("", "true", "yes", "none", "$X", "${X}", "${X:-}", "${X:?is missing}", "$(cat /run/x)", "`cat x`", "%ENV%"),
    *("/run/secrets/x", "./secrets/x", "~/.ssh/id_rsa", "tls.key", "C:\\keys\\tls.pem", "file:///run/x", "/forgot"),
    *(
        "{{resolve:secretsmanager:a}}",
        "op://vault/item",
        "vault:secret/data/x#k",
        "arn:aws:secretsmanager:x",
        "rds!db-1",
    ),
    *(
        "projects/1/secrets/x/versions/latest",
        "https://x.vault.azure.net/secrets/y",
        "@Microsoft.KeyVault(SecretUri=x)",
    ),
    *("***", "<password>", "xxxx", "{password}", "%s", "$2b$12$abcdefghijk", "-----BEGIN CERTIFICATE-----\nx"),
    *("https://id.example.com/token", "ENC[AES256_GCM,data:x]", "AWSCURRENT", "v3"),
]
WEAK = {
    "ENCRYPT": "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=",
    "APP_KEY": "base64:Jk3b0m9sJ2k4l5m6n7o8p9q0r1s2t3u4v5w6x7y8z9A=",
    "ALGOLIA_ADMIN_KEY": "0123456789abcdef0123456789abcdef",
    "GITHUB_PAT": "0123456789abcdef0123456789abcdef01234567",
    "BASIC_AUTH": "me:hunter2",
    "AUTH": "bWU6aHVudGVyMg==",
    "NEO4J_AUTH": "neo4j/hunter2",
    "WORDPRESS_AUTH_SALT": "q1w2e3r4t5y6u7i8o9p0a1s2",
}
WEAK_HARMLESS = {
    "GPG_KEY": "A035C8C19219BA821ECEA86B64E628F8D684696D",
    "APP_KEY": "orders",
    "PARTITION_KEY": "tenant-eu-central-1-orders2",
    "S3_KEY": "builds/0123456789abcdef0123/app.zip",
    "ENCRYPTION_KEY": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "MAX_TOKENS": "4096",
    "BASIC_AUTH": "ldap",
    "NEO4J_AUTH": "none",
    "SESSION_COOKIE": "sid",
}


@pytest.mark.parametrize("words", CAUGHT_COMMANDS, ids=" ".join)
def test_a_command_with_a_secret_is_found(words: list[str]) -> None:
    assert secret_words(words)


@pytest.mark.parametrize("words", PASSED_COMMANDS, ids=" ".join)
def test_a_command_without_a_secret_passes(words: list[str]) -> None:
    assert not secret_words(words)


def test_the_word_is_named_that_is_the_secret() -> None:
    assert secret_words(["redis-server", "--requirepass", "x", "--port", "1"]) == {2}
    assert secret_words(["run", "--password", "--token", "y"]) == {3}


@pytest.mark.parametrize("text", CAUGHT_TEXTS)
def test_a_text_with_a_secret_is_found(text: str) -> None:
    assert has_secret(text)


@pytest.mark.parametrize("text", PASSED_TEXTS)
def test_a_text_without_a_secret_passes(text: str) -> None:
    assert not has_secret(text)


@pytest.mark.parametrize("text", CAUGHT_PROGRAMS)
def test_a_program_with_a_secret_is_found(text: str) -> None:
    assert has_secret(f"#!/bin/sh\n{text}\n", is_code=True)


@pytest.mark.parametrize("text", PASSED_PROGRAMS)
def test_a_program_without_a_secret_passes(text: str) -> None:
    assert not has_secret(f"#!/bin/sh\n{text}\n", is_code=True)


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_name_of_a_secret_is_known(name: str) -> None:
    assert meaning(name, "neo4j:hunter2") is Meaning.SECRET


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_a_name_of_something_else_passes(name: str) -> None:
    assert meaning(name, "hunter2") is Meaning.HARMLESS


@pytest.mark.parametrize("text", SECRETS)
def test_a_text_in_clear_is_a_secret_by_its_name(text: str) -> None:
    assert meaning("DB_PASSWORD", text) is Meaning.SECRET


@pytest.mark.parametrize("text", REFERENCES)
def test_a_text_that_says_where_the_secret_is_passes(text: str) -> None:
    assert meaning("DB_PASSWORD", text) is Meaning.HARMLESS


@pytest.mark.parametrize("name", WEAK)
def test_a_name_that_can_be_a_secret_is_judged_by_its_text(name: str) -> None:
    assert meaning(name, WEAK[name]) is Meaning.SECRET


@pytest.mark.parametrize("name", WEAK_HARMLESS)
def test_a_name_that_can_be_a_secret_passes_by_its_text(name: str) -> None:
    assert meaning(name, WEAK_HARMLESS[name]) is Meaning.HARMLESS


@pytest.mark.parametrize("text", ["prod/orders/db", "my-app/db_password", "Orders/prod/db.v2"])
def test_words_with_slashes_can_be_the_name_of_a_secret(text: str) -> None:
    assert meaning("DB_SECRET", text) is Meaning.PLACE


@pytest.mark.parametrize("text", ["Ab3/xY9zQ1wE7rT5uI/oP2", "a1B2c3D4e5F6g7H8i9J0/k", "orders", "a b/c", "0123/4567"])
def test_other_texts_with_slashes_are_secrets(text: str) -> None:
    assert meaning("DB_SECRET", text) is Meaning.SECRET


LONG = {
    "pairs": "a=" * 125_000 + "token",
    "names": "key=1 " * 40_000,
    "flags": "--token $x " * 22_500,
    "quotes": "'\"" * 125_000,
    "words": "x " * 125_000 + "--a",
    "base64": "QUJDREVGR0hJSktMTU5P " * 11_250,
    "passwords": "a://u:$x@h " * 22_500,
    "blanks": "token" + " " * 250_000,
    "substitutions": "$(a " * 62_500 + "--x",
    "JSON": '{"token":"",' * 20_000,
    "defaults": "token=${a:-" * 22_500,
    "places": "token=" + "a/" * 125_000,
    "logins": "login a password $x " * 12_500,
    "users": "a:" * 125_000 + "|chpasswd",
    "headers": "authorization: bearer $x " * 10_000,
    "escapes": '\\"' * 125_000,
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_text_ends_soon(name: str) -> None:
    text = LONG[name]
    assert processor_time.seconds(lambda: (has_secret(text, is_code=True), secret_words([text]))) < 2


SECRET_FILES = """
/f/secret_key /f/database_password /f/api_keys.json tls.key /a/server-key.pem id_rsa /root/.pgpass .netrc
secrets.json passwords.txt serviceAccountKey.json client_secret.json credentials /run/secrets/db keystore.jks a.p12
.dockerconfigjson secrets.prod.yml token admin-token /var/run/secrets/x.json
""".split()  # noqa: SIM905
OTHER_FILES = """
/f/key_guard.sh public_key.pem id_rsa.pub authorized_keys jwt_public.key design-tokens.json password_policy.json
token_ttl.txt ca.pem Caddyfile nginx.conf /run/secrets/ca.crt server.crt keys.md secrets.py tokenizer.json
known_hosts database-ca.pem realm.json /run/secrets/tls/fullchain.pem
""".split()  # noqa: SIM905


@pytest.mark.parametrize("path", SECRET_FILES)
def test_a_file_of_a_secret_is_known(path: str) -> None:
    assert is_secret_file(path)


@pytest.mark.parametrize("path", OTHER_FILES)
def test_another_file_passes(path: str) -> None:
    assert not is_secret_file(path)
