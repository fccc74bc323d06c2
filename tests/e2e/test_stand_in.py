"""The stand-in for Kotauth keeps the contract that shows with a database: start, login, keys, proxies, shutdown."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.images.lab import ADMIN_PASSWORD, PORT, ROLE_PASSWORD, SECRET_KEY, Container, Lab, docker, eventually

pytestmark = pytest.mark.docker

API_KEY = "kauth_master_0123456789abcdef"
ACME_KEY = "kauth_acme_0123456789abcdef"
OTHER_SECRET_KEY = "fedcba9876543210fedcba9876543210"


def bootstrap_key(tenant: str, name: str, key: str, *scopes: str) -> dict[str, object]:
    return {"tenant": tenant, "name": name, "scopes": scopes, "keyHash": hashlib.sha256(key.encode()).hexdigest()}


KEYS = json.dumps([bootstrap_key("master", "checklist", API_KEY, "workspace:read", "audit_logs:read", "users:read")])


@pytest.fixture(scope="module")
def lab(daemon: object) -> Iterator[Lab]:
    lab = Lab.open()
    yield lab
    lab.close()


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
        identifier = server.get("/t/acme/authorize").header("X-Request-Id")
        server.get("/health/ready")
        (line,) = [line for line in server.log_lines() if line.get("requestId") == identifier]
        assert line["tenantSlug"] == "acme"
        assert re.fullmatch(
            r"\x1b\[32m200 OK\x1b\[m: \x1b\[36mGET\x1b\[m - /t/acme/authorize in \d+ms", str(line["message"])
        )
        assert not [line for line in server.log_lines() if "/health" in str(line["message"])]

    def test_access_lines_of_redirects_carry_the_code(self, server: Container) -> None:
        location = server.post_login("10.1.0.2", ADMIN_PASSWORD, "?state=some-state").header("Location")
        assert location
        # Written after the answer, and carried to the log by Docker.
        deadline = time.monotonic() + 10
        while not any(location in str(line["message"]) for line in server.log_lines()):
            assert time.monotonic() < deadline, "the line never came"
            time.sleep(0.1)

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
        assert audit_rows(server, "&eventType=LOGIN_RATE_LIMITED")[0]["ipAddress"] == "10.2.0.3"

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
        assert any(line["level"] == "ERROR" and "stack_trace" in line for line in server.log_lines())


class TestSecretKey:
    """A wrong key starts, is ready, and breaks every login until the right one is back."""

    def test_only_logins_break_and_nothing_is_overwritten(self, lab: Lab) -> None:
        lab.make_database("keys")
        right = lab.start("keys")
        assert right.log_in("10.3.0.1").status == 200
        wrong = lab.start("keys", {"KAUTH_SECRET_KEY": OTHER_SECRET_KEY})
        assert wrong.get("/health/ready").status == 200
        assert wrong.get("/t/master/.well-known/openid-configuration").status == 200
        assert wrong.log_in("10.3.0.2").status == 500
        assert any("Illegal base64 character 2d" in str(line["message"]) for line in wrong.log_lines())
        assert right.log_in("10.3.0.3").status == 200

    def test_a_login_may_be_split_over_two_instances(self, lab: Lab, server: Container) -> None:
        other = lab.start("kotauth")
        begun = server.get("/admin/login")
        query = (begun.header("Location") or "").partition("?")[2]
        submitted = other.post_login("10.3.0.4", ADMIN_PASSWORD, f"?{query}")
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


class TestShutdown:
    """SIGTERM: nothing that was accepted is lost."""

    def test_a_roll_under_load_loses_nothing(self, lab: Lab) -> None:
        lab.make_database("rolling")
        old = lab.start("rolling", {"DB_POOL_MAX_SIZE": "4"})
        new = lab.start("rolling", {"DB_POOL_MAX_SIZE": "4"}, image="stand-in-next")
        load = Load(old, new)
        with load:
            eventually("the old one answered", lambda: load.answered_by.get("1.22.0", 0) > 50)
            docker("kill", "--signal=TERM", old.name)
            assert old.exit_code() == 143
            eventually("the new one answered", lambda: load.answered_by.get("1.22.1", 0) > 50)
        assert load.lost == []
        assert load.answered_by.keys() == {"1.22.0", "1.22.1"}

    def test_a_login_in_flight_is_finished_and_kept_connections_are_closed(self, lab: Lab) -> None:
        lab.make_database("inflight")
        server = lab.start("inflight")
        kept = http.client.HTTPConnection(server.address, PORT, timeout=10)
        kept.request("GET", "/health")
        kept.getresponse().read()
        docker("kill", "--signal=TERM", server.name)
        stopped_at = time.monotonic()
        time.sleep(0.3)
        assert server.get("/health").status == 200, "the quiet phase still accepts"
        time.sleep(0.2)
        with ThreadPoolExecutor(4) as executor:
            logins = list(executor.map(lambda number: server.post_login(f"10.6.0.{number}", "wrong").status, range(4)))
        assert logins == [401] * 4
        assert kept.sock.recv(1) == b"", "closed by the server"
        assert server.exit_code() == 143
        assert 0.6 < time.monotonic() - stopped_at < 5.5

    def test_a_request_that_never_ends_is_given_up_after_five_seconds(self, lab: Lab) -> None:
        lab.make_database("endless")
        server = lab.start("endless")
        with socket.create_connection((server.address, PORT), timeout=10) as endless:
            endless.sendall(b"POST /t/master/authorize HTTP/1.1\r\n")
            docker("kill", "--signal=TERM", server.name)
            stopped_at = time.monotonic()
            time.sleep(1)
            with pytest.raises(ConnectionRefusedError):
                server.get("/health")
            assert server.exit_code() == 143
        assert 4.5 < time.monotonic() - stopped_at < 6


class Load:
    """Clients that use new and kept connections, and go to the new generation when the old one refuses a connection."""

    def __init__(self, old: Container, new: Container) -> None:
        self._addresses = [old.address, new.address]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._client, args=(kept,)) for kept in (False, False, True, True)]
        self.lost: list[str] = []
        self.answered_by: dict[str, int] = {}

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _client(self, kept: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            reused = connection is not None
            try:
                if connection is None:
                    connection = self._connect()
                connection.request("GET", "/health")
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as error:
                # A kept connection may end between two requests; every HTTP client tries a GET again then.
                if not reused:
                    self.lost.append(repr(error))
                connection = None
                continue
            version = response.getheader("X-Stand-In-Version") or ""
            with self._lock:
                self.answered_by[version] = self.answered_by.get(version, 0) + 1
            if not kept or response.will_close:
                connection.close()
                connection = None
            time.sleep(0.002)

    def _connect(self) -> http.client.HTTPConnection:
        for address in list(self._addresses):
            connection = http.client.HTTPConnection(address, PORT, timeout=10)
            try:
                connection.connect()
            except OSError:
                # Not asked again: the address of a container that is gone doesn't refuse, it is silent.
                self._addresses = self._addresses[-1:]
                continue
            return connection
        raise ConnectionError("both generations refuse connections")


class TestDatabaseConnections:
    """The pool's size, and its recovery. Last, because the database goes away here."""

    def test_the_pool_starts_small_and_never_exceeds_its_size(self, lab: Lab) -> None:
        lab.make_database("pooled")
        server = lab.start("pooled", {"DB_POOL_MAX_SIZE": "3", "DB_POOL_MIN_IDLE": "1"})
        count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'pooled'"
        assert lab.sql(count) == "1"
        with ThreadPoolExecutor(16) as executor:
            statuses = set(executor.map(lambda _: server.get("/health/ready").status, range(200)))
        assert statuses == {200}
        assert 1 < int(lab.sql(count)) <= 3

    def test_the_server_recovers_by_itself_and_a_start_without_database_ends(self, lab: Lab, server: Container) -> None:
        docker("stop", "--time=1", lab.postgres.name)
        began = time.monotonic()
        answer = server.get("/health/ready")
        assert answer.status == 503
        assert 6 <= time.monotonic() - began <= 9.5
        assert answer.json()["status"] == "not_ready"
        assert server.get("/health").status == 200
        assert lab.run("kotauth").exit_code() == 1
        docker("start", lab.postgres.name)
        eventually("ready again", lambda: server.get("/health/ready").status == 200)
        assert server.log_in("10.7.0.1").status == 200
