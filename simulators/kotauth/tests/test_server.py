"""The simulator of Kotauth keeps the contract that shows with a database: start, login, keys, proxies."""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simulators.docker_command import docker
from simulators.kotauth.lab import ADMIN_PASSWORD, AUTHORIZATION, ROLE_PASSWORD, SECRET_KEY, Container, Lab
from simulators.waiting import eventually

pytestmark = pytest.mark.docker

API_KEY = "kauth_master_0123456789abcdef"
ACME_KEY = "kauth_acme_0123456789abcdef"
RSA_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
OTHER_SECRET_KEY = "fedcba9876543210fedcba9876543210"


def bootstrap_key(tenant: str, name: str, key: str, *scopes: str) -> dict[str, object]:
    return {"tenant": tenant, "name": name, "scopes": scopes, "keyHash": hashlib.sha256(key.encode()).hexdigest()}


KEYS = json.dumps([bootstrap_key("master", "checklist", API_KEY, "workspace:read", "audit_logs:read", "users:read")])


@pytest.fixture(scope="module")
def server(lab: Lab) -> Container:
    """The one that most tests ask; workspace `acme` has no issuer URL."""
    lab.make_database("kotauth")
    server = lab.start("kotauth", {"KAUTH_BOOTSTRAP_API_KEYS": KEYS})
    lab.sql("INSERT INTO app.tenants (slug, display_name) VALUES ('acme', 'Acme')", database="kotauth")
    return server


def audit_rows(server: Container, query: str = "") -> list[dict[str, str]]:
    answer = server.get(f"/t/master/api/v1/audit-logs?limit=200{query}", [("Authorization", f"Bearer {API_KEY}")])
    return json.loads(answer.body)["data"]


class TestStart:
    """From nothing to the bound port, and the ways in which that ends."""

    def test_everything_is_migrated_by_the_least_privileged_role(self, lab: Lab, server: Container) -> None:
        owners = lab.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'app'", database="kotauth")
        assert owners == "kotauth"
        newest = lab.sql("SELECT max(version::int) FROM app.flyway_schema_history WHERE success", database="kotauth")
        assert newest == "66"
        assert server.get("/health/ready").status == 200

    def test_without_temporary_the_last_migration_fails(self, lab: Lab) -> None:
        lab.make_database("no_temp", temporary=False)
        refused = lab.run("no_temp")
        assert refused.exit_code() == 1
        assert "permission denied to create temporary tables" in refused.logs()

    def test_a_newer_schema_is_only_a_warning(self, lab: Lab) -> None:
        lab.make_database("newer")
        docker("stop", lab.start("newer").name)
        lab.sql(
            "INSERT INTO app.flyway_schema_history (installed_rank, version, description, type, script, installed_by,"
            " execution_time, success) VALUES (99, '99', 'x', 'SQL', 'x', 'x', 1, TRUE)",
            "newer",
        )
        server = lab.start("newer")

        def warns() -> bool:
            warnings = [line["message"] for line in server.log_lines() if line["level"] == "WARN"]
            return any("newer than the latest available migration" in str(message) for message in warnings)

        eventually("Docker has carried the warning to the log", warns)

    def test_a_wrong_database_password_ends_it(self, lab: Lab, server: Container) -> None:
        refused = lab.run("kotauth", {"DB_PASSWORD": "wrong"})
        assert refused.exit_code() == 1
        assert "Unable to obtain connection from database" in refused.logs()

    def test_a_file_for_another_user_is_a_stack_trace(self, lab: Lab, tmp_path: Path) -> None:
        secret = tmp_path / "password"
        secret.write_text(ROLE_PASSWORD)
        secret.chmod(0o400)
        refused = lab.run("kotauth", {"DB_PASSWORD_FILE": "/run/password"}, mounts={secret: "/run/password"})
        assert refused.exit_code() == 1
        assert "java.io.FileNotFoundException: /run/password (Permission denied)" in refused.logs()


