"""What the application's login may do, under an administrator that is a superuser and under one that is none.

`role.sql` is applied as the Docker deployment does it, by psql, and as the one on AWS does, by its function.

Every statement runs twice: as the owner that the session acts as, and after `SET ROLE NONE` as the login itself.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from components.postgres.role import BACKUP_LOGIN
from components.postgres.server import ADMINISTRATOR
from simulators import images as built
from tests.e2e.cluster import OTHER_DATABASE, RDS, SUPERUSER, Cluster, error_states, password
from tests.e2e.docker_page import documented
from tests.e2e.rds import Rds
from tests.e2e.side_by_side import side_by_side

pytestmark = pytest.mark.docker

LOGIN, NEXT_LOGIN = "kotauth_a", "kotauth_b"
PASSWORD, BACKUP_PASSWORD = password(), password()
FINGERPRINT, OTHER_FINGERPRINT = "0123456789abcdef", "fedcba9876543210"
INSUFFICIENT_PRIVILEGE = "42501"
MARK = "next try"

WAYS = {
    "psql-superuser": (Cluster, SUPERUSER, 14),
    "psql-rds-15": (Cluster, RDS, 15),
    "psql-rds-16": (Cluster, RDS, 16),
    "function-rds-14": (Rds, RDS, 14),
    "function-rds-17": (Rds, RDS, 17),
}
"""How `role.sql` is applied, by whom, on which major version of PostgreSQL.

