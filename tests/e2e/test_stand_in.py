"""The stand-in for Kotauth keeps the contract that shows with a database: start, login, keys, proxies."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.images.lab import (
    ADMIN_PASSWORD,
    AUTHORIZATION,
    ROLE_PASSWORD,
    SECRET_KEY,
    Container,
    Lab,
    docker,
    eventually,
)

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


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


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

    def test_a_filled_schema_without_history_is_refused(self, lab: Lab) -> None:
        lab.make_database("filled")
        lab.sql("CREATE TABLE app.foreign_table (id int)", database="filled")
        refused = lab.run("filled")
        assert refused.exit_code() == 1
        assert 'Found non-empty schema(s) "app" but no schema history table' in refused.logs()

    def test_a_restart_needs_no_right_to_create(self, lab: Lab) -> None:
        lab.make_database("settled")
        first = lab.start("settled")
        docker("stop", first.name)
        lab.sql("REVOKE CREATE ON SCHEMA app FROM settled", "settled")
        lab.sql("REVOKE TEMPORARY ON DATABASE settled FROM settled")
        assert lab.start("settled").get("/health/ready").status == 200

    def test_a_newer_schema_is_only_a_warning(self, lab: Lab) -> None:
        lab.make_database("newer")
        docker("stop", lab.start("newer").name)
        lab.sql(
            "INSERT INTO app.flyway_schema_history (installed_rank, version, description, type, script, installed_by,"
            " execution_time, success) VALUES (99, '99', 'x', 'SQL', 'x', 'x', 1, TRUE)",
            "newer",
        )
        warnings = [line["message"] for line in lab.start("newer").log_lines() if line["level"] == "WARN"]
        assert any("newer than the latest available migration" in str(message) for message in warnings)

    def test_a_wrong_database_password_ends_it(self, lab: Lab, server: Container) -> None:
        refused = lab.run("kotauth", {"DB_PASSWORD": "wrong"})
        assert refused.exit_code() == 1
        assert "Unable to obtain connection from database" in refused.logs()

    def test_a_pool_without_connections_ends_it(self, lab: Lab, server: Container) -> None:
        refused = lab.run("kotauth", {"DB_POOL_MAX_SIZE": "0"})
        assert refused.exit_code() == 1
        assert "maxPoolSize cannot be less than 1" in refused.logs()

    def test_a_file_for_another_user_is_a_stack_trace(self, lab: Lab, tmp_path: Path) -> None:
        secret = tmp_path / "password"
        secret.write_text(ROLE_PASSWORD)
        secret.chmod(0o400)
        refused = lab.run("kotauth", {"DB_PASSWORD_FILE": "/run/password"}, mounts={secret: "/run/password"})
        assert refused.exit_code() == 1
        assert "java.io.FileNotFoundException: /run/password (Permission denied)" in refused.logs()

    def test_redis_that_does_not_answer_pong_is_fatal(self, lab: Lab, server: Container) -> None:
        refused = lab.run("kotauth", {"KAUTH_REDIS_URL": "redis://postgres:5432"})
        assert refused.exit_code() == 1
        assert "FATAL: KAUTH_REDIS_URL is set but Redis is unreachable." in refused.logs()

    def test_redis_that_is_not_there_is_a_stack_trace(self, lab: Lab, server: Container) -> None:
        refused = lab.run("kotauth", {"KAUTH_REDIS_URL": "redis://postgres:6379"})
        assert refused.exit_code() == 1
        assert "Traceback" in refused.logs()
        assert "FATAL" not in refused.logs()

    def test_without_a_chosen_password_a_random_one_is_printed_once(self, lab: Lab) -> None:
        lab.make_database("random_password")
        server = lab.start("random_password", {"KAUTH_BOOTSTRAP_ADMIN_PASSWORD": ""})
        assert "Initial admin password" in server.logs()
        found = re.search(r"Password: ([0-9a-f]{32})", server.logs())
        assert found
        assert server.log_in("10.1.0.1", found[1]).status == 200
        docker("restart", server.name)
        assert server.logs().count("Initial admin password") == 1

    def test_a_second_generation_says_which_it_is(self, lab: Lab, server: Container) -> None:
        following = lab.start("kotauth", image="stand-in-next")
        versions = [one.get("/health").header("X-Stand-In-Version") for one in (server, following)]
        assert versions == ["1.22.0", "1.22.1"]
        docker("stop", following.name)


class TestHealthAndHeaders:
    """What probes, proxies and log shippers see."""

    def test_the_memory_limit_is_the_containers(self, server: Container) -> None:
        assert server.get("/health").header("X-Stand-In-Memory-Limit") == str(512 * 1024 * 1024)
        assert "memory limit 536870912 bytes" in [line["message"] for line in server.log_lines()]

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

    def test_access_lines_of_refusals_are_red(self, server: Container) -> None:
        identifier = server.post_login("10.1.0.3", "wrong").header("X-Request-Id")
        (line,) = server.lines_of(identifier)
        assert str(line["message"]).startswith("\x1b[31m401 Unauthorized\x1b[m: ")

    def test_version_names_all_fields(self, server: Container) -> None:
        names = ["currentVersion", "latestVersion", "updateAvailable", "urgency", "releaseUrl", "checkedAt", "enabled"]
        assert list(server.get("/health/version").json()) == names

    def test_large_bodies_are_compressed(self, server: Container) -> None:
        answer = server.get("/t/master/.well-known/openid-configuration", [("Accept-Encoding", "gzip")])
        assert answer.header("Content-Encoding") == "gzip"

    def test_a_request_line_over_4096_bytes_is_refused(self, server: Container) -> None:
        assert server.get("/" + "x" * 4096).status == 400


class TestLogin:
    """The administrator's login, its limit and its traces."""

    def test_the_whole_login(self, server: Container) -> None:
        home = server.log_in("10.2.0.1")
        assert (home.status, b"Signed in as admin" in home.body) == (200, True)
        assert {"eventType": "LOGIN_SUCCESS", "ipAddress": "10.2.0.1"}.items() <= audit_rows(server)[0].items()

    def test_a_form_without_its_cookie_has_expired(self, server: Container) -> None:
        form = {"username": "admin", "password": ADMIN_PASSWORD}
        posted = server.request("POST", f"/t/master/authorize?{AUTHORIZATION}", form=form)
        assert (posted.status, posted.header("Location")) == (302, "/t/master/authorize?error=session_expired")

    def test_the_cookie_is_the_workspaces(self, server: Container) -> None:
        cookie = server.get(f"/t/acme/authorize?{AUTHORIZATION}").header("Set-Cookie") or ""
        name, *attributes = cookie.split("; ")
        assert name.startswith("KOTAUTH_AUTH_CONTEXT=")
        assert {"Max-Age=300", "Path=/t/acme", "HttpOnly", "Secure"} <= set(attributes)

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/t/master/authorize", 302),
            ("/t/nobody/authorize", 302),
            ("/t/master/authorize?response_type=token", 400),
            ("/t/master/authorize?response_type=code&client_id=kotauth-admin", 400),
            (f"/t/nobody/authorize?{AUTHORIZATION}", 404),
        ],
    )
    def test_a_form_needs_a_login_that_was_begun(self, server: Container, path: str, status: int) -> None:
        assert server.get(path).status == status

    def test_an_open_redirect_is_refused(self, server: Container) -> None:
        elsewhere = AUTHORIZATION.replace("auth.test", "evil.test")
        assert server.post_login("10.2.0.7", ADMIN_PASSWORD, elsewhere).status == 400

    def test_a_cookie_of_another_key_is_no_login(self, server: Container) -> None:
        assert server.get("/admin", [("Cookie", "KOTAUTH_ADMIN=e30=.00")]).header("Location") == "/admin/login"

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

    def test_a_failed_audit_write_does_not_stop_the_login(self, lab: Lab) -> None:
        lab.make_database("mute")
        server = lab.start("mute")
        lab.sql("ALTER TABLE app.audit_log OWNER TO postgres; GRANT SELECT, INSERT ON app.audit_log TO mute", "mute")
        assert server.log_in("10.2.0.6").status == 200
        eventually("an ERROR", lambda: any("stack_trace" in line for line in server.log_lines()))


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

    def test_a_port_that_is_no_number_is_a_500(self, server: Container) -> None:
        answer = server.get("/t/acme/.well-known/openid-configuration", [("X-Forwarded-Port", "x")])
        assert answer.status == 500

    def test_masters_issuer_is_stored(self, server: Container) -> None:
        assert self.issuer(server, ("X-Forwarded-Host", "evil.test"), tenant="master") == "https://auth.test/t/master"

    def test_the_first_address_of_the_list_counts(self, server: Container) -> None:
        server.post_login("10.4.0.1, 10.4.0.2", "wrong")
        assert audit_rows(server)[0]["ipAddress"] == "10.4.0.1"

    def test_without_trust_the_peer_counts(self, server: Container, untrusting: Container) -> None:
        untrusting.post_login("10.4.0.3", "wrong")
        assert audit_rows(server)[0]["ipAddress"] not in ("10.4.0.3", "")

    def test_no_discovery_at_the_root_or_for_strangers(self, server: Container) -> None:
        assert server.get("/.well-known/openid-configuration").status == 404
        unknown = server.get("/t/nobody/.well-known/openid-configuration")
        assert (unknown.status, unknown.json()) == (404, {"error": "tenant_not_found"})


