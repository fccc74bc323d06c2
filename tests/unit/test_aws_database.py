"""The database: what RDS is asked for, and what a change may never do."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.aws.database.database import AwsDatabase, AwsDatabaseArgs
from components.aws.database.rds import max_connections
from components.inputs.error import InvalidInputError
from tests import bad_settings
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.aws_outputs import arn
from tests.unit.recording import Declared, Registered, declare

SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
KEY = arn("kms", "key/db-key-id")
IDENTIFIER = "db-0c0ffee"
FORCES_NEW = {
    "availabilityZone",
    "backupTarget",
    "characterSetName",
    "customIamInstanceProfile",
    "dbName",
    "engine",
    "kmsKeyId",
    "ncharCharacterSetName",
    "restoreToPointInTime",
    "snapshotIdentifier",
    "storageEncrypted",
    "timezone",
    "username",
}
"""What terraform-provider-aws marks with ForceNew (internal/service/rds/instance.go)."""


def made(**args: Any) -> Declared:
    given: AwsDatabaseArgs = {"vpc_id": "vpc-0123456789abcdef0", "subnet_ids": SUBNETS, "tags": TAGS, **args}  # pyright: ignore[reportAssignmentType]

    return declare(lambda: AwsDatabase("db", given))


def instance(declared: Declared) -> Registered:
    return declared.named("db-instance")


@pytest.fixture(scope="module")
def usual() -> Declared:
    return made()


def test_the_outputs(usual: Declared) -> None:
    assert usual.outputs == {
        "host": "db-instance.cafe.eu-central-1.rds.amazonaws.com",
        "port": 5432,
        "database": "kotauth",
        "administrator_secret_arn": arn("secretsmanager", "secret:rds!db-db-instance"),
        "security_group_id": "db-group-id",
        "identifier": IDENTIFIER,
        "arn": arn("rds", "db:db-instance"),
        "kms_key_arn": KEY,
    }
    assert usual.component_outputs["kotauth:index:AwsDatabase", "db"] == set(usual.outputs)


def test_the_instance_as_a_whole(usual: Declared) -> None:
    """All of it: an input more or less may replace the database or open it."""
    assert instance(usual).inputs == {
        "identifier": IDENTIFIER,
        "engine": "postgres",
        "engineVersion": "14",
        "autoMinorVersionUpgrade": True,
        "allowMajorVersionUpgrade": True,
        "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
        "applyImmediately": True,
        "instanceClass": "db.t4g.small",
        "storageType": "gp3",
        "allocatedStorage": 20,
        "maxAllocatedStorage": 100,
        "storageEncrypted": True,
        "kmsKeyId": KEY,
        "multiAz": True,
        "dbSubnetGroupName": "db-0c0ffee",
        "vpcSecurityGroupIds": ["db-group-id"],
        "publiclyAccessible": False,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "dbName": "kotauth",
        "username": "kotauth_admin",
        "manageMasterUserPassword": True,
        "masterUserSecretKmsKeyId": KEY,
        "parameterGroupName": "db-parameters-0c0ffee",
        "backupRetentionPeriod": 14,
        "backupWindow": "01:00-02:00",
        "maintenanceWindow": "sun:03:00-sun:04:00",
        "copyTagsToSnapshot": True,
        "deleteAutomatedBackups": False,
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": "db-0c0ffee-final",
        "deletionProtection": True,
        "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
        "monitoringInterval": 60,
        "monitoringRoleArn": arn("iam", "role/db-monitoring-0c0ffee", region=""),
        "performanceInsightsEnabled": True,
        "performanceInsightsKmsKeyId": KEY,
        "performanceInsightsRetentionPeriod": 7,
        "tags": TAGS,
    }


def test_nothing_that_changes_is_hidden_and_nothing_is_forced(usual: Declared) -> None:
    assert not [r.name for r in usual.resources if r.ignore_changes or r.replace_on_changes]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 17},
        {"instance_class": "db.m7g.large"},
        {"storage_gb": 50, "storage_limit_gb": 500},
        {"multi_az": False},
        {"backup_retention_days": 35},
        {"parameters": {"max_connections": "200"}},
        {"tags": {"team": "other"}},
        {"subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]},
        {"deletion_protection": False},
        {"log_retention_days": 30},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_setting_touches_what_would_replace_the_instance(usual: Declared, change: dict[str, Any]) -> None:
    before, after = (instance(declared).inputs for declared in (usual, made(**change)))
    assert {key: before.get(key) for key in FORCES_NEW} == {key: after.get(key) for key in FORCES_NEW}


def test_the_log_groups_are_there_before_rds_makes_them_without_a_key(usual: Declared) -> None:
    for export in ("postgresql", "upgrade"):
        group = usual.named(f"db-{export}-log")
        assert group.inputs["name"] == f"/aws/rds/instance/{IDENTIFIER}/{export}"
        assert (group.inputs["retentionInDays"], group.inputs["kmsKeyId"]) == (365, KEY)
        assert group.name in instance(usual).dependencies
    assert [s["Sid"] for s in statements(usual.named("db-key"))] == ["Account", "Logs"]


def test_the_group_of_the_database_has_no_ingress_rule_of_its_own(usual: Declared) -> None:
    group = usual.named("db-group")
    assert set(group.inputs) == {"description", "vpcId", "tags"}
    assert not [r.name for r in usual.resources if r.type.startswith("aws:vpc/")]


def test_parameters(usual: Declared) -> None:
    group = usual.named("db-parameters")
    assert group.inputs["family"] == "postgres14"
    assert {p["name"]: (p["value"], p["applyMethod"]) for p in group.inputs["parameters"]} == {
        "rds.force_ssl": ("1", "immediate"),
        "log_connections": ("1", "immediate"),
        "log_statement": ("ddl", "immediate"),
        "log_min_duration_statement": ("1000", "immediate"),
    }


def test_a_major_version_brings_its_family_and_a_group_beside_the_old_one() -> None:
    declared = made(version=17)
    assert declared.named("db-parameters").inputs["family"] == "postgres17"
    assert "name" not in declared.named("db-parameters").inputs
    assert instance(declared).inputs["engineVersion"] == "17"


def test_given_parameters_win_and_static_ones_wait_for_a_reboot() -> None:
    given = {"log_min_duration_statement": "250", "max_connections": "200", "work_mem": "8192"}
    parameters = {p["name"]: p for p in made(parameters=given).named("db-parameters").inputs["parameters"]}
    assert {name: parameters[name]["value"] for name in given} == given
    assert {name for name, p in parameters.items() if p["applyMethod"] == "pending-reboot"} == {"max_connections"}
    assert parameters["rds.force_ssl"]["value"] == "1"


def test_metrics_of_this_instance_only(usual: Declared) -> None:
    (trust,) = statements(usual.named("db-monitoring"), "assumeRolePolicy")
    assert trust["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333", "aws:SourceArn": arn("rds", f"db:{IDENTIFIER}")}
    }
    attachment = usual.named("db-monitoring-policy")
    assert attachment.inputs["policyArn"] == "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    assert attachment.name in instance(usual).dependencies


def test_what_holds_data_is_protected_unless_that_is_given_up(usual: Declared) -> None:
    assert {r.name for r in usual.resources if r.protect} == {"db-instance", "db-key"}
    given_up = made(deletion_protection=False)
    assert not [r.name for r in given_up.resources if r.protect]
    assert instance(given_up).inputs["deletionProtection"] is False
    assert instance(given_up).inputs["skipFinalSnapshot"] is False


def test_the_key_outlives_the_database_as_its_final_snapshot_does(usual: Declared) -> None:
    for declared in (usual, made(deletion_protection=False)):
        assert [r.name for r in declared.resources if r.retain_on_delete] == ["db-key"]


def test_a_given_key_encrypts_everything() -> None:
    given = arn("kms", "key/given")
    declared = made(kms_key_arn=given)
    assert declared.of_type(":Key") == []
    inputs = instance(declared).inputs
    assert {inputs[key] for key in ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId")} == {given}
    assert {r.inputs["kmsKeyId"] for r in declared.of_type(":LogGroup")} == {given}


def test_tags_reach_everything(usual: Declared) -> None:
    assert untagged(usual) == []


def test_numbers_of_other_languages() -> None:
    inputs = instance(made(version=16.0, storage_gb=30.0, backup_retention_days=7.0)).inputs
    assert (inputs["engineVersion"], inputs["allocatedStorage"], inputs["backupRetentionPeriod"]) == ("16", 30, 7)


def test_much_storage_moves_the_limit_with_it() -> None:
    assert instance(made(storage_gb=200)).inputs["maxAllocatedStorage"] == 400


@pytest.mark.parametrize(
    ("args", "rule"),
    [
        ({"version": 13}, 'version = "13": must be a major version of PostgreSQL, a whole number from 14 to 17'),
        ({"version": 18}, 'version = "18": must be a major version of PostgreSQL'),
        ({"instance_class": "t4g.small"}, 'instance_class = "t4g.small": must be an RDS instance class such as'),
        ({"storage_gb": 19}, 'storage_gb = "19": must be storage in GB, a whole number from 20 to 65536'),
        ({"storage_gb": 20.5}, 'storage_gb = "20.5": must be storage in GB, a whole number'),
        ({"storage_gb": 100, "storage_limit_gb": 105}, "must be at least 10 % above the storage of 100 GB"),
        ({"storage_limit_gb": 20}, 'storage_limit_gb = "20": must be at least 10 % above the storage of 20 GB'),
        ({"backup_retention_days": 0}, "and 0 turns off point-in-time restores"),
        ({"backup_retention_days": 99}, 'backup_retention_days = "99": must be days of backups'),
        ({"database": "Kotauth"}, 'database = "Kotauth": must be up to 63 lower-case letters'),
        ({"parameters": {"rds.force_ssl": "0"}}, "must leave rds.force_ssl at 1"),
        ({"parameters": {"Work Mem": "1"}}, 'must be named as in PostgreSQL, in lower case (got "Work Mem")'),
        ({"parameters": ["work_mem"]}, "must be a mapping such as {'name': 'text'}, not a list"),
        ({"subnet_ids": ["subnet-0123456789abcdef0"]}, bad_settings.TWO_SUBNETS),
    ],
)
def test_bad_input(args: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        AwsDatabase("db", {"vpc_id": "vpc-0123456789abcdef0", "subnet_ids": SUBNETS, **args})  # pyright: ignore[reportArgumentType]
    assert rule in str(error.value)


@pytest.mark.parametrize("name", ["Db", "db_main", "db--main", "db-", "1db", "d" * 51])
def test_a_name_that_rds_would_refuse(name: str) -> None:
    with pytest.raises(InvalidInputError, match=f'name = "{name}": must be up to 50 lower-case letters'):
        AwsDatabase(name, {"vpc_id": "vpc-0123456789abcdef0", "subnet_ids": SUBNETS})


def test_too_few_subnets_that_are_known_later() -> None:
    with pytest.raises(InvalidInputError, match="must be two or more subnets"):
        made(subnet_ids=pulumi.Output.from_input(["subnet-0123456789abcdef0"]))


@pytest.mark.parametrize(
    ("memory_mib", "connections"), [(1024, 112), (2048, 225), (4096, 450), (16384, 1802), (131072, 5000)]
)
def test_connections_by_memory(memory_mib: int, connections: int) -> None:
    """The numbers that AWS's users quote for t4g.micro, small, medium, m7g.xlarge; and the ceiling."""
    assert max_connections(memory_mib) == connections
