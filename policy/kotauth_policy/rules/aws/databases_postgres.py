"""PostgreSQL on RDS: version, parameters and logs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import Value, is_given
from ...engine.verdict import Verdict, fail, undecidable
from ...readers.aws.databases import is_postgres, is_replica, parameter_groups
from ...readers.aws.resources import DATABASE_INSTANCE, PARAMETER_GROUP
from .databases import AREA

_MAJOR = re.compile(r"\d+(?![\w])")
_FAMILY = re.compile(r"(?:default\.)?[a-z]+(\d+)")
_DEFAULT_GROUP = "default."
_FORCED_FROM = 15
"""The first major version for which RDS sets `rds.force_ssl` to 1 by itself:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html."""
_OF_DEFAULTS = "AWS's default group forces TLS only from PostgreSQL 15 on and takes no rds.force_ssl from a program"


def _major(version: Value) -> int | None:
    match = _MAJOR.match(version.text() or "")
    return int(match[0]) if match else None


@AREA.rule(
    "export-database-logs",
    Severity.MEDIUM,
    "Export the logs of every database to CloudWatch Logs.",
    remedy='Set `enabled_cloudwatch_logs_exports=["postgresql", "upgrade"]`.',
    types=(DATABASE_INSTANCE,),
    when=is_postgres,
    references=References(hub=("RDS.9", "RDS.36"), checkov=("CKV_AWS_129",), checklist=(12,)),
)
def export_database_logs(database: Resource, _: Settings) -> Iterator[Verdict]:
    """The database keeps logs on its own disk for a few days only."""
    exported = [log.text() for log in database.get("enabledCloudwatchLogsExports").items()]
    missing = [log for log in ("postgresql", "upgrade") if log not in exported]
    if missing:
        yield fail("enabledCloudwatchLogsExports", f"does not hold {' and '.join(missing)}")


@AREA.rule(
    "run-supported-postgres",
    Severity.HIGH,
    "Run PostgreSQL 14 or newer.",
    remedy='Set `engine_version="17"`.',
    types=(DATABASE_INSTANCE,),
    when=is_postgres,
    references=References(checklist=(9,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 14, "The oldest major version that may run.", relaxes=True),),
)
def run_supported_postgres(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """Kotauth needs PostgreSQL 14 or newer, and older versions receive no fixes."""
    version = database.get("engineVersion")
    if version.is_absent:
        # AWS picks the newest.
        return
    major = _major(version)
    if major is None:
        yield undecidable("engineVersion", "is not a version number")
    elif major < settings.number("minimum"):
        yield fail("engineVersion", f"is older than {settings.number('minimum'):g}")


@AREA.rule(
    "plan-database-upgrades",
    Severity.LOW,
    "Decide explicitly whether RDS may start paid extended support for an old version of PostgreSQL.",
    level=Level.ADVISORY,
    remedy='Set `engine_lifecycle_support="open-source-rds-extended-support-disabled"` at the first deployment, or '
    "use the newest PostgreSQL version.",
    types=(DATABASE_INSTANCE,),
    when=is_postgres,
    references=References(
        documentation="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support.html",
    ),
    parameters=(
        Parameter(
            "settled", Kind.NUMBER, 16, "The first major version for which no decision is required yet.", relaxes=True
        ),
    ),
)
def plan_database_upgrades(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """Without the setting, RDS starts extended support automatically and charges per processor and hour.

    Standard support for PostgreSQL 14 ends in 2027.
    """
    major = _major(database.get("engineVersion"))
    said = is_given(database.get("engineLifecycleSupport"))
    if major is not None and major < settings.number("settled") and not said:
        yield fail("engineLifecycleSupport", "is not set")


def _parameters(group: Resource) -> dict[str, Value]:
    listed = group.get("parameters").items()
    return {parameter.field("name").text() or "": parameter.field("value") for parameter in listed}


@AREA.rule(
    "force-database-tls",
    Severity.CRITICAL,
    "Make every database refuse connections without TLS.",
    remedy="Set `parameter_group_name` to an `aws.rds.ParameterGroup` of the database's family that sets "
    '`rds.force_ssl` to "1".',
    types=(DATABASE_INSTANCE,),
    when=is_postgres,
    references=References(hub=("RDS.38",), checkov=("CKV2_AWS_69",), checklist=(9,)),
)
def force_database_tls(database: Resource, _: Settings) -> Iterator[Verdict]:
    """A default parameter group can't be changed and forces TLS only from PostgreSQL 15 on.

    A replica that names no parameter group uses the group of its source.
    """
    groups = parameter_groups(database)
    if not groups and not (is_replica(database) and database.get("parameterGroupName").is_absent):
        yield from _without_group(database)
    major = _major(database.get("engineVersion"))
    for group in groups:
        family = _of_family(group.get("family"))
        value = _parameters(group).get("rds.force_ssl")
        if value.text() != "1" if value else (family or 0) < _FORCED_FROM:
            yield fail("parameterGroupName", f"is {group.name}, which does not set rds.force_ssl to 1")
        if family is not None and major is not None and family != major:
            yield fail("parameterGroupName", f"is {group.name}, whose family is of another version")


def _without_group(database: Resource) -> Iterator[Verdict]:
    name, major = database.get("parameterGroupName"), _major(database.get("engineVersion"))
    if not is_given(name):
        if (major or 0) < _FORCED_FROM:
            yield fail("parameterGroupName", f"is not set, and {_OF_DEFAULTS}")
    elif name.known_text().startswith(_DEFAULT_GROUP):
        if (_of_family(name) or 0) < _FORCED_FROM:
            yield fail("parameterGroupName", f"is a default group of AWS, and {_OF_DEFAULTS}")
    else:
        yield undecidable("parameterGroupName", "names a parameter group that is not in this stack")


def _of_family(name: Value) -> int | None:
    match = _FAMILY.fullmatch(name.text() or "")
    return int(match[1]) if match else None


@AREA.rule(
    "log-slow-queries",
    Severity.LOW,
    "Log slow database queries.",
    level=Level.ADVISORY,
    remedy="Set the parameter `log_min_duration_statement`, for example to 1000 (milliseconds).",
    types=(PARAMETER_GROUP,),
    references=References(checkov=("CKV2_AWS_30",), checklist=(12,)),
)
def log_slow_queries(group: Resource, _: Settings) -> Iterator[Verdict]:
    """Slow queries are the first sign of a database that is too small."""
    if not (group.get("family").text() or "").startswith("postgres"):
        return
    value = _parameters(group).get("log_min_duration_statement")
    if value is None or (value.number() or 0) < 0:
        yield fail("parameters", "does not set log_min_duration_statement")
