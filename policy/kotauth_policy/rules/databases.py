"""Databases that RDS runs: disks, reach, copies, credentials, certificates, parameters.

A replica takes most of this from its source, so the rules about what only the source can have leave it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..facts.aws import (
    DATABASE_INSTANCE,
    DEFAULT_ADMINISTRATORS,
    PARAMETER_GROUP,
    SUBNET_GROUP,
    is_given,
    sources,
    zones,
)
from ..resource import Resource
from ..rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ..value import Value
from ..verdict import Verdict, fail, undecidable

AREA = Area("databases")
_FINAL_CHARACTERS = re.compile(r"[a-z]+(\d+)")


def _is_source(database: Resource) -> bool:
    return not is_given(database.get("replicateSourceDb"))


def _is_postgres(database: Resource) -> bool:
    engine = database.get("engine")
    # A copy of a snapshot needs none and takes the snapshot's.
    return engine.is_unknown or engine.text() == "postgres" or (not is_given(engine) and _is_source(database))


@AREA.rule(
    "encrypt-database",
    Severity.CRITICAL,
    "Encrypt the storage of every database.",
    remedy="Set `storage_encrypted=True`; on an existing database it takes a new one, from a copied snapshot.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.3",), checkov=("CKV_AWS_16",), checklist=(2,)),
)
def encrypt_database(database: Resource, _: Settings) -> Iterator[Verdict]:
    """Snapshots and backups are encrypted when the database is, and can't be made so later."""
    if not database.get("storageEncrypted").flag():
        yield fail("storageEncrypted", "is not true")


@AREA.rule(
    "forbid-public-database",
    Severity.CRITICAL,
    "Give no database a public address.",
    remedy="Set `publicly_accessible=False`.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.2",), checkov=("CKV_AWS_17",), checklist=(2,)),
    waivable=False,
)
def forbid_public_database(database: Resource, _: Settings) -> Iterator[Verdict]:
    """Left out, it has none."""
    if database.get("publiclyAccessible").flag():
        yield fail("publiclyAccessible", "is true")


@AREA.rule(
    "replicate-database",
    Severity.HIGH,
    "Keep a standby of the database in another zone.",
    remedy="Set `multi_az=True`.",
    types=(DATABASE_INSTANCE,),
    when=_is_source,
    references=References(hub=("RDS.5",), checkov=("CKV_AWS_157",), checklist=(11,)),
    parameters=(Parameter("standby", Kind.FLAG, default=True, meaning="Whether one is wanted.", relaxes=True),),
)
def replicate_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """Without a database nobody logs in, and a zone or a host fails without asking."""
    if settings.flag("standby") and not database.get("multiAz").flag():
        yield fail("multiAz", "is not true")


@AREA.rule(
    "back-up-database",
    Severity.CRITICAL,
    "Keep backups of the database for a week or more.",
    remedy="Set `backup_retention_period` to 7 or more.",
    types=(DATABASE_INSTANCE,),
    when=_is_source,
    references=References(hub=("RDS.11",), checkov=("CKV_AWS_133",), checklist=(11,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 7, "The fewest days.", relaxes=True),),
)
def back_up_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """What is deleted by mistake on a Friday is missed on a Monday."""
    days = database.get("backupRetentionPeriod").number() or 0
    if days < settings.number("minimum"):
        yield fail("backupRetentionPeriod", f"is less than {settings.number('minimum'):g} days")


@AREA.rule(
    "protect-database",
    Severity.CRITICAL,
    "Protect the database from deletion, and keep a last snapshot.",
    remedy="Set `deletion_protection=True` and `skip_final_snapshot=False`.",
    types=(DATABASE_INSTANCE,),
    when=_is_source,
    references=References(hub=("RDS.8",), checkov=("CKV_AWS_293",), checklist=(11,)),
    parameters=(
        Parameter(
            "deletionProtection",
            Kind.FLAG,
            default=True,
            meaning="Whether AWS has to refuse a deletion; the last snapshot is kept in any case.",
            relaxes=True,
        ),
    ),
)
def protect_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """A property that RDS can't change replaces the database: deletes it."""
    if settings.flag("deletionProtection") and not database.get("deletionProtection").flag():
        yield fail("deletionProtection", "is not true")
    if database.get("skipFinalSnapshot").flag():
        yield fail("skipFinalSnapshot", "is true")


