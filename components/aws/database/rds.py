"""Rules for the inputs and parameters of RDS for PostgreSQL, without any resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from ...inputs.aws_ids import parse_arn, parse_subnet_list, plain, resource_id
from ...inputs.choice import true_or_false
from ...inputs.declaration import Problem, derived, optional, own_name, together, value
from ...inputs.number import whole_number
from ...postgres.limits import parse_database_name
from ...postgres.role import OWNER
from ...postgres.server import DEFAULT_VERSION, parse_version
from ..observability.logs import RETENTION_DAYS, parse_retention

PARAMETERS = {
    # Refuse connections without TLS (RDS.38). This is the default only from version 15 on.
    "rds.force_ssl": "1",
    # Log connections and changes to the schema. Both are rare.
    "log_connections": "1",
    "log_statement": "ddl",
    # Milliseconds; a statement of a login page takes a few.
    "log_min_duration_statement": "1000",
}
"""Parameters of every parameter group."""

STATIC_PARAMETERS = """
    autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age commit_timestamp_buffers
    huge_pages logging_collector max_connections max_files_per_process max_locks_per_transaction
    max_logical_replication_workers max_pred_locks_per_transaction max_prepared_transactions max_replication_slots
    max_wal_senders max_worker_processes min_dynamic_shared_memory multixact_member_buffers multixact_offset_buffers
    notify_buffers old_snapshot_threshold pg_stat_statements.max rds.logical_replication reserved_connections
    serializable_buffers shared_buffers shared_preload_libraries subtransaction_buffers superuser_reserved_connections
    track_activity_query_size track_commit_timestamp transaction_buffers wal_buffers wal_decode_buffer_size
""".split()  # noqa: SIM905 - thirty lines less
"""Parameters that take effect only at the next restart: PostgreSQL's context `postmaster` in 14 to 17, and RDS's own.
RDS refuses them without `pending-reboot`."""

INSTANCE_CLASS = "db.t4g.small"
"""Default: 2 GB, room for 225 connections; the two logins together may hold 50."""
STORAGE_GB, STORAGE_MAXIMUM_GB = 20, 65536
"""The smallest gp3 volume, which is the default, and the largest."""
BACKUP_RETENTION_DAYS = 14
"""Default: after a week of absence, a week remains to notice that data is lost (RDS.11 requires 7 days)."""

parse_storage = whole_number(
    "storage in GB", STORAGE_GB, STORAGE_MAXIMUM_GB, "RDS supports no smaller and no larger gp3 volume"
)
parse_backup_retention = whole_number(
    "days of backups", 1, 35, "RDS keeps at most 35 days, and 0 turns off point-in-time restores"
)


def storage_limit(storage_gb: int) -> int:
    """Return the default limit in GB of storage that grows by itself: twice the storage, 100 at least."""
    return min(max(100, 2 * storage_gb), STORAGE_MAXIMUM_GB)


def storage_limit_rule(storage_gb: int, limit_gb: int) -> str | None:
    """Return the rule that a limit breaks beside its storage."""
    if limit_gb >= storage_gb * 1.1:
        return None
    return f"must be at least 10 % above the storage of {storage_gb} GB (RDS refuses less)"


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
    given = cast("dict[str, str]", raw)
    if bad := next((key for key in given if not re.fullmatch(r"[a-z][a-z0-9_.]*", key)), None):
        raise ValueError(f'must be named as in PostgreSQL, in lower case (got "{bad}")')
    if given.get("rds.force_ssl", "1") != "1":
        raise ValueError("must leave rds.force_ssl at 1: all connections to the database use TLS")
    return given


_LONGEST_NAME = 50
"""An identifier has up to 63 characters, a hyphen and the engine's suffix among them."""


def _parse_name(raw: object) -> str:
    name = str(raw)
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > _LONGEST_NAME:
        raise ValueError(
            f"must be up to {_LONGEST_NAME} lower-case letters, digits and single hyphens: it names the instance"
        )
    return name


@dataclass(frozen=True, kw_only=True)
class DatabaseInputs:
    """Inputs of `AwsDatabase` after parsing."""

    version: int = value(parse_version, default=DEFAULT_VERSION)
    instance_class: str = value(parse_instance_class, default=INSTANCE_CLASS)
    storage_gb: int = value(parse_storage, default=STORAGE_GB)
    storage_limit_gb: int = derived(parse_storage, lambda made: storage_limit(made.storage_gb))
    multi_az: bool = value(true_or_false, default=True)
    backup_retention_days: int = value(parse_backup_retention, default=BACKUP_RETENTION_DAYS)
    database: str = value(parse_database_name, default=OWNER)
    parameters: dict[str, str] = value(parse_parameters, default={})
    log_retention_days: int = value(parse_retention, default=RETENTION_DAYS)
    deletion_protection: bool = value(true_or_false, default=True)
    name: str = own_name(_parse_name)
    vpc_id: pulumi.Input[str] = value(plain(resource_id("vpc")))
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] = value(parse_subnet_list)
    kms_key_arn: pulumi.Input[str] | None = optional(plain(parse_arn))
    tags: Mapping[str, pulumi.Input[str]] = value(default={})

    def plain(self) -> dict[str, Any]:
        """Return what has a rule or a default of its own, for the component's inputs in the state."""
        others = ("name", "vpc_id", "subnet_ids", "kms_key_arn", "tags")
        return {field: made for field, made in vars(self).items() if field not in others}

    @together
    def check_storage_limit(self) -> Iterator[Problem]:
        """Check that the storage can grow."""
        if rule := storage_limit_rule(self.storage_gb, self.storage_limit_gb):
            yield Problem("storage_limit_gb", self.storage_limit_gb, rule)

    @together
    def check_subnets(self) -> Iterator[Problem]:
        """Check subnets that are known already."""
        if isinstance(self.subnet_ids, list) and (rule := subnets_rule(self.subnet_ids)):
            yield Problem("subnet_ids", self.subnet_ids, rule)


def subnets_rule(subnet_ids: Sequence[object]) -> str | None:
    """Return the rule that these subnets break; their zones only AWS knows."""
    if len(subnet_ids) > 1:
        return None
    return "must be two or more subnets, in different zones: RDS requires them also without a standby"
