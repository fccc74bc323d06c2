"""Rules of the area `presence`."""

import json

import pulumi_aws as aws
import pytest

from .aws_host import TOOLS, run, unit, user_data
from .change import All, From, add, put, without
from .mutation import Case, Impossible, Row, cases, found, on_aws, state

_ROUTE, _BACKUPS = found("have-log-route@template"), found("have-backups@template")
_READ = found("keep-secrets-out-of-user-data@template")
_FIND = found("find-kotauth-server@kotauth")

# The database as one more container of the host.
_UNIT = unit(run("database", TOOLS, "999:999", "--health-cmd=pg_isready"))
_ON_HOST = user_data(
    {"DB_URL": "jdbc:postgresql://database:5432/kotauth"},
    files={"/etc/systemd/system/kotauth-database.service": _UNIT},
    late=(),
)
_WITHOUT_RDS = (
    without("database"),
    put("parameter", "value", All(json.dumps, key=From("secret-key-secret", "arn"))),
)
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

TABLE = on_aws(*ROWS, *STATES, *CASES)


@pytest.mark.parametrize("case", cases(TABLE), ids=str)
def test_presence(case: Case) -> None:
    case.check()
