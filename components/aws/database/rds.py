"""What RDS for PostgreSQL takes: the rules of its inputs and its parameters, without any resource."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ...inputs.reader import Inputs, true_or_false, whole_number
from ...postgres.limits import parse_database_name
from ...postgres.role import OWNER
from ...postgres.server import DEFAULT_VERSION, parse_version
from ..observability.logs import RETENTION_DAYS, parse_retention

PARAMETERS = {
    # Nobody speaks to it in clear (RDS.38); the default only from version 15 on.
    "rds.force_ssl": "1",
    # Who connected when, and who changed what: both are rare.
    "log_connections": "1",
    "log_statement": "ddl",
    # Milliseconds; a statement of a login page takes a few.
    "log_min_duration_statement": "1000",
}
"""What every parameter group has."""

STATIC_PARAMETERS = """
    autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age commit_timestamp_buffers
    huge_pages logging_collector max_connections max_files_per_process max_locks_per_transaction
    max_logical_replication_workers max_pred_locks_per_transaction max_prepared_transactions max_replication_slots
    max_wal_senders max_worker_processes min_dynamic_shared_memory multixact_member_buffers multixact_offset_buffers
    notify_buffers old_snapshot_threshold pg_stat_statements.max rds.logical_replication reserved_connections
    serializable_buffers shared_buffers shared_preload_libraries subtransaction_buffers superuser_reserved_connections
    track_activity_query_size track_commit_timestamp transaction_buffers wal_buffers wal_decode_buffer_size
""".split()  # noqa: SIM905 - thirty lines less
"""What takes effect at the next restart only: PostgreSQL's context `postmaster` in 14 to 17, and RDS's own. RDS
refuses them without `pending-reboot`."""

INSTANCE_CLASS = "db.t4g.small"
"""Default: 2 GB, room for 225 connections; the two logins together may hold 50."""
STORAGE_GB, STORAGE_MAXIMUM_GB = 20, 65536
"""The smallest gp3 volume, which is the default, and the largest."""
BACKUP_RETENTION_DAYS = 14
"""Default: who is away for a week still has a week to look (RDS.11 asks for 7)."""

parse_storage = whole_number(
    "storage in GB", STORAGE_GB, STORAGE_MAXIMUM_GB, "RDS has no smaller and no larger gp3 volume"
)
parse_backup_retention = whole_number(
    "days of backups", 1, 35, "RDS keeps 35 at most, and 0 would switch restores to a point in time off"
)


def storage_limit(storage_gb: int) -> int:
    """Return the default limit in GB of storage that grows by itself: twice the storage, 100 at least."""
    return min(max(100, 2 * storage_gb), STORAGE_MAXIMUM_GB)


def storage_limit_rule(storage_gb: int, limit_gb: int) -> str | None:
    """Return the rule that a limit breaks beside its storage."""
    if limit_gb >= storage_gb * 1.1:
        return None
    return f"must be at least a tenth over the storage, {storage_gb} GB (RDS's own rule)"


def max_connections(memory_mib: int) -> int:
    """Return how many connections RDS allows by default in this memory.

    The default is LEAST({DBInstanceClassMemory/9531392}, 5000) ("Quotas and constraints for Amazon RDS"). What RDS
    itself needs isn't in that memory, so the real number is some percent lower.
    """
    return min(memory_mib * 1024 * 1024 // 9531392, 5000)


def parse_instance_class(raw: object) -> str:
    """Parse an instance class; whether the region offers it only AWS knows."""
    if not re.fullmatch(r"db\.[a-z0-9-]+\.[a-z0-9-]+", str(raw)):
        raise ValueError("must be an RDS instance class such as db.t4g.small")
    return str(raw)


def parse_parameters(raw: object) -> dict[str, str]:
    """Parse parameters that come on top of ``PARAMETERS`` or in their place."""
    if not isinstance(raw, Mapping):
        raise ValueError("must be parameters by name")
    given = {str(key): str(value) for key, value in cast("Mapping[object, object]", raw).items()}
    if bad := next((key for key in given if not re.fullmatch(r"[a-z][a-z0-9_.]*", key)), None):
        raise ValueError(f'must be named as in PostgreSQL, in lower case (got "{bad}")')
    if given.get("rds.force_ssl", "1") != "1":
        raise ValueError("must leave rds.force_ssl at 1: the server checks the certificate, and nobody speaks in clear")
    return given


_LONGEST_NAME = 50
"""An identifier has up to 63 characters, a hyphen and the engine's suffix among them."""


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """Everything plain that `AwsDatabase` decides by."""

    version: int
    instance_class: str
    storage_gb: int
    storage_limit_gb: int
    multi_az: bool
    backup_retention_days: int
    database: str
    parameters: dict[str, str]
    log_retention_days: int
    deletion_protection: bool

    @classmethod
    def resolve(cls, name: str, args: Mapping[str, Any], declared: type[Any]) -> DatabaseSettings:
        """Return the inputs with their defaults; raise ``InvalidInputError`` with all that is wrong.

        ``declared`` lists them, `AwsDatabaseArgs`.
        """
        inputs = Inputs.of(declared, name, args)
        storage_gb = inputs.take("storage_gb", parse_storage, STORAGE_GB)
        settings = cls(
            version=inputs.take("version", parse_version, DEFAULT_VERSION),
            instance_class=inputs.take("instance_class", parse_instance_class, INSTANCE_CLASS),
            storage_gb=storage_gb,
            storage_limit_gb=inputs.take("storage_limit_gb", parse_storage, storage_limit(storage_gb)),
            multi_az=inputs.take("multi_az", true_or_false, True),
            backup_retention_days=inputs.take("backup_retention_days", parse_backup_retention, BACKUP_RETENTION_DAYS),
            database=inputs.take("database", parse_database_name, OWNER),
            parameters=inputs.take("parameters", parse_parameters, {}),
            log_retention_days=inputs.take("log_retention_days", parse_retention, RETENTION_DAYS),
            deletion_protection=inputs.take("deletion_protection", true_or_false, True),
        )
        if rule := storage_limit_rule(storage_gb, settings.storage_limit_gb):
            inputs.problem("storage_limit_gb", settings.storage_limit_gb, rule)
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > _LONGEST_NAME:
            rule = f"must be up to {_LONGEST_NAME} lower-case letters, digits and single hyphens: it names the instance"
            inputs.problem("name", name, rule)
        if isinstance(args.get("subnet_ids"), list):
            subnet_ids = cast("list[object]", args["subnet_ids"])
            if rule := subnets_rule(subnet_ids):
                inputs.problem("subnet_ids", subnet_ids, rule)
        inputs.finish()
        return settings


def subnets_rule(subnet_ids: Sequence[object]) -> str | None:
    """Return the rule that these subnets break; their zones only AWS knows."""
    if len(subnet_ids) > 1:
        return None
    return "must be two or more subnets, in different zones: RDS takes no fewer, also for a database in one zone"