@AREA.rule(
    "upgrade-database-minors",
    Severity.MEDIUM,
    "Let RDS install minor versions, and copy tags to snapshots.",
    level=Level.ADVISORY,
    remedy="Set `auto_minor_version_upgrade=True` and `copy_tags_to_snapshot=True`.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.13", "RDS.17"), checkov=("CKV_AWS_226", "CKV2_AWS_60")),
)
def upgrade_database_minors(database: Resource, _: Settings) -> Iterator[Verdict]:
    """Minor versions of PostgreSQL are its security fixes. Left out, RDS installs them, and copies no tag."""
    if database.get("autoMinorVersionUpgrade").flag() is False:
        yield fail("autoMinorVersionUpgrade", "is false")
    if not database.get("copyTagsToSnapshot").flag():
        yield fail("copyTagsToSnapshot", "is not true")


@AREA.rule(
    "export-database-logs",
    Severity.MEDIUM,
    "Send the database's logs to CloudWatch.",
    remedy='Set `enabled_cloudwatch_logs_exports=["postgresql", "upgrade"]`.',
    types=(DATABASE_INSTANCE,),
    when=_is_postgres,
    references=References(hub=("RDS.9", "RDS.36"), checkov=("CKV_AWS_129",), checklist=(12,)),
)
def export_database_logs(database: Resource, _: Settings) -> Iterator[Verdict]:
    """On the database's own disk they live for days."""
    exported = [log.text() for log in database.get("enabledCloudwatchLogsExports").items()]
    missing = [log for log in ("postgresql", "upgrade") if log not in exported]
    if missing:
        yield fail("enabledCloudwatchLogsExports", f"does not hold {' and '.join(missing)}")


@AREA.rule(
    "monitor-database",
    Severity.LOW,
    "Measure the database's host and its queries.",
    level=Level.ADVISORY,
    remedy="Set `monitoring_interval`, `performance_insights_enabled=True` and `performance_insights_kms_key_id`.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.6",), checkov=("CKV_AWS_118", "CKV_AWS_353", "CKV_AWS_354"), checklist=(12,)),
)
def monitor_database(database: Resource, _: Settings) -> Iterator[Verdict]:
    """Queries hold values of the rows they ask for, so they are encrypted under a key of one's own."""
    if not database.get("monitoringInterval").number():
        yield fail("monitoringInterval", "is not set")
    if not database.get("performanceInsightsEnabled").flag():
        yield fail("performanceInsightsEnabled", "is not true")
    elif not is_given(database.get("performanceInsightsKmsKeyId")):
        yield fail("performanceInsightsKmsKeyId", "is not set")


@AREA.rule(
    "keep-administrator-in-rds",
    Severity.HIGH,
    "Name the administrator of a database yourself, and leave the password to RDS.",
    remedy="Set `username` to a name of your own and `manage_master_user_password=True`, and remove `password`.",
    types=(DATABASE_INSTANCE,),
    when=_is_source,
    references=References(hub=("RDS.25",), checklist=(9,)),
)
def keep_administrator_in_rds(database: Resource, _: Settings) -> Iterator[Verdict]:
    """A password that RDS makes and rotates is in no program and no state."""
    name = database.get("username")
    if (name.text() or "").lower() in ("", *DEFAULT_ADMINISTRATORS):
        yield fail("username", "is one that everybody tries first")
    if not database.get("manageMasterUserPassword").flag():
        yield fail("manageMasterUserPassword", "is not true")


@AREA.rule(
    "certify-database",
    Severity.HIGH,
    "Let an authority that lives certify the database.",
    remedy='Set `ca_cert_identifier="rds-ca-rsa2048-g1"`.',
    types=(DATABASE_INSTANCE,),
    references=References(checkov=("CKV_AWS_211",), checklist=(9,)),
    parameters=(
        Parameter(
            "authorities",
            Kind.TEXTS,
            ["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"],
            "Authorities that may certify it.",
        ),
    ),
)
def certify_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """rds-ca-2019 ended in 2024, and clients that verify no longer connect. Left out, AWS takes a current one."""
    authority = database.get("caCertIdentifier")
    if not authority.is_absent and authority.text() not in settings.texts("authorities"):
        yield fail("caCertIdentifier", "is none of the current authorities")


def _major(version: Value) -> int | None:
    digits = (version.text() or "").partition(".")[0]
    return int(digits) if digits.isdecimal() else None