class TestTokens:
    """The token endpoint, and what a client needs to check a token."""

    def test_the_published_key_verifies_a_token(self, server: Container) -> None:
        begun = server.get("/admin/login")
        query = (begun.header("Location") or "").partition("?")[2]
        callback = (server.post_login("10.8.0.1", ADMIN_PASSWORD, query).header("Location") or "").partition("test")[2]
        home = server.get(callback, [("Cookie", (begun.header("Set-Cookie") or "").partition(";")[0])])
        # The stand-in's own form of the cookie: the session as base64, and a signature.
        session = (home.header("Set-Cookie") or "").removeprefix("KOTAUTH_ADMIN=").rpartition(".")[0]
        content, _, signature = json.loads(from_base64url(session))["idToken"].rpartition(".")
        (key,) = json.loads(server.get("/t/master/protocol/openid-connect/certs").body)["keys"]
        assert {"kty": "RSA", "use": "sig", "alg": "RS256", "e": "AQAB"}.items() <= key.items()
        assert json.loads(from_base64url(content.partition(".")[0]))["kid"] == key["kid"]
        number, modulus = (int.from_bytes(from_base64url(value), "big") for value in (signature, key["n"]))
        padded = pow(number, 65537, modulus).to_bytes(256, "big")
        assert padded.endswith(b"\x00" + RSA_SHA256_PREFIX + hashlib.sha256(content.encode()).digest())

    def test_no_grant_is_a_400_and_the_21st_try_of_a_minute_a_429(self, server: Container) -> None:
        client, path = [("X-Forwarded-For", "10.8.0.2")], "/t/master/protocol/openid-connect/token"
        tries = [server.request("POST", path, client, {"grant_type": grant}) for grant in ["", "refresh_token"] * 10]
        assert [answer.status for answer in tries] == [400] * 20
        assert {str(answer.json()["error"]) for answer in tries} == {"unsupported_grant_type", "invalid_client"}
        assert server.request("POST", path, client, {}).status == 429


