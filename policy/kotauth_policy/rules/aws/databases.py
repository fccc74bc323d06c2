"""RDS databases: encryption, public access, standby, backups, deletion, credentials, certificates and subnets.

A replica inherits most of these settings from its source, and a restored database inherits some from its snapshot.
Rules do not evaluate inherited settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...engine.resource import Resource
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import is_given, seen
from ...engine.verdict import Verdict, fail
from ...readers.aws.databases import is_replica, is_restored, is_source
from ...readers.aws.resources import DATABASE_INSTANCE, DEFAULT_ADMINISTRATORS, SUBNET_GROUP
from ...readers.aws.zones import zones

AREA = Area("databases")


@AREA.rule(
    "encrypt-database",
    Severity.CRITICAL,
    "Encrypt the storage of every database.",
    remedy="Set `storage_encrypted=True`. To encrypt an existing database, restore a new database from an encrypted"
    " copy of its snapshot.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.3",), checkov=("CKV_AWS_16",), checklist=(2,)),
)
def encrypt_database(database: Resource, _: Settings) -> Iterator[Verdict]:
    """RDS encrypts snapshots and backups only if the database is encrypted, and can't encrypt them later.

    A replica or a restored database is encrypted like its source, unless the program sets another value.
    """
    inherited = is_replica(database) or is_restored(database)
    if inherited and database.get("storageEncrypted").is_absent:
        return
    if not database.get("storageEncrypted").flag():
        yield fail("storageEncrypted", "is not true")


@AREA.rule(
    "forbid-public-database",
    Severity.CRITICAL,
    "Do not give a database a public IP address.",
    remedy="Set `publicly_accessible=False`.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.2",), checkov=("CKV_AWS_17",), checklist=(2,)),
    waivable=False,
)
def forbid_public_database(database: Resource, _: Settings) -> Iterator[Verdict]:
    """A database without `publiclyAccessible` has no public address."""
    if database.get("publiclyAccessible").flag():
        yield fail("publiclyAccessible", "is true")


@AREA.rule(
    "replicate-database",
    Severity.HIGH,
    "Run a standby of every database in a second availability zone.",
    remedy="Set `multi_az=True`.",
    types=(DATABASE_INSTANCE,),
    when=is_source,
    references=References(hub=("RDS.5",), checkov=("CKV_AWS_157",), checklist=(11,)),
    parameters=(Parameter("standby", Kind.FLAG, default=True, meaning="Whether a standby is required.", relaxes=True),),
)
def replicate_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """Every login needs the database, and a host or an availability zone can fail at any time."""
    if settings.flag("standby") and not database.get("multiAz").flag():
        yield fail("multiAz", "is not true")


@AREA.rule(
    "back-up-database",
    Severity.CRITICAL,
    "Keep backups of every database for at least a week.",
    remedy="Set `backup_retention_period` to 7 or more.",
    types=(DATABASE_INSTANCE,),
    when=is_source,
    references=References(hub=("RDS.11",), checkov=("CKV_AWS_133",), checklist=(11,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 7, "The shortest retention of backups, in days.", relaxes=True),),
)
def back_up_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """Users often notice only after days that data was deleted by mistake.

    A restored database keeps the setting of its source.
    """
    if is_restored(database) and database.get("backupRetentionPeriod").is_absent:
        return
    days = database.get("backupRetentionPeriod").number() or 0
    if days < settings.number("minimum"):
        yield fail(
            "backupRetentionPeriod",
            seen(database.get("backupRetentionPeriod"), f"less than {settings.number('minimum'):g} days"),
        )


@AREA.rule(
    "protect-database",
    Severity.CRITICAL,
    "Protect every database from deletion, and keep a final snapshot.",
    remedy="Set `deletion_protection=True` and `skip_final_snapshot=False`.",
    types=(DATABASE_INSTANCE,),
    when=is_source,
    references=References(hub=("RDS.8",), checkov=("CKV_AWS_293",), checklist=(11,)),
    parameters=(
        Parameter(
            "deletionProtection",
            Kind.FLAG,
            default=True,
            meaning="Whether deletion protection is required; a final snapshot is always required.",
            relaxes=True,
        ),
    ),
)
def protect_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """A change of a property that RDS can't update replaces the database, which deletes the old one."""
    if settings.flag("deletionProtection") and not database.get("deletionProtection").flag():
        yield fail("deletionProtection", "is not true")
    if database.get("skipFinalSnapshot").flag():
        yield fail("skipFinalSnapshot", "is true")


