"""What an update changes, setting by setting: exactly these resources and no others, and never the database.

Each row is a preview of the stack that is up. The changes are in the previews only; `test_aws_recovery.py` makes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.engine.aws_stack import DATABASE, GATE_CALL, GROUP, HOST_IMAGE, AwsStack

pytestmark = pytest.mark.engine

TEMPLATE, ROLE_CALL = "LaunchTemplate kotauth-server", "Invocation kotauth-database-role-call"
HOST_FILES = {"BucketObjectv2 kotauth-server-*": "create and delete"}
LOGS = ("network-flow-log-group", "web-acl-log", "database-postgresql-log", "database-upgrade-log", "database-role-log")


def roll(template: str = "userData") -> dict[str, str]:
    """Return what a new host takes: a new group beside the old one, and the gate between them."""
    return {
        TEMPLATE: f"update: {template}",
        GROUP: "replace: launchTemplate",
        GATE_CALL: "replace: input, triggers",
        "MetricAlarm kotauth-watch-group-instances": "update: dimensions",
        "MetricAlarm kotauth-watch-group-cpu-credits": "update: dimensions",
        "EventRule kotauth-watch-failed-launches": "update: eventPattern",
        "Dashboard kotauth-watch": "update: dashboardBody",
    }


def database(*changed: str) -> dict[str, str]:
    """Return an update of the database in place."""
    return {DATABASE: f"update: {', '.join(changed)}"}


ROWS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "image": ({"image": "ghcr.io/inumansoul/kotauth:1.23.0"}, {**roll(), **HOST_FILES}),
    "memory": ({"memory": "768"}, {**roll(), **HOST_FILES}),
    "update check": ({"updateCheck": "false"}, roll()),
    # The login's limit of connections is raised before a server opens more.
    "pool size": ({"poolSize": "12"}, {**roll(), ROLE_CALL: "replace: input"}),
    "instance type": ({"instanceType": "t4g.medium"}, roll("instanceType")),
    "host image": ({"hostImageId": HOST_IMAGE}, roll("imageId")),
    "admin networks": ({"adminCidrs": "203.0.113.0/24"}, {**roll(), **HOST_FILES}),
    # Another mail port, without a new host: only the rules of its security group change.
    "ports of the way out": (
        {"egressPorts": "443,587,2525"},
        {
            "SecurityGroupEgressRule kotauth-server-to-465": "delete",
            "SecurityGroupEgressRule kotauth-server-to-2525": "create",
        },
    ),
    "password version": (
        {"databasePasswordVersion": "2"},
        {
            **roll(),
            "RandomPassword kotauth-database-password": "replace",
            "SecretVersion kotauth-database-password-version": "replace: secretString, versionStages",
            ROLE_CALL: "replace: input, triggers",
        },
    ),
    # It says something about a key of the account, and changes nothing: disks and volumes keep theirs.
    "customer disk key": ({"customerDiskKey": "true"}, {}),
    "database class": ({"databaseClass": "db.t4g.medium"}, database("instanceClass")),
    "database storage": (
        {"databaseStorage": "30", "databaseStorageLimit": "200"},
        database("allocatedStorage", "maxAllocatedStorage"),
    ),
    "database backups": ({"databaseBackupDays": "30"}, database("backupRetentionPeriod")),
    "database standby": ({"databaseMultiAz": "false"}, database("multiAz")),
    "database version": (
        {"databaseVersion": "15"},
        {
            **roll(),
            **HOST_FILES,
            **database("engineVersion", "parameterGroupName"),
            "ParameterGroup kotauth-database-parameters": "replace: family",
        },
    ),
    "log retention": (
        {"logRetentionDays": "90"},
        {f"LogGroup kotauth-{log}": "update: retentionInDays" for log in (*LOGS, "server-log", "server-gate-log")},
    ),
    "alarm thresholds": (
        {"alarmErrors": "7", "alarmFailedLogins": "70", "alarmLatency": "3.5"},
        {
            "MetricAlarm kotauth-watch-errors": "update: threshold",
            "MetricAlarm kotauth-watch-failed-logins": "update: threshold",
            "MetricAlarm kotauth-watch-latency-seconds": "update: threshold",
            "Dashboard kotauth-watch": "update: dashboardBody",
        },
    ),
    "alarm e-mail": (
        {"alarmEmail": "night@example.org"},
        {"TopicSubscription kotauth-watch-email": "replace: endpoint"},
    ),
    "no alarm e-mail": ({"alarmEmail": ""}, {"TopicSubscription kotauth-watch-email": "delete"}),
    "deletion protection": (
        {"deletionProtection": "false"},
        {
            **database("deletionProtection"),
            "LoadBalancer kotauth": "update: enableDeletionProtection",
            "Bucket kotauth-access-logs": "update: forceDestroy",
            "Bucket kotauth-server-host": "update: forceDestroy",
        },
    ),
    "one NAT gateway": (
        {"natGateways": "one"},
        {
            "Route kotauth-network-private-eu-central-1b-way-out": "update: natGatewayId",
            "NatGateway kotauth-network-nat-eu-central-1b": "delete",
            "Eip kotauth-network-nat-eu-central-1b-address": "delete",
            "MetricAlarm kotauth-watch-nat-port-errors-eu-central-1b": "delete",
            "Dashboard kotauth-watch": "update: dashboardBody",
        },
    ),
}


@pytest.fixture(scope="module")
def previews(production: AwsStack) -> Iterator[dict[str, Future[dict[str, str]]]]:
    """Yield the changes of each row, as they come: two previews at a time, since each waits for the other half."""
    with ThreadPoolExecutor(2) as previewing:
        yield {row: previewing.submit(production.changes, **settings) for row, (settings, _) in ROWS.items()}
        previewing.shutdown(cancel_futures=True)


@pytest.mark.parametrize("row", ROWS)
def test_a_change_of_a_setting(previews: dict[str, Future[dict[str, str]]], row: str) -> None:
    assert previews[row].result() == ROWS[row][1]


def test_a_parameter_of_postgresql(production: AwsStack, previews: dict[str, Future[dict[str, str]]]) -> None:
    """The instance stays as it is: RDS hears of it through its parameter group."""
    for each in previews.values():
        each.exception()  # All of them read the program that is edited now.
    now, then = ('"log_min_duration_statement": "1000"', '"log_min_duration_statement": "500"')
    production.edit("components/aws/rds.py", now, then)
    try:
        assert production.changes() == {"ParameterGroup kotauth-database-parameters": "update: parameters"}
    finally:
        production.edit("components/aws/rds.py", then, now)


def test_the_volume_keeps_its_key_when_the_account_chooses_another(staging: AwsStack) -> None:
    key = staging.aws.boto3("kms").create_key()["KeyMetadata"]["Arn"]
    ec2 = staging.aws.boto3("ec2")
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    try:
        assert "a customer key" in staging.previewed().output
        assert staging.changes(customerDiskKey="true") == {}
    finally:
        ec2.reset_ebs_default_kms_key_id()


def test_no_change_replaces_what_holds_data_or_identity() -> None:
    """The rows above say it one by one; here it stands in one place, for whoever adds a row."""
    kept = ("Instance", "SubnetGroup", "Secret", "Key", "Alias", "LoadBalancer", "TargetGroup", "Listener", "Bucket")
    for row, (_, changes) in ROWS.items():
        for name, change in changes.items():
            assert name.partition(" ")[0] not in kept or change.startswith("update: "), row