class TestHealthAndHeaders:
    """What probes, proxies and log shippers see."""

    def test_ready_reports_database_and_configuration(self, server: Container) -> None:
        checks = json.loads(server.get("/health/ready").body)["checks"]
        assert checks["database"]["status"] == "ok"
        assert checks["config"] == {
            "status": "ok",
            "baseUrl": "https://auth.test",
            "httpsEnforced": True,
            "warnings": [],
        }

    @pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/version"])
    def test_probes_must_use_get(self, server: Container, path: str) -> None:
        assert server.request("HEAD", path).status == 405

    def test_security_headers(self, server: Container) -> None:
        answer = server.get("/", [("X-Request-Id", "mine")])
        assert answer.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains"
        assert answer.header("X-Frame-Options") == "DENY"
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("Server") == ""
        assert answer.header("X-Request-Id") not in (None, "mine")

    def test_access_lines(self, server: Container) -> None:
        identifier = server.get(f"/t/acme/authorize?{AUTHORIZATION}").header("X-Request-Id")
        server.get("/health/ready")
        (line,) = server.lines_of(identifier)
        assert (line["tenantSlug"], line["logger_name"]) == ("acme", "ktor.application")
        assert re.fullmatch(
            r"\x1b\[32m200 OK\x1b\[m: \x1b\[36mGET\x1b\[m - /t/acme/authorize in \d+ms", str(line["message"])
        )
        assert not [line for line in server.log_lines() if "/health" in str(line["message"])]

    def test_access_lines_of_redirects_carry_the_code(self, server: Container) -> None:
        answer = server.post_login("10.1.0.2", ADMIN_PASSWORD, f"{AUTHORIZATION}&state=some-state")
        location = answer.header("Location") or ""
        assert "state=some-state" in location
        (line,) = server.lines_of(answer.header("X-Request-Id"))
        assert re.fullmatch(
            r"\x1b\[32m302 Found\x1b\[m: \x1b\[36mPOST\x1b\[m - /t/master/authorize in \d+ms -> " + re.escape(location),
            str(line["message"]),
        )


class TestLogin:
    """The administrator's login, its limit and its traces."""

    def test_the_whole_login(self, server: Container) -> None:
        home = server.log_in("10.2.0.1")
        assert (home.status, b"Signed in as admin" in home.body) == (200, True)
        assert {"eventType": "LOGIN_SUCCESS", "ipAddress": "10.2.0.1"}.items() <= audit_rows(server)[0].items()

    def test_a_wrong_password(self, server: Container) -> None:
        assert server.log_in("10.2.0.2", "wrong").status == 401
        row = audit_rows(server, "&eventType=LOGIN_FAILED")[0]
        assert (row["eventType"], row["ipAddress"]) == ("LOGIN_FAILED", "10.2.0.2")

    def test_the_sixth_try_of_a_minute_is_refused_for_this_client_only(self, server: Container) -> None:
        with ThreadPoolExecutor(5) as executor:
            tries = list(executor.map(lambda _: server.post_login("10.2.0.3", "wrong").status, range(5)))
        assert tries == [401] * 5
        assert server.post_login("10.2.0.3", ADMIN_PASSWORD).status == 429
        assert server.post_login("10.2.0.4", ADMIN_PASSWORD).status == 302
        assert [row["ipAddress"] for row in audit_rows(server)].count("10.2.0.3") == 5

    def test_audit_rows_name_their_key(self, lab: Lab, server: Container) -> None:
        server.post_login("10.2.0.5", "wrong")
        derived = hashlib.sha256(f"{SECRET_KEY}|kauth/audit-log/v1".encode()).digest()
        expected = hashlib.sha256(derived).hexdigest()[:8]
        found = lab.sql("SELECT DISTINCT chain_key_id FROM app.audit_log WHERE row_hash IS NOT NULL", "kotauth")
        assert found == expected


class TestSecretKey:
    """A wrong key starts, is ready, and breaks every login until the right one is back."""

    def test_only_logins_break_and_nothing_is_overwritten(self, lab: Lab) -> None:
        lab.make_database("keys")
        right = lab.start("keys")
        assert right.log_in("10.3.0.1").status == 200
        wrong = lab.start("keys", {"KAUTH_SECRET_KEY": OTHER_SECRET_KEY})
        assert wrong.get("/health/ready").status == 200
        assert wrong.get("/t/master/.well-known/openid-configuration").status == 200
        refused = wrong.log_in("10.3.0.2")
        assert refused.status == 500
        problem = wrong.lines_of(refused.header("X-Request-Id"))[0]
        assert (problem["level"], problem["message"]) == ("ERROR", "Unhandled exception at /admin/callback")
        assert "Illegal base64 character 2d" in str(problem["stack_trace"])
        assert right.log_in("10.3.0.3").status == 200

    def test_a_login_may_be_split_over_two_instances(self, lab: Lab, server: Container) -> None:
        other = lab.start("kotauth")
        begun = server.get("/admin/login")
        query = (begun.header("Location") or "").partition("?")[2]
        submitted = other.post_login("10.3.0.4", ADMIN_PASSWORD, query)
        callback = (submitted.header("Location") or "").removeprefix("https://auth.test")
        cookie = (begun.header("Set-Cookie") or "").partition(";")[0]
        assert server.get(callback, [("Cookie", cookie)]).header("Location") == "/admin"


