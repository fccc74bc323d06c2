"""The simulator of Kotauth keeps the start contract that needs no database: variables and FATAL lines.

It runs in a process of its own, as in its image. Where a start should get past all checks, DB_URL names a closed
port, and the start ends there, with the real server's message for that.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.kotauth.tests.starts import start

GOOD = {
    "KAUTH_BASE_URL": "https://auth.test",
    "KAUTH_SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "DB_PASSWORD": "not-a-real-password",
    "DB_URL": "jdbc:postgresql://127.0.0.1:1/kotauth",
}
PRODUCTION = {"KAUTH_ENV": "production"}
NO_DATABASE = "Unable to obtain connection from database"
"""All checks passed."""

QUICKSTART_KEY = "a]1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4"

FATAL_LINES = {
    "no base url": ({"KAUTH_BASE_URL": " "}, "FATAL: KAUTH_BASE_URL environment variable is not set."),
    "http in production": (
        PRODUCTION | {"KAUTH_BASE_URL": "http://auth.test"},
        "FATAL: KAUTH_BASE_URL must use HTTPS in production mode.",
    ),
    "upper case scheme in production": (
        PRODUCTION | {"KAUTH_BASE_URL": "HTTPS://auth.test"},
        "FATAL: KAUTH_BASE_URL must use HTTPS in production mode.",
    ),
    "short key": ({"KAUTH_SECRET_KEY": "x" * 31}, "FATAL: KAUTH_SECRET_KEY must be set (32+ chars)."),
    "quickstart key": (
        PRODUCTION | {"KAUTH_SECRET_KEY": QUICKSTART_KEY},
        "FATAL: KAUTH_SECRET_KEY is the publicly-known quickstart",
    ),
    "weak admin password": (
        {"KAUTH_BOOTSTRAP_ADMIN_PASSWORD": "alllowercase123"},
        "FATAL: KAUTH_BOOTSTRAP_ADMIN_PASSWORD is too weak.",
    ),
    "no database password": ({"DB_PASSWORD": " "}, "FATAL: DB_PASSWORD environment variable is not set."),
}


def fatal_line(stderr: str) -> str:
    """The first FATAL line without its box."""
    found = re.search(r"FATAL: .*", stderr)
    return found[0].strip(" │") if found else ""


@pytest.mark.parametrize(("change", "expected"), FATAL_LINES.values(), ids=FATAL_LINES.keys())
def test_a_bad_value_is_refused_with_its_fatal_line(change: dict[str, str], expected: str) -> None:
    result = start(GOOD | change)
    assert result.returncode == 1
    assert fatal_line(result.stderr) == expected
    assert result.stdout == ""


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"KAUTH_ENV": "Production", "KAUTH_BASE_URL": "http://auth.test"}, id="Production is development"),
        pytest.param({"KAUTH_BASE_URL": "http://auth.test"}, id="development takes http"),
        pytest.param({"DB_POOL_MAX_SIZE": "many", "DB_POOL_MIN_IDLE": ""}, id="no pool size: the default"),
        pytest.param({"KAUTH_BOOTSTRAP_ADMIN_PASSWORD": " "}, id="a blank admin password is none"),
    ],
)
def test_these_pass_all_checks(change: dict[str, str]) -> None:
    result = start(GOOD | change)
    assert NO_DATABASE in result.stderr
    assert fatal_line(result.stderr) == ""


def test_a_database_that_is_down_ends_the_start_at_once() -> None:
    result = start(GOOD)
    assert result.returncode == 1
    assert NO_DATABASE in result.stderr
    assert "Traceback" in result.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Missing required JDBC URL. Unable to create DataSource!"),
        ("postgresql://127.0.0.1/kotauth", "Unable to autodetect JDBC driver"),
        ("jdbc:postgresql://127.0.0.1:1/kotauth?sslmode=sometimes", "Unable to parse URL"),
    ],
)
def test_a_bad_database_url_is_no_fatal(url: str, words: str) -> None:
    result = start(GOOD | {"DB_URL": url})
    assert result.returncode == 1
    assert words in result.stderr
    assert fatal_line(result.stderr) == ""


def test_verify_full_needs_its_root_certificate(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"jdbc:postgresql://127.0.0.1:{listener.getsockname()[1]}/k?sslmode=verify-full&sslrootcert={missing}"
        result = start(GOOD | {"DB_URL": url})
    assert result.returncode == 1
    assert f"Could not open SSL root certificate file {missing}." in result.stderr


class TestFileForms:
    """Secrets alone may come from a file."""

    def test_the_file_wins_and_is_trimmed(self, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text(f"\n  {GOOD['KAUTH_SECRET_KEY']}\n")
        result = start(GOOD | {"KAUTH_SECRET_KEY": "short", "KAUTH_SECRET_KEY_FILE": str(file)})
        assert NO_DATABASE in result.stderr

    @pytest.mark.parametrize("content", ["", "\n"])
    def test_an_empty_file_is_an_empty_value(self, tmp_path: Path, content: str) -> None:
        file = tmp_path / "password"
        file.write_text(content)
        result = start(GOOD | {"DB_PASSWORD_FILE": str(file)})
        assert fatal_line(result.stderr) == "FATAL: DB_PASSWORD environment variable is not set."

    @pytest.mark.parametrize(
        "name",
        [
            "KAUTH_SECRET_KEY",
            "DB_PASSWORD",
            "KAUTH_BOOTSTRAP_ADMIN_PASSWORD",
            "KAUTH_BOOTSTRAP_API_KEYS",
        ],
    )
    def test_a_missing_file_is_a_stack_trace(self, name: str, tmp_path: Path) -> None:
        result = start(GOOD | {f"{name}_FILE": str(tmp_path / "missing")})
        assert result.returncode == 1
        assert "Traceback" in result.stderr
        assert "java.io.FileNotFoundException" in result.stderr
        assert fatal_line(result.stderr) == ""

    @pytest.mark.parametrize("name", ["DB_USER", "DB_URL", "KAUTH_BASE_URL"])
    def test_no_other_name_has_a_file_form(self, name: str, tmp_path: Path) -> None:
        result = start(GOOD | {f"{name}_FILE": str(tmp_path / "missing")})
        assert NO_DATABASE in result.stderr


def test_java_options_cost_one_line_on_standard_error() -> None:
    result = start({"JAVA_TOOL_OPTIONS": "-XX:MaxRAMPercentage=70"})
    assert result.stderr.startswith("Picked up JAVA_TOOL_OPTIONS: -XX:MaxRAMPercentage=70\n")


@pytest.fixture
def silent_listener() -> Iterator[int]:
    """A port that takes connections and hangs up: what a database in the middle of a restart looks like."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_a_database_that_hangs_up_ends_the_start_too(silent_listener: int) -> None:
    result = start(GOOD | {"DB_URL": f"jdbc:postgresql://127.0.0.1:{silent_listener}/kotauth?sslmode=disable"})
    assert result.returncode == 1
    assert NO_DATABASE in result.stderr
