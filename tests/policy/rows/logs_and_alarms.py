"""Rules of the area `logs-and-alarms`."""

import pulumi_aws as aws

from policy.testing.change import ABSENT, UNKNOWN, Args, Change, From, add, put

from ..mutation import NOTHING, Case, Impossible, Row, found, on_aws, spelled, state

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
    Case("an alarm without a recipient", (put("alarm", "alarm_actions", ABSENT),), found("answer-alarms@alarm")),
    Case("an alarm whose recipient is unknown", (put("alarm", "alarm_actions", UNKNOWN),), NOTHING),
    Case(
        "an alarm of alarms",
        (add("both", aws.cloudwatch.CompositeAlarm, {"alarm_name": "both", "alarm_rule": "ALARM(alarm)"}),),
        found("answer-alarms@both"),
    ),
)

_RED = found("answer-alarms@alarm")
_SILENT = put("alarm", "alarm_actions", ABSENT)


def _part_of(rule: object) -> Change:
    """Return the change that leaves the alarm `errors` without actions, beside a composite alarm with this rule."""
    actions = ["arn:aws:sns:eu-central-1:123456789012:alarms"]
    both = {"alarm_name": "both", "alarm_rule": rule, "alarm_actions": actions}

    def change(resources: dict[str, tuple[object, Args]]) -> None:
        _SILENT(resources)
        put("alarm", "name", "errors")(resources)
        add("both", aws.cloudwatch.CompositeAlarm, both)(resources)

    return change


PARTS = (
    *spelled(
        "answer-alarms",
        "alarm",
        _part_of,
        caught=("ALARM(latency)", "ALARM(errors-of-the-proxy)", 'ALARM("no errors")', "TRUE", "errors"),
        passed=(
            "ALARM(errors)",
            'ALARM("errors") OR ALARM(latency)',
            "NOT OK( errors )",
            "(ALARM(latency) AND ALARM('errors'))",
            "INSUFFICIENT_DATA(errors)",
        ),
    ),
    Case(
        "a part of an alarm, by its name that is known later",
        (_part_of(From("alarm", "name", "ALARM({})".format)),),
        NOTHING,
    ),
    Case(
        "an alarm that a deployment reads",
        (
            _SILENT,
            add(
                "deployment",
                aws.codedeploy.DeploymentGroup,
                {
                    "app_name": "shop",
                    "deployment_group_name": "shop",
                    "service_role_arn": From("role", "arn"),
                    "alarm_configuration": {"alarms": [From("alarm", "name")], "enabled": True},
                },
            ),
        ),
        NOTHING,
    ),
    Case(
        "an alarm that is only tagged on",
        (_SILENT, add("other", aws.sns.Topic, {"tags": {"Alarm": From("alarm", "arn")}})),
        _RED,
    ),
    Case("a switched-off alarm, as a text", (put("alarm", "actions_enabled", "false"),), _RED),
    Case("days as a text", (put("log", "retention_in_days", "400"),), NOTHING),
    Case(
        "lines that are only passed on",
        (put("log", "retention_in_days", ABSENT), put("log", "log_group_class", "DELIVERY")),
        NOTHING,
    ),
    Case(
        "lines that are seldom read",
        (put("log", "retention_in_days", 30), put("log", "log_group_class", "INFREQUENT_ACCESS")),
        found("keep-logs@log"),
    ),
)

TABLE = on_aws(*ROWS, *STATES, *CASES, *PARTS)
