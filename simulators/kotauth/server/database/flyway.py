"""Migrations the way Flyway runs them: a history table, one lock, refusal of a schema that others have filled."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pg8000.native

from ..process import log
from .jdbc import Database
from .query import rows_of

LOGGER = "org.flywaydb.core.FlywayExecutor"
FOLDER = Path(__file__).with_name("migrations")
LOCK_ID = 77_431_708_279_161
"""One number for all instances: they wait for each other here."""

_HISTORY = """
CREATE TABLE flyway_schema_history (
    installed_rank INTEGER PRIMARY KEY,
    version        VARCHAR(50),
    description    VARCHAR(200)  NOT NULL,
    type           VARCHAR(20)   NOT NULL,
    script         VARCHAR(1000) NOT NULL,
    checksum       INTEGER,
    installed_by   VARCHAR(100)  NOT NULL,
    installed_on   TIMESTAMP     NOT NULL DEFAULT now(),
    execution_time INTEGER       NOT NULL,
    success        BOOLEAN       NOT NULL
);
CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success);
"""

_FOREIGN_OBJECTS = """
SELECT EXISTS (
    SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r','p','v','m','S','f')
    UNION ALL SELECT 1 FROM pg_type WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd')
    UNION ALL SELECT 1 FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
)
"""


class MigrationError(Exception):
    """The schema can't be brought up to date; the server doesn't start."""


@dataclass(frozen=True)
class Migration:
    """One versioned SQL file."""

    version: int
    description: str
    path: Path

    @property
    def checksum(self) -> int:
        """A signed 32-bit CRC over the lines, so that an edited file is noticed at the next start."""
        crc = 0
        for line in self.path.read_text(encoding="utf-8").splitlines():
            crc = zlib.crc32(line.encode(), crc)
        return crc - (1 << 32) if crc >= 1 << 31 else crc


def available() -> list[Migration]:
    """All migrations in the order of their versions."""
    found = []
    for path in FOLDER.glob("V*__*.sql"):
        match = re.fullmatch(r"V(\d+)__(\w+)", path.stem)
        if match:
            found.append(Migration(int(match[1]), match[2].replace("_", " "), path))
    return sorted(found, key=lambda migration: migration.version)


def migrate(database: Database) -> bool:
    """Bring the schema up to date over one connection of its own, under an advisory lock; whether it was empty before.

    Raises MigrationError for everything that Flyway would refuse, and what pg8000 raises.
    """
    connection = database.connect()
    try:
        connection.run("SELECT pg_advisory_lock(:id)", id=LOCK_ID)
        return _migrate_locked(connection)
    finally:
        connection.close()


def _migrate_locked(connection: pg8000.native.Connection) -> bool:
    ((schema, history),) = rows_of(
        connection,
        "SELECT current_schema(), to_regclass(quote_ident(current_schema()) || '.flyway_schema_history')::text",
    )
    if schema is None:
        raise MigrationError("Unable to determine schema for the schema history table: search_path is empty")
    if history is None:
        if connection.run(_FOREIGN_OBJECTS) == [[True]]:
            raise MigrationError(
                f'Found non-empty schema(s) "{schema}" but no schema history table. Use baseline() or set '
                "baselineOnMigrate to true to initialize the schema history table."
            )
        connection.run(_HISTORY)
    applied = {
        int(version): checksum
        for version, checksum in rows_of(connection, "SELECT version, checksum FROM flyway_schema_history ORDER BY 1")
    }
    migrations = available()
    _validate(migrations, applied)
    pending = [migration for migration in migrations if migration.version not in applied]
    for migration in pending:
        _apply(connection, migration, rank=len(applied) + pending.index(migration) + 1)
    log.info(LOGGER, f'Schema "{schema}": {len(pending)} migrations applied, {len(applied)} were there')
    return not applied


def _validate(migrations: list[Migration], applied: dict[int, int]) -> None:
    known = {migration.version: migration for migration in migrations}
    changed = [version for version in applied if version in known and known[version].checksum != applied[version]]
    if changed:
        raise MigrationError(f"Validate failed: Migrations have failed validation: checksum mismatch for {changed}")
    newest = migrations[-1].version
    if applied and max(applied) > newest:
        log.warn(
            LOGGER, f"Schema version {max(applied)} is newer than the latest available migration {newest}: no downgrade"
        )


def _apply(connection: pg8000.native.Connection, migration: Migration, rank: int) -> None:
    started = monotonic()
    connection.run("START TRANSACTION")
    try:
        connection.run(migration.path.read_text(encoding="utf-8"))
        connection.run(
            "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum,"
            " installed_by, execution_time, success)"
            " VALUES (:rank, :version, :description, 'SQL', :script, :checksum, current_user, :duration, TRUE)",
            rank=rank,
            version=str(migration.version),
            description=migration.description,
            script=migration.path.name,
            checksum=migration.checksum,
            duration=int((monotonic() - started) * 1000),
        )
    except pg8000.native.DatabaseError as error:
        connection.run("ROLLBACK")
        raise MigrationError(f"Migration {migration.path.name} failed: {_message(error)}") from error
    connection.run("COMMIT")


def _message(error: pg8000.native.DatabaseError) -> str:
    fields = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    return f"SQL State: {fields.get('C')}, Message: ERROR: {fields.get('M')}"
