"""Logs and alarms: kept long enough, under a key, and heard by somebody."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts.aws import ALARMS, LOG_GROUP, is_given
from ..resource import Resource
from ..rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ..verdict import Verdict, fail

AREA = Area("logs-and-alarms")


@AREA.rule(
    "keep-logs",
    Severity.MEDIUM,
    "Keep logs for a year, and say so.",
    remedy="Set `retention_in_days` to 365 or more.",
    types=(LOG_GROUP,),
    references=References(hub=("CloudWatch.16",), checkov=("CKV_AWS_66", "CKV_AWS_338"), checklist=(12,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 365, "The fewest days.", relaxes=True),),
)
def keep_logs(group: Resource, settings: Settings) -> Iterator[Verdict]:
    """An intruder is found after months. Left out, they are kept, and paid for, for ever."""
    days = group.get("retentionInDays").number()
    if not days:
        yield fail("retentionInDays", "is not set")
    elif days < settings.number("minimum"):
        yield fail("retentionInDays", f"is less than {settings.number('minimum'):g}")


@AREA.rule(
    "encrypt-logs",
    Severity.LOW,
    "Encrypt logs under a key of your own.",
    level=Level.ADVISORY,
    remedy="Set `kms_key_id` to the ARN of an `aws.kms.Key` that the service may use.",
    types=(LOG_GROUP,),
    references=References(checkov=("CKV_AWS_158",), checklist=(12,)),
)
def encrypt_logs(group: Resource, _: Settings) -> Iterator[Verdict]:
    """They hold addresses and names of everyone who logged in."""
    if not is_given(group.get("kmsKeyId")):
        yield fail("kmsKeyId", "is not set")


@AREA.rule(
    "answer-alarms",
    Severity.HIGH,
    "Let every alarm reach somebody.",
    remedy="Set `alarm_actions` to the ARN of an `aws.sns.Topic`, and leave `actions_enabled` true.",
    types=ALARMS,
    references=References(hub=("CloudWatch.15", "CloudWatch.17"), checkov=("CKV_AWS_319",), checklist=(12,)),
)
def answer_alarms(alarm: Resource, _: Settings) -> Iterator[Verdict]:
    """A red tile on a dashboard wakes nobody."""
    if alarm.get("actionsEnabled").flag() is False:
        yield fail("actionsEnabled", "is false")
    actions = alarm.get("alarmActions")
    if not actions.is_unknown and not any(map(is_given, actions.items())):
        yield fail("alarmActions", "is empty")
