"""Log groups and alarms: retention, encryption and alarm actions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...engine.resource import Resource, Stack
from ...engine.rule import Area, Kind, Level, Parameter, References, Settings, Severity
from ...engine.value import is_given, seen
from ...engine.verdict import Verdict, fail
from ...readers.aws.resources import ALARM_READERS, ALARMS, COMPOSITE_ALARM, LOG_GROUP, METRIC_ALARM

AREA = Area("logs-and-alarms")
_READING = ("alarmRule", "alarmConfiguration", "alarms", "deploymentConfiguration", "instanceRefresh")
"""Properties of a composite alarm, a deployment group, a service of ECS and a group of hosts that act on an alarm."""
# In a rule such as ALARM("errors") AND NOT OK(arn:aws:cloudwatch:…:alarm:latency).
_ALARM_NAME = re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\s{0,9}\(\s{0,9}[\"']?([^\"')]{1,400})")


@AREA.rule(
    "keep-logs",
    Severity.MEDIUM,
    "Keep logs for at least a year, and set the retention explicitly.",
    remedy="Set `retention_in_days` to 365 or more.",
    types=(LOG_GROUP,),
    references=References(hub=("CloudWatch.16",), checkov=("CKV_AWS_66", "CKV_AWS_338"), checklist=(12,)),
    parameters=(Parameter("minimum", Kind.NUMBER, 365, "The shortest retention, in days.", relaxes=True),),
)
def keep_logs(group: Resource, settings: Settings) -> Iterator[Verdict]:
    """An intruder is often found only after months; by default, logs are kept, and paid for, for ever.

    AWS deletes the lines of a group of the class DELIVERY after days, because such a group only forwards lines.
    """
    if group.get("logGroupClass").known_text() == "DELIVERY":
        return
    days = group.get("retentionInDays").number()
    if days is None:
        yield fail("retentionInDays", "is not set")
    elif not days:
        yield fail("retentionInDays", "is 0, which keeps logs forever")
    elif days < settings.number("minimum"):
        yield fail(
            "retentionInDays", seen(group.get("retentionInDays"), f"less than {settings.number('minimum'):g} days")
        )


@AREA.rule(
    "encrypt-logs",
    Severity.LOW,
    "Encrypt every log group with a customer-managed key.",
    level=Level.ADVISORY,
    remedy="Set `kms_key_id` to the ARN of an `aws.kms.Key` that CloudWatch Logs may use.",
    types=(LOG_GROUP,),
    references=References(checkov=("CKV_AWS_158",), checklist=(12,)),
)
def encrypt_logs(group: Resource, _: Settings) -> Iterator[Verdict]:
    """Logs contain addresses and names of all users who log in."""
    if not is_given(group.get("kmsKeyId")):
        yield fail("kmsKeyId", "is not set")


@AREA.rule(
    "answer-alarms",
    Severity.HIGH,
    "Configure an action for every alarm.",
    remedy="Set `alarm_actions` to the ARN of an `aws.sns.Topic`, and remove `actions_enabled`.",
    types=ALARMS,
    references=References(hub=("CloudWatch.15", "CloudWatch.17"), checkov=("CKV_AWS_319",), checklist=(12,)),
)
def answer_alarms(alarm: Resource, _: Settings) -> Iterator[Verdict]:
    """An alarm without actions shows only on a dashboard, unless a composite alarm or a deployment reads it."""
    if alarm.get("actionsEnabled").flag() is False:
        yield fail("actionsEnabled", "is false")
    actions = alarm.get("alarmActions")
    if not actions.is_unknown and not any(map(is_given, actions.items())) and not _is_read(alarm):
        yield fail("alarmActions", "is empty")


def _is_read(alarm: Resource) -> bool:
    """Whether a composite alarm or a deployment of the stack acts on an alarm."""
    stack = alarm.in_stack()
    readers = stack.consumers(alarm, COMPOSITE_ALARM, *ALARM_READERS)
    return any(name in _READING for _, name in readers) or any(
        alarm.urn == each.urn for name in stack.once(_named_in_rules) for each in _called(stack, name)
    )


def _named_in_rules(stack: Stack) -> frozenset[str]:
    """Return each name or ARN that the rule of a composite alarm writes out."""
    rules = (each.get("alarmRule") for each in stack.of_type(COMPOSITE_ALARM))
    texts = (rule.raw for rule in rules if isinstance(rule.raw, str))
    return frozenset(name.strip() for text in texts for name in _ALARM_NAME.findall(text))


def _called(stack: Stack, name: str) -> Iterator[Resource]:
    yield from stack.called(name)
    yield from filter(None, (stack.named(METRIC_ALARM).get(name), stack.named(COMPOSITE_ALARM, "alarmName").get(name)))
