"""What an update changes, setting by setting: exactly these resources and no others, and never the database.

The changes are in previews of the stack that is up only; `test_aws_recovery.py` makes them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
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


Changes = dict[str, str]
ROWS: dict[str, tuple[dict[str, str], Changes]] = {
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


PREVIEWS = (
    ("instance type", "host image", "update check"),
    ("image", "database class", "database storage", "database backups", "database standby"),
    ("memory", "log retention"),
    ("admin networks", "deletion protection", "customer disk key"),
    ("pool size", "alarm e-mail"),
    ("password version", "ports of the way out"),
    ("database version", "no alarm e-mail"),
    ("alarm thresholds",),
    ("one NAT gateway",),
)
"""The rows that one preview shows. No two of them make the same change, but new hosts may have several reasons."""


def expected(rows: Iterable[str]) -> Changes:
    """Return the changes of all of these."""
    found: dict[str, tuple[str, set[str]]] = {}
    for row in rows:
        for name, change in ROWS[row][1].items():
            operation, _, inputs = change.partition(": ")
            before = found.setdefault(name, (operation, set()))
            assert before[0] == operation, f"{row}: {name} is the matter of another row, too"
            before[1].update(filter(None, inputs.split(", ")))
    return {name: ": ".join(filter(None, (op, ", ".join(sorted(inputs))))) for name, (op, inputs) in found.items()}


@pytest.fixture(scope="module")
def previews(production: AwsStack) -> Iterator[dict[tuple[str, ...], Future[Changes]]]:
    """Yield the changes of each preview, as they come: two at a time, since each waits for the other half."""
    assert sorted(itertools.chain.from_iterable(PREVIEWS)) == sorted(ROWS)
    with ThreadPoolExecutor(2) as previewing:
        settings = {rows: {key: value for row in rows for key, value in ROWS[row][0].items()} for rows in PREVIEWS}
        yield {rows: previewing.submit(production.changes, **each) for rows, each in settings.items()}
        previewing.shutdown(cancel_futures=True)


@pytest.mark.parametrize("rows", PREVIEWS, ids=", ".join)
def test_a_change_of_settings(previews: dict[tuple[str, ...], Future[Changes]], rows: tuple[str, ...]) -> None:
    assert previews[rows].result() == expected(rows)


def test_a_parameter_of_postgresql(production: AwsStack, previews: dict[tuple[str, ...], Future[Changes]]) -> None:
    """The instance stays as it is: RDS hears of it through its parameter group."""
    for each in previews.values():
        each.exception()  # All of them read the program that is edited now.
    now, then = ('"log_min_duration_statement": "1000"', '"log_min_duration_statement": "500"')
    production.edit("components/aws/database/rds.py", now, then)
    try:
        assert production.changes() == {"ParameterGroup kotauth-database-parameters": "update: parameters"}
    finally:
        production.edit("components/aws/database/rds.py", then, now)


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
    """The rows above check this one by one; this test checks it for rows that are added later, too."""
    kept = ("Instance", "SubnetGroup", "Secret", "Key", "Alias", "LoadBalancer", "TargetGroup", "Listener", "Bucket")
    for row, (_, changes) in ROWS.items():
        for name, change in changes.items():
            assert name.partition(" ")[0] not in kept or change.startswith("update: "), row
