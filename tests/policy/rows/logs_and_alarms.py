"""Rules of the area `logs-and-alarms`."""

import pulumi_aws as aws

from ..change import ABSENT, UNKNOWN, add, put
from ..mutation import NOTHING, Case, Impossible, Row, found, on_aws, state

_OWN = "encrypt-logs"
_LEFT_OUT = (put("log", "kms_key_id", ABSENT),)

ROWS = (
    Row("keep-logs", "log", "log/retention_in_days", 90),
    Row(
        "answer-alarms",
        "alarm",
        "alarm/actions_enabled",
        False,
        absent=NOTHING,
        setup=(put("alarm", "actions_enabled", True),),
    ),
)

STATES = (
    state(_OWN, "known", _LEFT_OUT, found(f"{_OWN}@log")),
    Impossible("no key is wrong, only that there is none", _OWN, "secret"),
    state(_OWN, "unknown", (put("log", "kms_key_id", UNKNOWN),), NOTHING),
    state(_OWN, "absent", _LEFT_OUT, found(f"{_OWN}@log")),
)

CASES = (
    Case("logs for ever", (put("log", "retention_in_days", 0),), found("keep-logs@log")),
    Case("an alarm for nobody", (put("alarm", "alarm_actions", ABSENT),), found("answer-alarms@alarm")),
    Case("an alarm for somebody unknown", (put("alarm", "alarm_actions", UNKNOWN),), NOTHING),
    Case(
        "an alarm of alarms",
        (add("both", aws.cloudwatch.CompositeAlarm, {"alarm_name": "both", "alarm_rule": "ALARM(alarm)"}),),
        found("answer-alarms@both"),
    ),
)

TABLE = on_aws(*ROWS, *STATES, *CASES)