class TestForwardedHeaders:
    """1.22 takes the first entry of the first line, from a trusted proxy only."""

    @pytest.fixture(scope="class")
    def untrusting(self, lab: Lab, server: Container) -> Container:
        return lab.start("kotauth", {"KAUTH_TRUSTED_PROXY": "yes"})

    def issuer(self, server: Container, *headers: tuple[str, str], tenant: str = "acme") -> str:
        answer = server.get(f"/t/{tenant}/.well-known/openid-configuration", headers)
        return json.loads(answer.body)["issuer"]

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ([], "http://auth.test:80"),
            ([("X-Forwarded-Proto", "https")], "https://auth.test"),
            ([("X-Forwarded-Protocol", "https")], "https://auth.test"),
            ([("X-Forwarded-Proto", "https, http")], "https://auth.test"),
            ([("X-Forwarded-SSL", "on")], "https://auth.test"),
            ([("Front-End-Https", "On")], "https://auth.test"),
            ([("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.test")], "https://evil.test"),
            ([("X-Forwarded-Proto", "https"), ("X-Forwarded-Server", "evil.test")], "https://evil.test"),
            ([("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "8443")], "https://auth.test:8443"),
            ([("X-Forwarded-Host", "first.test, second.test")], "http://first.test:80"),
            ([("X-Forwarded-Host", "first.test"), ("X-Forwarded-Host", "second.test")], "http://first.test:80"),
            ([("Forwarded", "proto=https;host=evil.test"), ("X-Real-IP", "9.9.9.9")], "http://auth.test:80"),
        ],
    )
    def test_discovery_without_issuer_follows_them(
        self, server: Container, untrusting: Container, headers: list[tuple[str, str]], expected: str
    ) -> None:
        host = ("Host", "auth.test")
        assert self.issuer(server, host, *headers) == f"{expected}/t/acme"
        assert self.issuer(untrusting, host, *headers) == "http://auth.test:80/t/acme"

    def test_masters_issuer_is_stored(self, server: Container) -> None:
        assert self.issuer(server, ("X-Forwarded-Host", "evil.test"), tenant="master") == "https://auth.test/t/master"

    def test_the_first_address_of_the_list_counts(self, server: Container) -> None:
        server.post_login("10.4.0.1, 10.4.0.2", "wrong")
        assert audit_rows(server)[0]["ipAddress"] == "10.4.0.1"

    def test_without_trust_the_peer_counts(self, server: Container, untrusting: Container) -> None:
        untrusting.post_login("10.4.0.3", "wrong")
        assert audit_rows(server)[0]["ipAddress"] not in ("10.4.0.3", "")


class TestApi:
    """The REST API and its keys."""

    def test_workspace(self, server: Container) -> None:
        workspace = server.get("/t/master/api/v1/workspace", [("Authorization", f"Bearer {API_KEY}")]).json()
        assert (workspace["slug"], workspace["registrationEnabled"]) == ("master", False)
        assert (workspace["issuerUrl"], workspace["mfaPolicy"]) == ("https://auth.test/t/master", "optional")

    def test_refusals(self, server: Container) -> None:
        silent = server.get("/t/master/api/v1/users")
        assert (silent.status, silent.body) == (401, b"")
        (problem,) = [line for line in server.lines_of(silent.header("X-Request-Id"), 2) if line["level"] == "ERROR"]
        assert 10_000 < len(str(problem["stack_trace"])) < 12_000
        wrong = server.get("/t/master/api/v1/users", [("Authorization", "Bearer kauth_master_wrong")])
        assert (wrong.status, wrong.header("Content-Type")) == (401, "application/problem+json")
        foreign = server.get("/t/acme/api/v1/users", [("Authorization", f"Bearer {API_KEY}")])
        assert foreign.status == 401

    def test_a_scope_is_needed_and_a_disabled_key_comes_back(self, lab: Lab, server: Container) -> None:
        keys = json.dumps([bootstrap_key("acme", "reader", ACME_KEY, "audit_logs:read")])
        other = lab.start("kotauth", {"KAUTH_BOOTSTRAP_API_KEYS": keys})
        headers = [("Authorization", f"Bearer {ACME_KEY}")]
        assert other.get("/t/acme/api/v1/audit-logs", headers).status == 200
        assert other.get("/t/acme/api/v1/users", headers).status == 403
        lab.sql("UPDATE app.api_keys SET enabled = FALSE WHERE name = 'reader'", "kotauth")
        assert other.get("/t/acme/api/v1/audit-logs", headers).status == 401
        docker("restart", other.name)
        again = lab.start("kotauth", {"KAUTH_BOOTSTRAP_API_KEYS": keys})
        assert again.get("/t/acme/api/v1/audit-logs", headers).status == 200

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("{not json", "not a valid JSON list"),
            (json.dumps([bootstrap_key("nobody", "x", "kauth_x")]), "unknown tenant 'nobody'"),
            (json.dumps([bootstrap_key("master", "x", "kauth_x", "users:fly")]), "unknown scope 'users:fly'"),
        ],
    )
    def test_bad_bootstrap_keys_end_the_start(self, lab: Lab, server: Container, value: str, words: str) -> None:
        refused = lab.run("kotauth", {"KAUTH_BOOTSTRAP_API_KEYS": value})
        assert refused.exit_code() == 1
        last = refused.log_lines()[-1]
        assert last["level"] == "ERROR"
        assert str(last["message"]).startswith("KAUTH_BOOTSTRAP_API_KEYS")
        assert words in str(last["message"])
        assert "FATAL" not in refused.logs()
