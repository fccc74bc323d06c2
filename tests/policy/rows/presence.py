"""Rules of the area `presence`."""

import json

import pulumi_aws as aws

from policy.testing.aws_host import TOOLS, run, unit, user_data
from policy.testing.change import ABSENT, All, From, add, put, without

from ..mutation import NOTHING, Case, Impossible, Row, found, on_aws, state, table
from .topology import PART

_ROUTE, _BACKUPS = found("have-log-route@template"), found("have-backups@template")
_READ = found("keep-secrets-out-of-user-data@template")
_FIND = found("find-kotauth-server@kotauth")

# The database as one more container of the host.
_UNIT = unit(run("database", TOOLS, "999:999", "--health-cmd=pg_isready"))
_ON_HOST = user_data(
    {"DB_URL": "jdbc:postgresql://database:5432/kotauth"},
    files={"/etc/systemd/system/kotauth-database.service": _UNIT},
    deferred=(),
)
_WITHOUT_RDS = (
    without("database"),
    put("parameter", "value", All(json.dumps, key=From("secret-key-secret", "arn"))),
)
_NO_ALARM = found("have-alarms-on-docker@server")
_ALARM = {
    "comparison_operator": "LessThanThreshold",
    "evaluation_periods": 3,
    "alarm_actions": ["arn:aws:sns:eu-central-1:123456789012:alarms"],
}
_PLAN = {"name": "daily", "rules": [{"rule_name": "daily", "target_vault_name": "vault"}]}

ROWS = (
    Row(
        "have-log-route",
        "template",
        "template/user_data",
        user_data(log_group="other"),
        secret=_ROUTE | _READ,
        unknown=_READ | _FIND,
        absent=_FIND,
    ),
    Row(
        "have-backups",
        "template",
        "template/user_data",
        _ON_HOST,
        secret=_BACKUPS | _READ,
        unknown=_READ | _FIND,
        absent=_FIND,
        setup=_WITHOUT_RDS,
    ),
)

_ALWAYS_KNOWN = "whether there is an alarm is known before its properties are"

STATES = (
    state("have-alarms", "known", (without("alarm"),), found("have-alarms@template")),
    Impossible(_ALWAYS_KNOWN, "have-alarms", "secret"),
    Impossible(_ALWAYS_KNOWN, "have-alarms", "unknown"),
    state("have-alarms", "absent", (without("alarm"),), found("have-alarms@template")),
)

CASES = (
    Case(
        "a database on the host that is backed up",
        (*_WITHOUT_RDS, put("template", "user_data", _ON_HOST), add("plan", aws.backup.Plan, _PLAN)),
        found(),
    ),
)

_DAILY = {
    "description": "daily",
    "execution_role_arn": From("role", "arn"),
    "policy_details": {"resource_types": ["VOLUME"]},
}
ELSEWHERE = (
    Case(
        "a database on the host whose disk is copied",
        (*_WITHOUT_RDS, put("template", "user_data", _ON_HOST), add("plan", aws.dlm.LifecyclePolicy, _DAILY)),
        NOTHING,
    ),
)

_LOCAL = (
    put("server", "log_driver", "json-file"),
    put("server", "log_opts", {"max-size": "10m", "max-file": "3"}),
)

ON_DOCKER = (
    *(
        Row(
            rule,
            "server",
            f"{name}/labels.0.value",
            "other",
            secret=found(f"{rule}@server", f"keep-secrets-out-of-labels@{name}"),
            unknown=PART,
        )
        for rule, name in (("have-backups-on-docker", "backup-dump"), ("have-alarms-on-docker", "alarm"))
    ),
    Row(
        "have-log-route-on-docker",
        "server",
        "server/log_driver",
        "local",
        unknown=found("have-log-route-on-docker@server", "bound-logs@server"),
        absent=found("have-log-route-on-docker@server", "bound-logs@server"),
    ),
    Case(
        "a backup and an alarm that are known by their images",
        tuple(
            put(name, key, value)
            for name, image in (("backup-dump", "postgres-backup-local"), ("alarm", "gatus"))
            for key, value in (("labels", ABSENT), ("image", f"docker.io/library/{image}:5.24.1"))
        ),
        NOTHING,
    ),
    Case("logs that a container carries away", (*_LOCAL, put("alarm", "labels.0.value", "logs")), _NO_ALARM),
    Case("a database elsewhere", (without("database", "backup-dump", "backup-store"),), found("complete-stack@server")),
    Case("an alarm of CloudWatch", (without("alarm"), add("alarm", aws.cloudwatch.MetricAlarm, _ALARM)), NOTHING),
    Case(
        "nothing but a database",
        (without("server", "server-carrier", "backup-dump", "backup-store", "alarm"),),
        NOTHING,
    ),
)

TABLE = [*on_aws(*ROWS, *STATES, *CASES, *ELSEWHERE), *table(*ON_DOCKER)]