class TestApi:
    """The REST API and its keys."""

    def test_workspace(self, server: Container) -> None:
        workspace = server.get("/t/master/api/v1/workspace", [("Authorization", f"Bearer {API_KEY}")]).json()
        assert (workspace["slug"], workspace["registrationEnabled"]) == ("master", False)
        assert (workspace["issuerUrl"], workspace["mfaPolicy"]) == ("https://auth.test/t/master", "optional")

    def test_users(self, server: Container) -> None:
        answer = server.get("/t/master/api/v1/users?search=adm", [("Authorization", f"Bearer {API_KEY}")]).json()
        assert answer["meta"] == {"total": 1, "offset": 0, "limit": 50}
        assert [user["username"] for user in json.loads(json.dumps(answer["data"]))] == ["admin"]

    def test_audit_logs_page_newest_first(self, server: Container) -> None:
        for address in ("10.5.0.1", "10.5.0.2"):
            server.post_login(address, "wrong")
        assert [row["ipAddress"] for row in audit_rows(server)[:2]] == ["10.5.0.2", "10.5.0.1"]
        page = audit_rows(server, "&offset=1&limit=1")
        assert page[0]["ipAddress"] == "10.5.0.1"
        assert len(audit_rows(server, "&eventType=NO_SUCH_TYPE")) == len(audit_rows(server))

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

    def test_entries_before_a_bad_one_stay(self, lab: Lab, server: Container) -> None:
        entries = [bootstrap_key("master", "early", "kauth_early"), bootstrap_key("nobody", "late", "kauth_late")]
        assert lab.run("kotauth", {"KAUTH_BOOTSTRAP_API_KEYS": json.dumps(entries)}).exit_code() == 1
        assert lab.sql("SELECT name FROM app.api_keys WHERE name IN ('early', 'late')", "kotauth") == "early"
