"""Events of AWS services that have no metric, sent to the topic of the alarms.

EventBridge takes the events that a rule matches and tells the topic in one line. Neither the topic's policy nor its
key's has a condition for EventBridge: AWS's guide rules conditions out there ("Using resource-based policies for Amazon
EventBridge", Amazon EventBridge user guide).
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
    """What it tells whoever gets the mail."""
    subject: str
    """What it is about, as in the alarms."""
    source: str
    detail_type: str
    field: str
    """Where the event's detail names its subject."""
    detail: Mapping[str, Sequence[str]]
    """What the detail must say besides: one of these, by its field."""
    text: str
    """The mail, with members of the detail in angle brackets."""
    members: Sequence[str]


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


def tell(  # noqa: PLR0913 - what happens, to what, and who is told
    name: str,
    event: Event,
    subject: pulumi.Input[str],
    topic_arn: pulumi.Input[str],
    *,
    tags: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> None:
    """Tell the topic of each event of this kind about the subject."""
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