On Docker the administrator is a superuser, on RDS none: what that makes of `role.sql` depends on the version.
"""

BY_PSQL = pytest.mark.parametrize("way", [way for way in WAYS if way.startswith("psql")])
"""On AWS there is no login for backups."""

# Another application in the same database, and something of the administrator's in the schema of ours.
OTHERS = """
CREATE ROLE neighbour LOGIN;
CREATE SCHEMA neighbour AUTHORIZATION neighbour;
CREATE TABLE neighbour.accounts (id int);
ALTER TABLE neighbour.accounts OWNER TO neighbour;
"""
KEPT = f"""
CREATE TABLE kotauth.kept (id int);
ALTER TABLE kotauth.kept OWNER TO {ADMINISTRATOR};
"""

DENIED = {
    "make a role": "CREATE ROLE intruder",
    "make a database": "CREATE DATABASE intruder",
    "make a schema": "CREATE SCHEMA intruder",
    "make a tablespace": "CREATE TABLESPACE intruder LOCATION '/tmp'",
    "make a publication": "CREATE PUBLICATION intruder",
    "make an event trigger": "CREATE EVENT TRIGGER intruder ON sql_drop EXECUTE FUNCTION missing()",
    "create in the schema public": "CREATE TABLE public.intruder (id int)",
    "create in another schema": "CREATE TABLE neighbour.intruder (id int)",
    "create an untrusted extension": "CREATE EXTENSION file_fdw",
    "create a trusted extension": "CREATE EXTENSION pgcrypto",
    "write an untrusted function": "CREATE FUNCTION intruder() RETURNS int LANGUAGE c AS 'libc.so.6', 'getpid'",
    "write an internal function": "CREATE FUNCTION intruder() RETURNS int LANGUAGE internal AS 'pg_backend_pid'",
    "change the server's settings": "ALTER SYSTEM SET log_statement = 'none'",
    "change a setting of the superuser's": "SET log_statement = 'none'",
    "change the database": "ALTER DATABASE kotauth SET work_mem = '1GB'",
    "run a program, writing": "COPY (SELECT 1) TO PROGRAM 'id'",
    "run a program, reading": "CREATE TEMP TABLE IF NOT EXISTS t (line text); COPY t FROM PROGRAM 'id'",
    "read a file": "CREATE TEMP TABLE IF NOT EXISTS t (line text); COPY t FROM '/etc/passwd'",
    "write a file": "COPY (SELECT 1) TO '/tmp/intruder'",
    "read a file by function": "SELECT pg_read_file('/etc/passwd')",
    "list a folder": "SELECT pg_ls_dir('/')",
    "read a file as a large object": "SELECT lo_import('/etc/passwd')",
    "write a file as a large object": "SELECT lo_export(0, '/tmp/intruder')",
    "load a library": "LOAD '/usr/lib/x86_64-linux-gnu/libc.so.6'",
    "read the passwords' verifiers": "SELECT rolpassword FROM pg_authid",
    "read them through the view": "SELECT passwd FROM pg_shadow",
    "read another application's data": "SELECT * FROM neighbour.accounts",
    "write the administrator's table": "INSERT INTO kotauth.kept VALUES (1)",
    "read the administrator's table": "SELECT * FROM kotauth.kept",
    "drop the administrator's table": "DROP TABLE kotauth.kept",
    "write a fingerprint of the secret key": "INSERT INTO kotauth_infra.key_fingerprint VALUES ('0123456789abcdef')",
    "change the fingerprint": f"UPDATE kotauth_infra.key_fingerprint SET fingerprint = '{OTHER_FINGERPRINT}'",
    "remove the fingerprint": "DELETE FROM kotauth_infra.key_fingerprint",
    "empty the fingerprints": "TRUNCATE kotauth_infra.key_fingerprint",
    "drop the fingerprints": "DROP TABLE kotauth_infra.key_fingerprint",
    "hook into the fingerprints": "CREATE TRIGGER t AFTER INSERT ON kotauth_infra.key_fingerprint EXECUTE FUNCTION f()",
    "create beside the fingerprints": "CREATE TABLE kotauth_infra.intruder (id int)",
    "drop the fingerprints' schema": "DROP SCHEMA kotauth_infra CASCADE",
    "drop its own schema": "DROP SCHEMA kotauth CASCADE",
    "drop another schema": "DROP SCHEMA neighbour CASCADE",
    "drop the schema public": "DROP SCHEMA public CASCADE",
    "drop another role": "DROP ROLE neighbour",
    "drop another database": f"DROP DATABASE {OTHER_DATABASE}",
    "become the administrator": f"SET ROLE {ADMINISTRATOR}",
    "become the administrator's session": f"SET SESSION AUTHORIZATION {ADMINISTRATOR}",
    "become another application": "SET ROLE neighbour",
    "take a table over": "ALTER TABLE neighbour.accounts OWNER TO kotauth",
    "lift its connection limit": f"ALTER ROLE {LOGIN} CONNECTION LIMIT -1",
    "make itself a superuser": f"ALTER ROLE {LOGIN} SUPERUSER",
    "let itself make roles": f"ALTER ROLE {LOGIN} CREATEROLE",
    "let the owner log in": "ALTER ROLE kotauth LOGIN",
    "change the administrator's password": f"ALTER ROLE {ADMINISTRATOR} PASSWORD 'intruder'",
    "change the other login's password": "ALTER ROLE neighbour PASSWORD 'intruder'",
    "grant itself the administrator": f"GRANT {ADMINISTRATOR} TO {LOGIN}",
    "grant itself reading of everything": f"GRANT pg_read_all_data TO {LOGIN}",
    "grant itself programs": f"GRANT pg_execute_server_program TO {LOGIN}",
    "grant itself another's schema": f"GRANT ALL ON SCHEMA neighbour TO {LOGIN}",
    "grant itself another's table": f"GRANT ALL ON neighbour.accounts TO {LOGIN}",
    "end another session": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> session_user",
}

# Those that hold some privilege on the object, but may not pass it on, only warn.
POINTLESS = {
    "CREATE on the database": (
        "GRANT CREATE ON DATABASE kotauth TO PUBLIC",
        "SELECT has_database_privilege('kotauth_a', 'kotauth', 'CREATE')",
    ),
    "its schema to PUBLIC": (
        "GRANT ALL ON SCHEMA kotauth TO PUBLIC",
        "SELECT has_schema_privilege('neighbour', 'kotauth', 'USAGE')",
    ),
}

ALLOWED = """
CREATE TABLE things (id serial PRIMARY KEY, name text NOT NULL);
INSERT INTO things (name) VALUES ('one'), ('two');
UPDATE things SET name = 'three' WHERE id = 2;
DELETE FROM things WHERE id = 1;
SELECT id, name FROM things;
SELECT tableowner, schemaname FROM pg_tables WHERE tablename = 'things';
ALTER TABLE things ADD COLUMN more int;
CREATE INDEX ON things (more);
CREATE FUNCTION pg_temp.twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
SELECT pg_temp.twice(21);
DO $$ BEGIN UPDATE things SET more = 1; END $$;
DROP FUNCTION pg_temp.twice(int);
DROP TABLE things;
"""


@dataclass(frozen=True)
class Prepared:
    """A server on which `role.sql` ran once, and which has other things to be kept from."""

    cluster: Cluster
    refusals: dict[str, list[str]]
    """The error states of each denied statement, all tried on one connection for the sake of time."""

    @classmethod
    def start(cls, images: dict[str, str], name: str) -> Prepared:
        """Start one of the ways."""
        way, kind, version = WAYS[name]
        cluster = way.start(images["databaseImage"] if version == 14 else built.newer_database(version), kind)
        try:
            cluster.as_superuser(OTHERS)
            apply_for_the_first_time(cluster)
            tries = "".join(
                f"\\warn {MARK}\nRESET ROLE;\n{statement};\nSET ROLE NONE;\n{statement};\n"
                for statement in DENIED.values()
            )
            answers = cluster.log_in(tries, LOGIN, PASSWORD).output.split(MARK)[1:]
            refusals = {what: error_states(answer) for what, answer in zip(DENIED, answers, strict=True)}
        except BaseException:
            cluster.stop()
            raise
        return cls(cluster, refusals)


def apply_for_the_first_time(cluster: Cluster) -> None:
    """Apply `role.sql` where there is no schema yet, and have the administrator make a table in it."""
    applied = cluster.apply_role(LOGIN, PASSWORD, fingerprint=FINGERPRINT)
    assert applied.code == 0, applied.output
    cluster.as_superuser(KEPT)


@pytest.fixture(scope="module")
def servers(request: pytest.FixtureRequest, images: dict[str, str]) -> Iterator[dict[str, Future[Prepared]]]:
    """Yield the servers by the way in which `role.sql` is applied."""
    with side_by_side(request, "way", partial(Prepared.start, images)) as starts:
        yield starts
        for start in starts.values():
            if not start.exception():
                start.result().cluster.stop()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def cluster(servers: dict[str, Future[Prepared]], way: str) -> Cluster:
    """Return a server of each way; tests leave the role and its schema as they were."""
    return servers[way].result().cluster


def test_may_not(servers: dict[str, Future[Prepared]], way: str) -> None:
    allowed_or_otherwise_refused = {
        what: states
        for what, states in servers[way].result().refusals.items()
        if states != [INSUFFICIENT_PRIVILEGE] * 2
    }
    assert allowed_or_otherwise_refused == {}


def test_was_the_owner_and_then_itself(cluster: Cluster) -> None:
    who = cluster.log_in("RESET ROLE; SELECT current_user; SET ROLE NONE; SELECT current_user", LOGIN, PASSWORD)
    assert who.output.split() == ["kotauth", LOGIN]


@pytest.mark.parametrize(("grant", "effect"), POINTLESS.values(), ids=POINTLESS)
def test_may_not_grant(cluster: Cluster, grant: str, effect: str) -> None:
    cluster.log_in(f"{grant};\nSET ROLE NONE;\n{grant};", LOGIN, PASSWORD)
    assert cluster.as_superuser(effect) == "f"


@pytest.mark.parametrize("database", ["postgres", "template1", OTHER_DATABASE])
def test_may_not_connect_to_another_database(cluster: Cluster, database: str) -> None:
    assert 'permission denied for database "' in cluster.log_in("SELECT 1", LOGIN, PASSWORD, database).output


def test_the_owner_can_t_log_in(cluster: Cluster) -> None:
    cluster.as_superuser("ALTER ROLE kotauth PASSWORD 'of the owner'")
    refused = cluster.log_in("SELECT 1", "kotauth", "of the owner")
    cluster.as_superuser("ALTER ROLE kotauth PASSWORD NULL")
    assert 'role "kotauth" is not permitted to log in' in refused.output


def test_may_do_all_that_the_server_needs(cluster: Cluster) -> None:
    outcome = cluster.log_in(ALLOWED, LOGIN, PASSWORD)
    assert outcome.output.splitlines() == ["2|three", "kotauth|kotauth", "42"]


def test_its_sessions_are_limited_to_two_pools_and_some(cluster: Cluster) -> None:
    assert cluster.as_superuser("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'kotauth_a'") == "25"


def test_the_verifier_lets_exactly_the_password_in(cluster: Cluster) -> None:
    assert cluster.log_in("SELECT session_user, current_user", LOGIN, PASSWORD).output == f"{LOGIN}|kotauth\n"
    assert "password authentication failed" in cluster.log_in("SELECT 1", LOGIN, PASSWORD + "x").output


def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    privileges = (
        "SELECT datname, datacl, datdba FROM pg_database ORDER BY 1;"
        "SELECT nspname, nspacl, nspowner FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1;"
        "SELECT relname, relacl, relowner FROM pg_class WHERE relnamespace = 'kotauth_infra'::regnamespace ORDER BY 1;"
        "SELECT * FROM pg_db_role_setting ORDER BY 1, 2"
    )
    before = cluster.roles(), cluster.as_superuser(privileges)
    assert cluster.apply_role(LOGIN, PASSWORD, fingerprint=OTHER_FINGERPRINT).code == 0
    assert (cluster.roles(), cluster.as_superuser(privileges)) == before


def test_it_reads_the_fingerprint_which_stays_once_there_is_a_table(cluster: Cluster) -> None:
    assert cluster.apply_role(LOGIN, PASSWORD, fingerprint=OTHER_FINGERPRINT).code == 0
    read = "SELECT fingerprint FROM kotauth_infra.key_fingerprint"
    assert cluster.log_in(f"{read}; SET ROLE NONE; {read}", LOGIN, PASSWORD).output.split() == [FINGERPRINT] * 2


def test_a_rotation_gives_the_other_login_a_password_and_leaves_the_first_one_its_own(cluster: Cluster) -> None:
    new = password()
    cluster.log_in("CREATE TABLE made_by_a (id int)", LOGIN, PASSWORD)
    assert cluster.apply_role(NEXT_LOGIN, new).code == 0
    # Both serve the same data during the roll, whichever of them made it.
    assert cluster.log_in("INSERT INTO made_by_a VALUES (1)", LOGIN, PASSWORD).output == ""
    assert cluster.log_in("SELECT id FROM made_by_a; DROP TABLE made_by_a", NEXT_LOGIN, new).output == "1\n"
    assert "password authentication failed" in cluster.log_in("SELECT 1", NEXT_LOGIN, PASSWORD).output


@pytest.mark.parametrize("member", [LOGIN, "kotauth"])
@pytest.mark.parametrize("granted", ["neighbour", "pg_read_all_data", ADMINISTRATOR])
def test_a_membership_in_another_role_is_revoked_or_refused(cluster: Cluster, granted: str, member: str) -> None:
    # From version 16 on, who is no superuser may revoke only what it may grant. It is a member of the roles that it
    # makes there, too, so those can't become its members.
    may_revoke = cluster.kind == SUPERUSER or cluster.version < 16
    if not may_revoke and granted == ADMINISTRATOR:
        with pytest.raises(AssertionError, match=f'role "{granted}" is a member of role "{member}"'):
            cluster.as_superuser(f"GRANT {granted} TO {member}")
        return
    cluster.as_superuser(f"GRANT {granted} TO {member}")
    outcome = cluster.apply_role(LOGIN, PASSWORD)
    is_member = cluster.as_superuser(f"SELECT pg_has_role('{member}', '{granted}', 'MEMBER')")
    cluster.as_superuser(f"REVOKE {granted} FROM {member}")
    if may_revoke:
        assert outcome.code == 0, outcome.output
        assert is_member == "f"
    else:
        assert outcome.code != 0
        assert "permission denied to revoke role" in outcome.output
        assert granted in outcome.output


@pytest.fixture
def with_backups(cluster: Cluster) -> Iterator[Cluster]:
    """Yield a server with the login of the backups, two tables and a sequence; one is older than that login."""
    cluster.as_superuser("DROP SCHEMA kotauth CASCADE")
    assert cluster.apply_role(LOGIN, PASSWORD).code == 0
    cluster.log_in("CREATE TABLE older (id serial); INSERT INTO older VALUES (1)", LOGIN, PASSWORD)
    applied = cluster.apply_role(LOGIN, PASSWORD, backup_password=BACKUP_PASSWORD)
    assert applied.code == 0, applied.output
    cluster.log_in("CREATE TABLE newer (id serial); INSERT INTO newer VALUES (2)", LOGIN, PASSWORD)
    yield cluster
    cluster.as_superuser("DROP SCHEMA kotauth CASCADE")
    apply_for_the_first_time(cluster)


@BY_PSQL
def test_the_backup_login_reads_what_the_owner_has_and_will_have_and_nothing_else(with_backups: Cluster) -> None:
    reading = (
        "SELECT id FROM kotauth.older",
        "SELECT id FROM kotauth.newer",
        "SELECT last_value FROM kotauth.newer_id_seq",
    )
    for statement, value in zip(reading, ("1", "2", "1"), strict=True):
        assert with_backups.log_in(statement, BACKUP_LOGIN, BACKUP_PASSWORD).output == f"{value}\n"
    writing = [
        "INSERT INTO kotauth.older VALUES (3)",
        "UPDATE kotauth.newer SET id = 3",
        "DELETE FROM kotauth.newer",
        "TRUNCATE kotauth.newer",
        "DROP TABLE kotauth.newer",
        "SELECT nextval('kotauth.newer_id_seq')",
        "CREATE TABLE kotauth.intruder (id int)",
        "CREATE TEMP TABLE intruder (id int)",
        "SET ROLE kotauth",
    ]
    denied = [statement for what, statement in DENIED.items() if "administrator's table" not in what]
    tries = "".join(f"\\warn {MARK}\n{statement};\n" for statement in [*writing, *denied])
    answers = with_backups.log_in(
        f"SET default_transaction_read_only = off;\nSET search_path = kotauth;\n{tries}", BACKUP_LOGIN, BACKUP_PASSWORD
    )
    states = [error_states(answer) for answer in answers.output.split(MARK)[1:]]
    allowed = {
        statement: answered
        for statement, answered in zip([*writing, *denied], states, strict=True)
        if answered != [INSUFFICIENT_PRIVILEGE] and "t FROM" not in statement
    }
    assert allowed == {}


@BY_PSQL
def test_the_backup_login_dumps_within_its_two_connections(with_backups: Cluster) -> None:
    assert with_backups.as_superuser(f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{BACKUP_LOGIN}'") == "2"
    dumped = with_backups.dump_as(BACKUP_LOGIN, BACKUP_PASSWORD)
    assert dumped.code == 0, dumped.output
    assert {"older", "newer"} <= set(dumped.output.split())


@BY_PSQL
def test_a_second_run_changes_nothing_for_the_backup_login(with_backups: Cluster) -> None:
    privileges = (
        "SELECT relname, relacl FROM pg_class WHERE relnamespace = 'kotauth'::regnamespace ORDER BY 1;"
        "SELECT * FROM pg_default_acl"
    )
    before = with_backups.roles(), with_backups.as_superuser(privileges)
    assert with_backups.apply_role(LOGIN, PASSWORD, backup_password=BACKUP_PASSWORD).code == 0
    assert (with_backups.roles(), with_backups.as_superuser(privileges)) == before


@BY_PSQL
def test_the_backup_login_is_locked_without_backups_and_loses_foreign_memberships(with_backups: Cluster) -> None:
    with_backups.as_superuser(f"GRANT neighbour TO {BACKUP_LOGIN}")
    may_revoke = with_backups.kind == SUPERUSER or with_backups.version < 16
    outcome = with_backups.apply_role(LOGIN, PASSWORD, backup_password=BACKUP_PASSWORD)
    assert (outcome.code == 0) == may_revoke, outcome.output
    with_backups.as_superuser(f"REVOKE neighbour FROM {BACKUP_LOGIN}")
    assert with_backups.apply_role(LOGIN, PASSWORD, backup_password="").code == 0
    assert "FATAL" in with_backups.log_in("SELECT 1", BACKUP_LOGIN, BACKUP_PASSWORD).output
    assert with_backups.as_superuser(f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{BACKUP_LOGIN}'") == "f"


@pytest.mark.parametrize("attribute", ["CREATEROLE", "CREATEDB"])
def test_an_attribute_that_the_administrator_may_take_is_taken(cluster: Cluster, attribute: str) -> None:
    cluster.as_superuser(f"ALTER ROLE {LOGIN} {attribute}; ALTER ROLE kotauth {attribute}")
    assert cluster.apply_role(LOGIN, PASSWORD).code == 0
    having = "SELECT count(*) FROM pg_roles WHERE rolname ~ '^kotauth(_a)?$' AND (rolcreaterole OR rolcreatedb)"
    assert cluster.as_superuser(having) == "0"


@pytest.mark.parametrize("role", [LOGIN, "kotauth"])
@pytest.mark.parametrize("attribute", ["SUPERUSER", "REPLICATION", "BYPASSRLS"])
def test_a_dangerous_attribute_is_refused(cluster: Cluster, role: str, attribute: str) -> None:
    cluster.as_superuser(f"ALTER ROLE {role} {attribute}")
    before = cluster.roles()
    outcome = cluster.apply_role(LOGIN, password())
    after = cluster.roles()
    cluster.as_superuser(f"ALTER ROLE {role} NO{attribute}")
    assert outcome.code != 0
    assert f"role {role} is superuser, may replicate or bypasses row security" in outcome.output
    assert after == before, "it was refused, and a part of it happened"


def test_a_schema_public_that_stays_open_is_reported(cluster: Cluster) -> None:
    database = "foreign_public" if cluster.kind == RDS else "kotauth"
    outcome = cluster.apply_role(LOGIN, PASSWORD, database)
    if cluster.kind == RDS:
        cluster.as_superuser(f"REVOKE ALL ON DATABASE {database} FROM kotauth")
    assert outcome.code == 0
    # From version 15 on PUBLIC may not create there, and the schema belongs to the owner of the database.
    is_open = cluster.kind == RDS and cluster.version < 15
    assert ("schema public is not the administrator's" in outcome.output) == is_open


SOME_DATA = """
CREATE TYPE level AS ENUM ('low', 'high');
CREATE TABLE tenants (id serial PRIMARY KEY, slug text UNIQUE NOT NULL, level level NOT NULL);
CREATE TABLE users (id serial PRIMARY KEY, tenant int NOT NULL REFERENCES tenants, name text);
CREATE INDEX users_by_name ON users (name);
INSERT INTO tenants (slug, level) VALUES ('master', 'high'), ('acme', 'low');
INSERT INTO users (tenant, name) SELECT 2, 'user ' || n FROM generate_series(1, 1000) n;
"""
OF_A_NEWER_VERSION = """
CREATE TYPE device AS ENUM ('phone');
CREATE TABLE devices (id serial PRIMARY KEY, owner int REFERENCES users, device device);
CREATE VIEW owners AS SELECT name, device FROM users JOIN devices ON owner = users.id;
DELETE FROM users WHERE id > 10;
"""
SEEN = """
SELECT count(*), sum(id), max(tenant) FROM users;
SELECT slug, level FROM tenants ORDER BY id;
SELECT nextval('users_id_seq');
SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'kotauth';
SELECT relname FROM pg_class WHERE relnamespace = 'kotauth'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
SELECT typname FROM pg_type WHERE typnamespace = 'kotauth'::regnamespace AND typtype = 'e';
"""


def test_dump_and_restore_as_documented(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """As the server's login: into a database that was just prepared, and over one that is in use."""

    def paste(command: str, login: str = LOGIN, with_password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
        variables = {"database": cluster.container, "login": login, "PGPASSWORD": with_password}
        return subprocess.run(
            ["bash", "-ec", documented(f" {command} ")],
            cwd=tmp_path,
            env={**os.environ, **variables},
            text=True,
            capture_output=True,
            check=False,
            timeout=600,
        )

    def empty() -> None:
        cluster.as_superuser("DROP SCHEMA kotauth CASCADE")
        assert cluster.apply_role(LOGIN, PASSWORD).code == 0

    def as_before() -> None:
        cluster.as_superuser("DROP SCHEMA kotauth CASCADE")
        apply_for_the_first_time(cluster)

    request.addfinalizer(as_before)
    empty()  # of the administrator's table, too
    made = cluster.log_in(SOME_DATA, LOGIN, PASSWORD)
    assert made.code == 0, made.output
    if cluster.kind == RDS:
        its_password = cluster.administrator_password if isinstance(cluster, Rds) else "administrator"
        refused = paste("pg_dump", ADMINISTRATOR, its_password)
        assert (refused.returncode, "permission denied" in refused.stderr) == (1, True), refused.stderr
    dumped = paste("pg_dump")
    assert dumped.returncode == 0, dumped.stderr
    before = cluster.log_in(SEEN, LOGIN, PASSWORD).output
    rows = ["1000|500500|2", "master|high", "acme|low", "1001"]
    assert before.splitlines() == [*rows, "kotauth", "tenants", "users", "level"]

    empty()
    for change in ("", "UPDATE tenants SET slug = 'other' WHERE id = 2", OF_A_NEWER_VERSION):
        cluster.log_in(change, LOGIN, PASSWORD)
        restored = paste("pg_restore")
        assert restored.returncode == 0, restored.stderr
        assert cluster.log_in(SEEN, LOGIN, PASSWORD).output == before

    dump = tmp_path / "kotauth.dump"
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    assert paste("pg_restore").returncode != 0
    assert cluster.log_in("SELECT count(*) FROM users", LOGIN, PASSWORD).output == "1000\n"


def test_no_password_is_logged(cluster: Cluster) -> None:
    log = cluster.log()
    assert "kotauth.verifier" in log  # every statement is logged here
    assert PASSWORD not in log
    assert BACKUP_PASSWORD not in log
