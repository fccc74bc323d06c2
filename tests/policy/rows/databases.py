"""Rules of the area `databases`."""

import pulumi_aws as aws

from policy.testing.change import ABSENT, UNKNOWN, From, Secret, add, copied, put

from ..mutation import NOTHING, REQUIRED, Case, Impossible, Row, found, on_aws, state
from .databases_spellings import RESTORED, SPELLED

_TLS = found("force-database-tls@database")

ROWS = (
    Row("encrypt-database", "database", "database/storage_encrypted", False),
    Row("forbid-public-database", "database", "database/publicly_accessible", True, absent=NOTHING),
    Row("replicate-database", "database", "database/multi_az", False),
    Row("back-up-database", "database", "database/backup_retention_period", 3),
    Row("protect-database", "database", "database/deletion_protection", False),
    Row("upgrade-database-minors", "database", "database/auto_minor_version_upgrade", False, absent=NOTHING),
    Row("export-database-logs", "database", "database/enabled_cloudwatch_logs_exports", ["postgresql"]),
    Row("monitor-database", "database", "database/monitoring_interval", 0),
    Row("keep-administrator-in-rds", "database", "database/manage_master_user_password", False),
    Row("certify-database", "database", "database/ca_cert_identifier", "rds-ca-2019", absent=NOTHING),
    Row("choose-database-subnets", "subnets", "subnets/subnet_ids", [From("isolated-a", "id")], absent=REQUIRED),
    Row("force-database-tls", "database", "parameters/parameters.0.value", "0", absent=REQUIRED),
    Row("log-slow-queries", "parameters", "parameters/parameters.1.value", "-1", absent=REQUIRED),
)


def _database(name: str, path: str, value: object, *rules: str) -> Case:
    return Case(name, (put("database", path, value),), found(*(f"{rule}@database" for rule in rules)))


_OLD, _LATER = "run-supported-postgres", "plan-database-upgrades"
_FAMILY = put("parameters", "family", "postgres13")
_LEFT_OUT = (put("database", "engine_lifecycle_support", ABSENT),)

STATES = (
    state(_OLD, "known", (put("database", "engine_version", "13.20"), _FAMILY), found(f"{_OLD}@database")),
    state(_OLD, "secret", (put("database", "engine_version", Secret("13.20")), _FAMILY), found(f"{_OLD}@database")),
    state(
        _OLD,
        "unknown",
        (put("database", "engine_version", UNKNOWN),),
        found(f"{_OLD}@database", f"{_LATER}@database", *_TLS),
    ),
    # AWS takes the newest.
    state(_OLD, "absent", (put("database", "engine_version", ABSENT),), NOTHING),
    state(_LATER, "known", _LEFT_OUT, found(f"{_LATER}@database")),
    Impossible("no value of it is wrong, only that there is none", _LATER, "secret"),
    state(_LATER, "unknown", (put("database", "engine_lifecycle_support", UNKNOWN),), NOTHING),
    state(_LATER, "absent", _LEFT_OUT, found(f"{_LATER}@database")),
)

CASES = (
    _database("no last snapshot", "skip_final_snapshot", True, "protect-database"),
    _database("no tags", "copy_tags_to_snapshot", False, "upgrade-database-minors"),
    _database("the upgrade's log alone", "enabled_cloudwatch_logs_exports", ["upgrade"], "export-database-logs"),
    _database("no look at queries", "performance_insights_enabled", False, "monitor-database"),
    _database("queries under AWS's key", "performance_insights_kms_key_id", ABSENT, "monitor-database"),
    _database("a name that attackers try first", "username", "Postgres", "keep-administrator-in-rds"),
    _database("a newer version", "engine_version", "17.4", "force-database-tls"),
    _database("no version", "engine_version", "latest", "run-supported-postgres"),
    _database("AWS's own subnets", "db_subnet_group_name", ABSENT, "choose-database-subnets"),
    _database("no parameter group", "parameter_group_name", ABSENT, "force-database-tls"),
    _database("a parameter group of another stack", "parameter_group_name", "company", "force-database-tls"),
    Case(
        "a parameter group by its name",
        (put("parameters", "name", "tls"), put("database", "parameter_group_name", "tls")),
        NOTHING,
    ),
    Case(
        "a newest version, with its family",
        (put("database", "engine_version", "17"), put("parameters", "family", "postgres17")),
        NOTHING,
    ),
    Case(
        "no word about slow queries", (put("parameters", "parameters.1", ABSENT),), found("log-slow-queries@parameters")
    ),
    Case("no word about TLS", (put("parameters", "parameters.0", ABSENT),), _TLS),
    Case(
        "a replica",
        (
            copied("database", "replica", replicate_source_db=From("database", "identifier")),
            *(
                put("replica", name, ABSENT)
                for name in ("multi_az", "backup_retention_period", "username", "db_subnet_group_name")
            ),
            *(put("replica", name, False) for name in ("manage_master_user_password", "deletion_protection")),
        ),
        NOTHING,
    ),
    _database("an empty source", "replicate_source_db", ""),
    Case(
        "no replica",
        (put("database", "replicate_source_db", ""), put("database", "multi_az", False)),
        found("replicate-database@database"),
    ),
    _database("no name of subnets", "db_subnet_group_name", "", "choose-database-subnets"),
    Case(
        "another engine",
        (
            copied("database", "other", engine="mariadb", engine_version="11.4"),
            put("other", "enabled_cloudwatch_logs_exports", ["error"]),
            put("other", "parameter_group_name", ABSENT),
        ),
        NOTHING,
    ),
    Case(
        "no engine at all",
        (put("database", "engine", ABSENT), put("database", "parameter_group_name", ABSENT)),
        _TLS,
    ),
    Case("a family of another engine", (add("other", aws.rds.ParameterGroup, {"family": "mariadb11.4"}),), NOTHING),
    Case(
        "a subnet group in one zone",
        (put("isolated-b", "availability_zone", "eu-central-1a"),),
        found("choose-database-subnets@subnets"),
    ),
)

TABLE = on_aws(*ROWS, *STATES, *CASES, *RESTORED, *SPELLED)
