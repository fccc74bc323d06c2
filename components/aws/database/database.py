"""PostgreSQL on RDS. No update replaces the instance.

Among the properties that this component sets, the provider replaces an instance only for a new `dbName`, `engine`,
`kmsKeyId`, `storageEncrypted` or `username`. Version, class, storage, parameters, password, windows, subnet group,
security groups, tags and the identifier change in place. Engine, encryption and user name are constants. The name of
the database and the key are inputs: a change to one of them would delete the instance, so its protection refuses the
change. The component sets no availability zone and no snapshot, because both can replace the instance. To restore a
snapshot, declare a new component.

The instance has the name of the subnet group, which the engine generates and which is known at preview. RDS derives the
names of the log groups from it, and the log groups must exist before the instance. A new database gets another name, so
its final snapshot never has the name of an earlier one. The key is kept when the database is deleted: otherwise the
final snapshot would be lost 30 days later.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_aws as aws

from ...inputs.error import refused
from ...inputs.parsing import parse_args
from ...postgres.server import ADMINISTRATOR
from ...schema.outputs import declared_outputs
from ...schema.tokens import token
from ..observability.logs import log_group
from ..provider.lookups import Lookups
from ..security.iam import trust
from ..security.key import customer_managed_key
from .rds import PARAMETERS, STATIC_PARAMETERS, DatabaseInputs, subnets_rule

CA = "rds-ca-rsa2048-g1"
BACKUP_WINDOW = "01:00-02:00"
MAINTENANCE_WINDOW = "sun:03:00-sun:04:00"
"""UTC, and not while a backup is made."""
LOG_EXPORTS = ("postgresql", "upgrade")


class AwsDatabaseArgs(TypedDict):
    """Inputs of `AwsDatabase`."""

    vpc_id: pulumi.Input[str]
    """VPC of its security group."""
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Two or more subnets in different zones, without internet access."""
    version: NotRequired[int]
    """Major version of PostgreSQL, 14 to 17. Default 14. A newer version upgrades in place, with minutes of
    downtime."""
    instance_class: NotRequired[str]
    """RDS instance class. Default `db.t4g.small`. A change causes a failover."""
    storage_gb: NotRequired[int]
    """Initial storage in GB, at least 20. Default 20. The storage never shrinks."""
    storage_limit_gb: NotRequired[int]
    """Size in GB up to which RDS grows the storage automatically. Default twice the storage, at least 100."""
    multi_az: NotRequired[bool]
    """Whether the database has a standby in a second zone. Default true."""
    backup_retention_days: NotRequired[int]
    """Days within which the database can be restored to any point in time, 1 to 35. Default 14."""
    database: NotRequired[str]
    """Name of the database. Default `kotauth`. A change replaces the instance."""
    parameters: NotRequired[dict[str, str]]
    """PostgreSQL parameters. Static parameters take effect after a reboot."""
    log_retention_days: NotRequired[int]
    """Days that the logs are kept. Default 365."""
    deletion_protection: NotRequired[bool]
    """Whether AWS and Pulumi refuse to delete the database and its own key. Default true. A deletion always creates a
    final snapshot."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """KMS key of data, password and logs. Its policy must allow CloudWatch Logs to use it. By default the component
    creates one, which stays in the account as long as snapshots may need it. A change replaces the instance."""
    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags for every child."""


