"""Databases that RDS runs: disks, reach, copies, credentials, certificates, parameters.

A replica takes most of this from its source, and a restored database some of it from its snapshot. Rules leave alone
what comes from there.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import is_given
from ...engine.verdict import Verdict, fail
from ...readers.aws.databases import is_replica, is_restored, is_source
from ...readers.aws.resources import DATABASE_INSTANCE, DEFAULT_ADMINISTRATORS, SUBNET_GROUP
from ...readers.aws.zones import zones

AREA = Area("databases")


@AREA.rule(
    "encrypt-database",
    Severity.CRITICAL,
    "Encrypt the storage of every database.",
    remedy="Set `storage_encrypted=True`; on an existing database it takes a new one, from a copied snapshot.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.3",), checkov=("CKV_AWS_16",), checklist=(2,)),
)
def encrypt_database(database: Resource, _: Settings) -> Iterator[Verdict]:
    """Snapshots and backups are encrypted when the database is, and can't be made so later.

    A replica and a restored database are encrypted as their source is, unless the program says something else.
    """
    inherited = is_replica(database) or is_restored(database)
    if inherited and database.get("storageEncrypted").is_absent:
        return
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
    when=is_source,
    references=References(hub=("RDS.5",), checkov=("CKV_AWS_157",), checklist=(11,)),
    parameters=(Parameter("standby", Kind.FLAG, default=True, meaning="Whether one is wanted.", relaxes=True),),
)
def replicate_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """Logins need the database, and a zone or a host can fail at any time."""
    if settings.flag("standby") and not database.get("multiAz").flag():
        yield fail("multiAz", "is not true")


@AREA.rule(
    "back-up-database",
    Severity.CRITICAL,
    "Keep backups of the database for a week or more.",
    remedy="Set `backup_retention_period` to 7 or more.",
    types=(DATABASE_INSTANCE,),
    when=is_source,
    references=References(hub=("RDS.11",), checkov=("CKV_AWS_133",), checklist=(11,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 7, "The fewest days.", relaxes=True),),
)
def back_up_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """What is deleted by mistake on a Friday is missed on a Monday. A restored database keeps its source's setting."""
    if is_restored(database) and database.get("backupRetentionPeriod").is_absent:
        return
    days = database.get("backupRetentionPeriod").number() or 0
    if days < settings.number("minimum"):
        yield fail("backupRetentionPeriod", f"is less than {settings.number('minimum'):g} days")


@AREA.rule(
    "protect-database",
    Severity.CRITICAL,
    "Protect the database from deletion, and keep a last snapshot.",
    remedy="Set `deletion_protection=True` and `skip_final_snapshot=False`.",
    types=(DATABASE_INSTANCE,),
    when=is_source,
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
    when=is_source,
    references=References(hub=("RDS.25",), checklist=(9,)),
)
def keep_administrator_in_rds(database: Resource, _: Settings) -> Iterator[Verdict]:
    """A password that RDS makes and rotates is in no program and no state.

    A restored database has the administrator of its source, and its password, until the program sets another one.
    """
    name, restored = database.get("username"), is_restored(database)
    if not is_given(name) and not restored:
        yield fail("username", "is not set")
    elif (name.text() or "").lower() in DEFAULT_ADMINISTRATORS:
        yield fail("username", "is a default name, which attackers try first")
    inherited = restored and not any(is_given(database.get(each)) for each in ("password", "passwordWo"))
    if not inherited and not database.get("manageMasterUserPassword").flag():
        yield fail("manageMasterUserPassword", "is not true")


@AREA.rule(
    "certify-database",
    Severity.HIGH,
    "Use a current RDS certificate authority.",
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
    """rds-ca-2019 expired in 2024, and clients that verify no longer connect. Left out, AWS takes a current one."""
    authority = database.get("caCertIdentifier").text()
    if authority and authority.lower() not in settings.texts("authorities"):
        yield fail("caCertIdentifier", "is none of the current authorities")


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
    elif is_source(resource) and not is_given(resource.get("dbSubnetGroupName")):
        yield fail("dbSubnetGroupName", "is not set")