@AREA.rule(
    "run-supported-postgres",
    Severity.HIGH,
    "Run PostgreSQL 14 or newer.",
    remedy='Set `engine_version="17"`.',
    types=(DATABASE_INSTANCE,),
    when=_is_postgres,
    references=References(checklist=(9,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 14, "The oldest major version.", relaxes=True),),
)
def run_supported_postgres(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """Kotauth's own floor, and older ones get no fixes."""
    version = database.get("engineVersion")
    if version.is_absent:
        # AWS picks the newest.
        return
    major = _major(version)
    if major is None:
        yield undecidable("engineVersion", "is no version")
    elif major < settings.number("minimum"):
        yield fail("engineVersion", f"is older than {settings.number('minimum'):g}")


@AREA.rule(
    "plan-database-upgrades",
    Severity.LOW,
    "Say what is to become of a database whose version leaves its support.",
    level=Level.ADVISORY,
    remedy='Set `engine_lifecycle_support="open-source-rds-extended-support-disabled"` from the first deployment, or '
    "take the newest version.",
    types=(DATABASE_INSTANCE,),
    when=_is_postgres,
    references=References(
        documentation="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support.html",
    ),
    parameters=(Parameter("settled", Kind.NUMBER, 16, "From this major version on there is time.", relaxes=True),),
)
def plan_database_upgrades(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """Left out, extended support begins by itself and costs per processor and hour. 14 leaves support in 2027."""
    major = _major(database.get("engineVersion"))
    said = is_given(database.get("engineLifecycleSupport"))
    if major is not None and major < settings.number("settled") and not said:
        yield fail("engineLifecycleSupport", "is not set")


@AREA.rule(
    "choose-database-subnets",
    Severity.HIGH,
    "Put the database into subnets of its own choice, in two zones or more.",
    remedy="Set `db_subnet_group_name` to an `aws.rds.SubnetGroup` with subnets of two zones.",
    types=(DATABASE_INSTANCE, SUBNET_GROUP),
    references=References(hub=("RDS.18",), checklist=(2,)),
)
def choose_database_subnets(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Left out, AWS takes the default network, whose subnets are all public."""
    if resource.type == SUBNET_GROUP:
        if zones(resource, "subnetIds") < 2:
            yield fail("subnetIds", "is in fewer than two zones")
    elif _is_source(resource) and not is_given(resource.get("dbSubnetGroupName")):
        yield fail("dbSubnetGroupName", "is not set")


def _parameters(group: Resource) -> dict[str, Value]:
    listed = group.get("parameters").items()
    return {each.field("name").text() or "": each.field("value") for each in listed}


def _parameter_groups(database: Resource) -> list[Resource]:
    named = database.get("parameterGroupName")
    name = None if named.is_unknown else named.text()
    found = sources(database, "parameterGroupName", PARAMETER_GROUP)
    if found or name is None:
        return found
    group = database.in_stack().named(PARAMETER_GROUP).get(name)
    return [group] if group else []


@AREA.rule(
    "force-database-tls",
    Severity.CRITICAL,
    "Let the database refuse connections without TLS.",
    remedy='Give it an `aws.rds.ParameterGroup` of its family with the parameter `rds.force_ssl` at "1".',
    types=(DATABASE_INSTANCE,),
    when=_is_postgres,
    references=References(hub=("RDS.38",), checkov=("CKV2_AWS_69",), checklist=(9,)),
)
def force_database_tls(database: Resource, _: Settings) -> Iterator[Verdict]:
    """The default is 1 only from PostgreSQL 15 on, and only while nobody changes the default group."""
    groups = _parameter_groups(database)
    if not groups:
        yield _no_group(database)
    for group in groups:
        value = _parameters(group).get("rds.force_ssl")
        if value is None or value.text() != "1":
            yield fail("parameterGroupName", f"is {group.name}, which does not set rds.force_ssl to 1")
        family = _FINAL_CHARACTERS.fullmatch(group.get("family").text() or "")
        major = _major(database.get("engineVersion"))
        if family and major is not None and int(family[1]) != major:
            yield fail("parameterGroupName", f"is {group.name}, whose family is of another version")


def _no_group(database: Resource) -> Verdict:
    if not is_given(database.get("parameterGroupName")):
        return fail("parameterGroupName", "is not set")
    return undecidable("parameterGroupName", "names a group that is not in this stack")


@AREA.rule(
    "log-slow-queries",
    Severity.LOW,
    "Log the queries that take long.",
    level=Level.ADVISORY,
    remedy="Set the parameter `log_min_duration_statement`, such as 1000 (milliseconds).",
    types=(PARAMETER_GROUP,),
    references=References(checkov=("CKV2_AWS_30",), checklist=(12,)),
)
def log_slow_queries(group: Resource, _: Settings) -> Iterator[Verdict]:
    """The first sign of a database that is too small."""
    if not (group.get("family").text() or "").startswith("postgres"):
        return
    value = _parameters(group).get("log_min_duration_statement")
    if value is None or (value.number() or 0) < 0:
        yield fail("parameters", "does not set log_min_duration_statement")
