"""Events of AWS services that have no metric, sent to the topic of the alarms.

A rule of EventBridge sends each matching event to the topic as one line of text. The policies of the topic and of its
key have no condition for EventBridge, because it does not support conditions there ("Using resource-based policies for
Amazon EventBridge", Amazon EventBridge user guide).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class Event:
    """One kind of event; a mail for each."""

    key: str
    says: str
    """Description of the rule: what happened."""
    subject: str
    """Resource that the event is about, by the same names as in the alarms."""
    source: str
    detail_type: str
    field: str
    """Field of the event's detail that contains the subject."""
    detail: Mapping[str, Sequence[str]]
    """Other fields of the detail, with the values that match."""
    text: str
    """Text of the mail, with fields of the detail in angle brackets."""
    members: Sequence[str]
    """Fields of the detail that the text contains."""


EVENTS = (
    Event(
        key="failed_launches",
        says="The group could not launch a host; it tries again.",
        subject="group",
        source="aws.autoscaling",
        detail_type="EC2 Instance Launch Unsuccessful",
        field="AutoScalingGroupName",
        detail={},
        text="<AutoScalingGroupName> could not launch a host: <StatusMessage>",
        members=("AutoScalingGroupName", "StatusMessage"),
    ),
    Event(
        key="database_events",
        says="RDS reports a failure, a failover or a full disk of the database.",
        subject="database",
        source="aws.rds",
        detail_type="RDS DB Instance Event",
        field="SourceIdentifier",
        # Not "availability" and "maintenance": each Sunday's window would be a mail.
        detail={"EventCategories": ("failure", "failover", "low storage", "recovery")},
        text="Database <SourceIdentifier>: <Message>",
        members=("SourceIdentifier", "Message"),
    ),
)


def send_to_topic(  # noqa: PLR0913 - the event, its subject, and the topic that gets it
    name: str,
    event: Event,
    subject: pulumi.Input[str],
    topic_arn: pulumi.Input[str],
    *,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> None:
    """Create a rule that sends each event of this kind about the subject to the topic."""
    name = f"{name}-{event.key.replace('_', '-')}"
    rule = aws.cloudwatch.EventRule(
        name,
        description=event.says,
        event_pattern=pulumi.Output.json_dumps(
            {
                "source": [event.source],
                "detail-type": [event.detail_type],
                "detail": {event.field: [subject], **{field: list(any_of) for field, any_of in event.detail.items()}},
            }
        ),
        tags=tags,
        opts=opts,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-topic",
        rule=rule.name,
        target_id="topic",
        arn=topic_arn,
        input_transformer={
            "input_paths": {member: f"$.detail.{member}" for member in event.members},
            "input_template": f'"{event.text}"',
        },
        opts=opts,
    )