class AwsDatabase(pulumi.ComponentResource):
    """An RDS instance without inbound rules. Each client adds its own rule to the security group."""

    host: pulumi.Output[str]
    """Host name of the database."""
    port: pulumi.Output[int]
    """Port, 5432."""
    database: pulumi.Output[str]
    """Name of the database."""
    administrator_secret_arn: pulumi.Output[str]
    """Secret with the name and password of `kotauth_admin`, which RDS rotates."""
    security_group_id: pulumi.Output[str]
    """Security group of the instance, without rules."""
    identifier: pulumi.Output[str]
    """Identifier of the instance, known at preview."""
    arn: pulumi.Output[str]
    """ARN of the instance."""
    kms_key_arn: pulumi.Output[str]
    """Key that encrypts data, password and logs."""

    def __init__(self, name: str, args: AwsDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the instance."""
        settings = parse_args(DatabaseInputs, AwsDatabaseArgs, name, args)
        protect = settings.deletion_protection
        super().__init__(token("AwsDatabase"), name, {**settings.plain()}, opts)
        tags = settings.tags
        child = pulumi.ResourceOptions(parent=self)
        # Never False, which would undo the protection of the whole component.
        kept = pulumi.ResourceOptions(parent=self, protect=protect or None)

        key_arn = pulumi.Output.from_input(
            settings.kms_key_arn
            or customer_managed_key(
                f"{name}-key",
                f"Encrypts the database {name}",
                pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(retain_on_delete=True)),
                services=["logs"],
                tags=tags,
            ).arn
        )
        parameter_group = _parameter_group(f"{name}-parameters", settings, tags, child)
        subnet_group = aws.rds.SubnetGroup(
            name,
            description=f"Subnets of {name}",
            subnet_ids=pulumi.Output.from_input(settings.subnet_ids).apply(lambda known: _checked(name, known)),
            tags=tags,
            opts=child,
        )
        group = aws.ec2.SecurityGroup(
            f"{name}-group", description=f"The database {name}", vpc_id=settings.vpc_id, tags=tags, opts=child
        )
        logs = [
            log_group(
                f"{name}-{export}-log",
                group_name=pulumi.Output.concat("/aws/rds/instance/", subnet_group.name, "/", export),
                retention_days=settings.log_retention_days,
                key_arn=key_arn,
                tags=tags,
                opts=child,
            )
            for export in LOG_EXPORTS
        ]
        role, attachment = _monitoring_role(f"{name}-monitoring", subnet_group.name, tags, child)
        instance = aws.rds.Instance(
            f"{name}-instance",
            identifier=subnet_group.name,
            engine="postgres",
            # The major version only: RDS puts the minor ones on, in the maintenance window.
            engine_version=str(settings.version),
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=True,
            # Otherwise RDS charges extended support for a version after the end of its standard support.
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            # Otherwise a change waits for the maintenance window, and the next preview shows it again.
            apply_immediately=True,
            instance_class=settings.instance_class,
            storage_type="gp3",
            allocated_storage=settings.storage_gb,
            max_allocated_storage=settings.storage_limit_gb,
            storage_encrypted=True,
            kms_key_id=key_arn,
            multi_az=settings.multi_az,
            db_subnet_group_name=subnet_group.name,
            vpc_security_group_ids=[group.id],
            publicly_accessible=False,
            ca_cert_identifier=CA,
            db_name=settings.database,
            username=ADMINISTRATOR,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=key_arn,
            parameter_group_name=parameter_group.name,
            backup_retention_period=settings.backup_retention_days,
            backup_window=BACKUP_WINDOW,
            maintenance_window=MAINTENANCE_WINDOW,
            copy_tags_to_snapshot=True,
            # They outlive the instance for their retention; the default deletes them with it.
            delete_automated_backups=False,
            skip_final_snapshot=False,
            final_snapshot_identifier=pulumi.Output.concat(subnet_group.name, "-final"),
            deletion_protection=protect,
            enabled_cloudwatch_logs_exports=list(LOG_EXPORTS),
            monitoring_interval=60,
            monitoring_role_arn=role.arn,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=key_arn,
            # The free ones.
            performance_insights_retention_period=7,
            tags=tags,
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[*logs, attachment])),
        )
        self.host = instance.address
        self.port = instance.port
        self.database = pulumi.Output.from_input(settings.database)
        self.administrator_secret_arn = instance.master_user_secrets.apply(lambda made: cast("str", made[0].secret_arn))
        self.security_group_id = group.id
        self.identifier = instance.identifier
        self.arn = instance.arn
        self.kms_key_arn = key_arn
        self.register_outputs(declared_outputs(self, AwsDatabase))


def _parameter_group(
    name: str, settings: DatabaseInputs, tags: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> "aws.rds.ParameterGroup":
    """Make the group; without a physical name, a new major version's is there before the instance leaves the old."""
    return aws.rds.ParameterGroup(
        name,
        family=f"postgres{settings.version}",
        description="Parameters of a database of Kotauth",
        parameters=[
            {"name": key, "value": value, "apply_method": "pending-reboot" if key in STATIC_PARAMETERS else "immediate"}
            for key, value in sorted({**PARAMETERS, **settings.parameters}.items())
        ],
        tags=tags,
        opts=opts,
    )


def _monitoring_role(
    name: str, identifier: pulumi.Output[str], tags: Mapping[str, pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> "tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]":
    """Make the role by which RDS writes this instance's operating system metrics to the account's `RDSOSMetrics`."""
    lookups = Lookups(opts.parent)
    partition, region, account = lookups.partition, lookups.region, lookups.account
    instance = pulumi.Output.concat("arn:", partition, ":rds:", region, ":", account, ":db:", identifier)
    role = aws.iam.Role(
        name,
        description="Writes a database's operating system metrics",
        assume_role_policy=trust(
            "monitoring.rds.amazonaws.com",
            {"StringEquals": {"aws:SourceAccount": account, "aws:SourceArn": instance}},
        ),
        tags=tags,
        opts=opts,
    )
    # AWS's own policy: the log group is one for the whole account, and RDS makes it.
    attachment = aws.iam.RolePolicyAttachment(
        f"{name}-policy",
        role=role.name,
        policy_arn=pulumi.Output.concat(
            "arn:", partition, ":iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
        ),
        opts=opts,
    )
    return role, attachment


def _checked(name: str, subnet_ids: Sequence[pulumi.Input[str]]) -> Sequence[pulumi.Input[str]]:
    if rule := subnets_rule(subnet_ids):
        raise refused(f"AwsDatabase {name}", "subnet_ids", list(subnet_ids), rule)
    return subnet_ids
