"""Rows of the area `databases`: databases that begin as another one was, and the spellings of texts."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pulumi_aws as aws

from policy.testing.change import ABSENT, UNKNOWN, Args, Change, From, add, copied, put

from ..mutation import NOTHING, Case, Found, found, spelled

_GIVEN = ("username", "engine", "engine_version", "storage_encrypted", "backup_retention_period", "db_name")
"""What a snapshot holds beside the data, so that a program may leave it out."""
_NO_ENGINE = ("parameter_group_name", "enabled_cloudwatch_logs_exports", "engine_lifecycle_support")


def _restored(name: str, source: object, *changes: Change, expected: Found = NOTHING) -> Case:
    path = "restore_to_point_in_time" if isinstance(source, dict) else "snapshot_identifier"
    left_out = (put("database", each, ABSENT) for each in _GIVEN)
    return Case(f"a restored database {name}", (*left_out, put("database", path, source), *changes), expected)


_ADMINISTRATOR = found("keep-administrator-in-rds@database")
_SNAPSHOT = "rds:kotauth-2026-11-28"

RESTORED = (
    _restored("from a snapshot", _SNAPSHOT),
    _restored("from a snapshot that is known later", UNKNOWN),
    _restored("from a moment", {"source_db_instance_identifier": "kotauth", "use_latest_restorable_time": True}),
    _restored("without an engine", _SNAPSHOT, *(put("database", each, ABSENT) for each in _NO_ENGINE)),
    _restored("with its source's password", _SNAPSHOT, put("database", "manage_master_user_password", ABSENT)),
    _restored(
        "with a password of the program",
        _SNAPSHOT,
        put("database", "manage_master_user_password", ABSENT),
        put("database", "password", From("database-password", "result")),
        expected=_ADMINISTRATOR,
    ),
    _restored("with a default name", _SNAPSHOT, put("database", "username", "postgres"), expected=_ADMINISTRATOR),
    _restored(
        "that is not encrypted",
        _SNAPSHOT,
        put("database", "storage_encrypted", False),
        expected=found("encrypt-database@database"),
    ),
    _restored(
        "with few backups",
        _SNAPSHOT,
        put("database", "backup_retention_period", 1),
        expected=found("back-up-database@database"),
    ),
    _restored(
        "without a standby",
        _SNAPSHOT,
        put("database", "multi_az", ABSENT),
        expected=found("replicate-database@database"),
    ),
    _restored(
        "from nothing",
        "",
        expected=found(
            *(f"{rule}@database" for rule in ("encrypt-database", "back-up-database", "keep-administrator-in-rds"))
        ),
    ),
    Case(
        "a replica that names no more than its source",
        (
            add(
                "replica",
                aws.rds.Instance,
                {
                    "replicate_source_db": From("database", "identifier"),
                    "instance_class": "db.t4g.small",
                    "copy_tags_to_snapshot": True,
                    "monitoring_interval": 60,
                    "performance_insights_enabled": True,
                    "performance_insights_kms_key_id": From("secrets-key", "arn"),
                },
            ),
        ),
        NOTHING,
    ),
    Case(
        "a replica with its source's parameters",
        (
            copied("database", "replica", replicate_source_db=From("database", "identifier")),
            put("replica", "parameter_group_name", ABSENT),
        ),
        NOTHING,
    ),
)


def _all(*changes: Change) -> Change:
    """Return several changes as one."""

    def change(resources: dict[str, tuple[type[pulumi.Resource], Args]]) -> None:
        for each in changes:
            each(resources)

    return change


def _of_version(version: str) -> Change:
    """Return the change to a version of PostgreSQL and to its family."""
    family = f"postgres{version.partition('.')[0]}"
    return _all(put("database", "engine_version", version), put("parameters", "family", family))


def _with(path: str) -> Callable[[object], Change]:
    return lambda value: put("database", path, value)


SPELLED = (
    *spelled(
        "run-supported-postgres",
        "database",
        _of_version,
        caught=("13", "13.20", "9.6.24", "12.19", "11.22-rds.20240418"),
        passed=("14", "14.12", "15.7", "16.3", "17.4", "14.17-rds.20250101"),
    ),
    *spelled(
        "plan-database-upgrades",
        "database",
        lambda version: _all(_of_version(version), put("database", "engine_lifecycle_support", ABSENT)),
        caught=("14", "14.12", "15", "15.7", "14.17-rds.20250101"),
        passed=("16", "16.3", "17", "17.4", "18.1"),
    ),
    *spelled(
        "keep-administrator-in-rds",
        "database",
        _with("username"),
        caught=("postgres", "PostgreS", "admin", "root", "rdsadmin", "Administrator", ""),
        passed=("kotauth_admin", "app_owner", "postgres_app", "adminka", "groot"),
    ),
    *spelled(
        "certify-database",
        "database",
        _with("ca_cert_identifier"),
        caught=("rds-ca-2019", "rds-ca-2015", "RDS-CA-2019", "rds-ca-2017", "rds-ca-rsa2048"),
        passed=("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1", "RDS-CA-RSA2048-G1", ""),
    ),
    *spelled(
        "force-database-tls",
        "database",
        _with("parameter_group_name"),
        caught=("default.postgres14", "default.postgres13", "company", ""),
        passed=("default.postgres15", "default.postgres18"),
    ),
    *spelled(
        "force-database-tls",
        "database",
        lambda version: _all(
            put("database", "engine_version", version), put("database", "parameter_group_name", ABSENT)
        ),
        caught=("14.20", "14"),
        passed=("15", "16.3", "17"),
    ),
    *spelled(
        "force-database-tls",
        "database",
        lambda family: _all(
            put("database", "engine_version", family.removeprefix("postgres")),
            put("parameters", "family", family),
            put("parameters", "parameters.0", {"name": "log_min_duration_statement", "value": "1000"}),
        ),
        caught=("postgres14",),
        passed=("postgres15", "postgres17"),
    ),
    *spelled(
        "force-database-tls",
        "database",
        lambda value: put("parameters", "parameters.0.value", value),
        caught=("0", "off", "false", "2", "on"),
        passed=("1",),
    ),
    *spelled(
        "force-database-tls",
        "database",
        lambda engine: _all(put("database", "engine", engine), put("database", "parameter_group_name", ABSENT)),
        caught=("postgres", "Postgres"),
        passed=(),
    ),
    *spelled(
        "force-database-tls",
        "database",
        lambda engine: _all(
            put("database", "engine", engine),
            put("database", "engine_version", "11.4"),
            put("database", "parameter_group_name", ABSENT),
        ),
        caught=(),
        passed=("mariadb", "mysql", "sqlserver-se", "oracle-se2"),
    ),
)
