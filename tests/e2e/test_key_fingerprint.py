"""The key guard and `role.sql` on a real database: which key is let through, whatever the database tells of its own."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator

import pytest

from components.kotauth.secret_key import chain_key_id, key_fingerprint
from components.postgres.server import ADMINISTRATOR
from tests.e2e.cluster import RDS, Cluster, Outcome, password

pytestmark = pytest.mark.docker

LOGIN, PASSWORD = "kotauth_a", password()
OLD, NEW = secrets.token_hex(32), secrets.token_hex(32)
MIGRATED = "CREATE TABLE audit_log (id serial PRIMARY KEY, chain_key_id char(8))"
BEFORE_KEY_IDS = "CREATE TABLE audit_log (id serial PRIMARY KEY); INSERT INTO audit_log DEFAULT VALUES"
NO_FINGERPRINT = "key guard: can't tell whether the secret key fits the database: no fingerprint of its key was stored"
NAMES = (f"database_{number}" for number in itertools.count())


class Database:
    """A database of one test's own, empty at first."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.name = cluster, next(NAMES)
        cluster.as_superuser(f"CREATE DATABASE {self.name} OWNER {ADMINISTRATOR}")

    def up(self, key: str) -> None:
        """Run the role job with the fingerprint of this key."""
        applied = self.cluster.apply_role(LOGIN, PASSWORD, self.name, key_fingerprint(key))
        assert applied.code == 0, applied.output

    def run(self, sql: str) -> None:
        """Run SQL as the server does."""
        assert self.cluster.log_in(sql, LOGIN, PASSWORD, self.name).output == ""

    def log_in(self, key: str) -> None:
        """Write the row that a login writes."""
        self.run(f"INSERT INTO audit_log (chain_key_id) VALUES ('{chain_key_id(key)}')")

    def guard(self, key: str) -> Outcome:
        return self.cluster.guard(key, LOGIN, PASSWORD, self.name)

    def lets_through(self) -> list[str]:
        """Return which of the two keys a server may start with."""
        return [name for name, key in (("old", OLD), ("new", NEW)) if self.guard(key).code == 0]


@pytest.fixture(scope="module")
def cluster(images: dict[str, str]) -> Iterator[Cluster]:
    """Yield a server whose administrator is no superuser."""
    cluster = Cluster.start(images["databaseImage"], RDS)
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def database(cluster: Cluster) -> Database:
    return Database(cluster)


def test_a_failed_first_up_and_then_a_key_of_one_s_own(database: Database) -> None:
    database.up(OLD)
    assert database.guard(OLD).output == "key guard: the database holds no table yet, nothing to compare\n"
    database.up(NEW)
    database.run(MIGRATED)
    assert database.lets_through() == ["new"]


def test_a_wrong_key_before_the_first_login(database: Database) -> None:
    database.up(OLD)
    database.run(MIGRATED)
    database.up(NEW)  # the job runs again, and stores nothing
    assert database.guard(OLD).output == "key guard: the secret key fits the database (fingerprint)\n"
    refused = database.guard(NEW)
    assert refused.code == 1
    assert refused.output == (
        f"key guard: the secret key (key id {chain_key_id(NEW)}) does not fit this database: it is not the one whose "
        "fingerprint was stored before the first start. Every login would fail, so the server is not started. Give "
        "back the old key; it can't be made again.\n"
    )
    database.log_in(OLD)
    fits = f"key guard: the secret key fits the database (fingerprint, key id {chain_key_id(OLD)})\n"
    assert database.guard(OLD).output == fits


def test_without_a_fingerprint_the_audit_log_tells(database: Database) -> None:
    """As in a database whose tables are older than the fingerprint."""
    database.up(OLD)
    database.cluster.as_superuser("DROP SCHEMA kotauth_infra CASCADE", database.name)
    database.run(MIGRATED)
    assert database.guard(NEW).output == f"{NO_FINGERPRINT} before the first start, and the audit log is empty\n"
    database.log_in(OLD)
    for _ in range(2):
        fits = f"key guard: the secret key fits the database (key id {chain_key_id(OLD)})\n"
        assert database.guard(OLD).output == fits
        refused = database.guard(NEW)
        assert refused.code == 1
        assert f"its newest audit row was written with the key of id {chain_key_id(OLD)}" in refused.output
        database.up(NEW)  # and again where there is the schema, with nothing in it


def test_a_database_from_before_key_ids(database: Database) -> None:
    database.up(OLD)
    database.cluster.as_superuser("TRUNCATE kotauth_infra.key_fingerprint", database.name)
    database.run(BEFORE_KEY_IDS)
    older = f"{NO_FINGERPRINT} before the first start, and the audit log is older than key ids (Kotauth 1.19)\n"
    assert database.guard(NEW) == Outcome(0, older)
    # Migrated since, and without a login.
    database.run("ALTER TABLE audit_log ADD COLUMN chain_key_id char(8)")
    assert "no row of the audit log has a key id" in database.guard(NEW).output
    database.run("DROP TABLE audit_log; CREATE TABLE users (id int)")
    assert database.guard(NEW) == Outcome(0, f"{NO_FINGERPRINT} before the first start, and there is no audit log\n")


def test_a_dump_restored_without_the_fingerprint_s_schema(database: Database) -> None:
    database.up(OLD)
    database.run(MIGRATED)
    database.log_in(OLD)
    of_the_same_key, of_another_key = Database(database.cluster), Database(database.cluster)
    for prepared, key in ((of_the_same_key, OLD), (of_another_key, NEW)):
        prepared.up(key)
        restored = database.cluster.dump_and_restore(database.name, prepared.name, LOGIN, PASSWORD)
        assert restored.code == 0, restored.output
    assert of_the_same_key.lets_through() == ["old"]

    # The fingerprint is of the stack before the restore, and the data are of the dump's key.
    assert of_another_key.lets_through() == []
    advice = of_another_key.guard(OLD).output.strip()
    assert "the fingerprint that was stored before the first start is another key's" in advice
    of_another_key.cluster.as_superuser(advice.rpartition(": ")[2], of_another_key.name)
    assert of_another_key.lets_through() == ["old"]
    of_another_key.up(OLD)
    assert of_another_key.lets_through() == ["old"]
