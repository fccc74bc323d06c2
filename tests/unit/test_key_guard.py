"""The guard before each start, run for real with rows in place of a database."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from components import postgres
from components.kotauth.secret_key import chain_key_id, key_fingerprint
from tests.unit.shell import Shell

SCRIPT = (Path(postgres.__path__[0]) / "key_guard.sh").read_text()
KEY = "0123456789abcdef" * 4
PASSWORD = "database password"
PSQL = r"""
printf '%s\n' "$@" >>"$CALLS"
cat "$PGPASSFILE" >>"$CALLS.pgpass"
case "${!#}" in
  *pg_attribute*) echo "$FOUND" ;;
  *"SELECT fingerprint FROM"*) echo "$STORED" ;;
  *"EXISTS (SELECT FROM audit_log)"*) echo t ;;
  *"ORDER BY id DESC LIMIT 1"*) printf '%s' "${NEWEST:+$NEWEST$'\n'}" ;;
  *) echo "what?" >&2; exit 3 ;;
esac
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.command("psql", PSQL)
    return shell


def guard(
    shell: Shell, *, newest: str = "", stored: str = "", key: str = KEY, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    """Run it where there are tables, with the newest key id of the audit log and a fingerprint that is stored."""
    shell.file("/run/secrets/secret_key").write_text(key)
    shell.file("/run/secrets/database_password").write_text(password)
    environment = {"FOUND": "t|t|t|t", "NEWEST": newest, "STORED": stored, "CALLS": str(shell.root / "calls")}
    return shell.run(SCRIPT, moved=("/run/secrets", "/tmp/pgpass"), environment=environment)  # noqa: S108 - moved


def test_the_key_fits(shell: Shell) -> None:
    done = guard(shell, newest=chain_key_id(KEY))
    assert done.returncode == 0
    assert done.stdout == f"key guard: the secret key fits the database (key id {chain_key_id(KEY)})\n"


def test_the_key_does_not_fit(shell: Shell) -> None:
    done = guard(shell, newest="deadbeef")
    assert done.returncode == 1
    line = done.stdout.splitlines()[-1]
    assert line.startswith(f"key guard: the secret key (key id {chain_key_id(KEY)}) does not fit this database")
    assert "key of id deadbeef" in line
    assert "Give back the old key" in line


@pytest.mark.parametrize(
    ("stored", "newest", "code"),
    [
        (True, True, 0),
        (True, None, 0),
        (None, True, 0),
        (None, None, 0),
        (False, None, 1),
        (None, False, 1),
        (True, False, 1),
        (False, True, 1),
        (False, False, 1),
    ],
)
def test_whatever_contradicts_the_key_refuses_it(
    shell: Shell, stored: bool | None, newest: bool | None, code: int
) -> None:
    """True is this key's, False another's, None where there is none."""
    fingerprints = {True: key_fingerprint(KEY), False: "0123456789abcdef", None: ""}
    ids = {True: chain_key_id(KEY), False: "deadbeef", None: ""}
    done = guard(shell, stored=fingerprints[stored], newest=ids[newest])
    assert done.returncode == code, done.stdout
    assert ("does not fit" in done.stdout) == (code == 1)
    assert ("can't tell" in done.stdout) == (stored is newest is None)


def test_no_answer_from_the_database_is_no_consent(shell: Shell) -> None:
    shell.command("psql", "echo 'psql: error: connection refused' >&2; exit 2")
    done = guard(shell)
    assert done.returncode == 2
    assert done.stderr == "psql: error: connection refused\n"


def test_white_space_around_the_key_does_not_count_for_kotauth_either(shell: Shell) -> None:
    fingerprint = key_fingerprint(KEY)
    done = guard(shell, newest=chain_key_id(KEY), stored=fingerprint, key=f" \t{KEY}\r\n\n")
    assert done.returncode == 0, done.stdout


def test_the_secrets_show_up_nowhere(shell: Shell) -> None:
    done = guard(shell, newest="deadbeef", stored=key_fingerprint(KEY))
    seen = done.stdout + done.stderr + (shell.root / "calls").read_text()
    assert KEY not in seen
    assert PASSWORD not in seen
    assert key_fingerprint(KEY) not in seen


def test_the_password_file_is_libpq_s_and_private(shell: Shell) -> None:
    guard(shell, password=f"{PASSWORD}:\\\n")
    file = shell.root / "tmp/pgpass"
    assert file.read_text() == f"*:*:*:*:{PASSWORD}\\:\\\\\n"
    assert file.stat().st_mode & 0o777 == 0o600


def inner(key: str) -> bytes:
    return hashlib.sha256(f"{key}|kauth/audit-log/v1".encode()).digest()


def key_whose_hash_has(byte: int, position: int) -> str:
    candidates = (f"{number:064}" for number in range(100_000))
    return next(key for key in candidates if inner(key)[position] == byte)


@pytest.mark.parametrize("position", [0, 16, 31])
@pytest.mark.parametrize("byte", [0x00, 0x0A, 0x25, 0x2D, 0x5C, 0xFF])
def test_every_byte_of_the_first_hash_reaches_the_second(shell: Shell, byte: int, position: int) -> None:
    key = key_whose_hash_has(byte, position)
    done = guard(shell, key=key, newest=chain_key_id(key))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("key", ["%s%d\\x41" * 8, "ключ" * 10, "$(id) `id` \"'" * 5, "a  b\nc" * 10])
def test_a_key_of_any_characters(shell: Shell, key: str) -> None:
    done = guard(shell, key=key, newest=chain_key_id(key), stored=key_fingerprint(key))
    assert done.returncode == 0, done.stdout