@AREA.rule(
    "upgrade-database-minors",
    Severity.MEDIUM,
    "Let RDS install minor versions automatically, and copy tags to snapshots.",
    level=Level.ADVISORY,
    remedy="Set `auto_minor_version_upgrade=True` and `copy_tags_to_snapshot=True`.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.13", "RDS.17"), checkov=("CKV_AWS_226", "CKV2_AWS_60")),
)
def upgrade_database_minors(database: Resource, _: Settings) -> Iterator[Verdict]:
    """Minor versions of PostgreSQL contain its security fixes.

    By default, RDS installs minor versions and does not copy tags to snapshots.
    """
    if database.get("autoMinorVersionUpgrade").flag() is False:
        yield fail("autoMinorVersionUpgrade", "is false")
    if not database.get("copyTagsToSnapshot").flag():
        yield fail("copyTagsToSnapshot", "is not true")


@AREA.rule(
    "monitor-database",
    Severity.LOW,
    "Enable Enhanced Monitoring and Performance Insights on every database.",
    level=Level.ADVISORY,
    remedy="Set `monitoring_interval`, `performance_insights_enabled=True` and `performance_insights_kms_key_id`.",
    types=(DATABASE_INSTANCE,),
    references=References(hub=("RDS.6",), checkov=("CKV_AWS_118", "CKV_AWS_353", "CKV_AWS_354"), checklist=(12,)),
)
def monitor_database(database: Resource, _: Settings) -> Iterator[Verdict]:
    """Performance Insights stores queries, which contain values of rows, so it needs a customer-managed key."""
    if not database.get("monitoringInterval").number():
        yield fail("monitoringInterval", "is not set")
    if not database.get("performanceInsightsEnabled").flag():
        yield fail("performanceInsightsEnabled", "is not true")
    elif not is_given(database.get("performanceInsightsKmsKeyId")):
        yield fail("performanceInsightsKmsKeyId", "is not set")


@AREA.rule(
    "keep-administrator-in-rds",
    Severity.HIGH,
    "Choose the name of the database administrator, and let RDS manage the administrator's password.",
    remedy='Set `username` to a name other than a default such as "postgres" or "admin". Set '
    "`manage_master_user_password=True`, and remove `password`.",
    types=(DATABASE_INSTANCE,),
    when=is_source,
    references=References(hub=("RDS.25",), checklist=(9,)),
)
def keep_administrator_in_rds(database: Resource, _: Settings) -> Iterator[Verdict]:
    """A password that RDS creates and rotates is stored in neither the program nor the state.

    A restored database keeps the administrator and the password of its source until the program sets another password.
    """
    name, restored = database.get("username"), is_restored(database)
    if not is_given(name) and not restored:
        yield fail("username", "is not set")
    elif (name.text() or "").lower() in DEFAULT_ADMINISTRATORS:
        yield fail("username", seen(database.get("username"), "a default name, which attackers try first"))
    inherited = restored and not any(is_given(database.get(each)) for each in ("password", "passwordWo"))
    if not inherited and not database.get("manageMasterUserPassword").flag():
        yield fail("manageMasterUserPassword", "is not true")


@AREA.rule(
    "certify-database",
    Severity.HIGH,
    "Use a current RDS certificate authority.",
    remedy='Set `ca_cert_identifier="rds-ca-rsa2048-g1"`, or remove `ca_cert_identifier`.',
    types=(DATABASE_INSTANCE,),
    references=References(checkov=("CKV_AWS_211",), checklist=(9,)),
    parameters=(
        Parameter(
            "authorities",
            Kind.TEXTS,
            ["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"],
            "Certificate authorities that a database may use.",
        ),
    ),
)
def certify_database(database: Resource, settings: Settings) -> Iterator[Verdict]:
    """The authority rds-ca-2019 expired in 2024, and clients that verify certificates no longer connect.

    By default, AWS uses a current authority.
    """
    authority = database.get("caCertIdentifier").text()
    if authority and authority.lower() not in settings.texts("authorities"):
        yield fail("caCertIdentifier", seen(database.get("caCertIdentifier"), "not a current certificate authority"))


@AREA.rule(
    "choose-database-subnets",
    Severity.HIGH,
    "Place every database in a subnet group of the stack with at least two availability zones.",
    remedy="Set `db_subnet_group_name` to an `aws.rds.SubnetGroup` with subnets in two availability zones.",
    types=(DATABASE_INSTANCE, SUBNET_GROUP),
    references=References(hub=("RDS.18",), checklist=(2,)),
)
def choose_database_subnets(resource: Resource, _: Settings) -> Iterator[Verdict]:
    """Without a subnet group, AWS uses the default VPC, whose subnets are all public."""
    if resource.type == SUBNET_GROUP:
        if zones(resource, "subnetIds") < 2:
            yield fail("subnetIds", "covers fewer than two availability zones")
    elif is_source(resource) and not is_given(resource.get("dbSubnetGroupName")):
        yield fail("dbSubnetGroupName", "is not set")
