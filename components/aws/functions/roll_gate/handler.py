"""Waits until every instance of a group is healthy in its target group, and fails where that doesn't happen.

Runs in Lambda. The event names the `group`, the `target_group` (ARN) and `limit_seconds`.
"""

# boto3 makes its clients at run time and has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import time
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

POLL_SECONDS = 10


class NotHealthyError(Exception):
    """The group's instances didn't become healthy in time."""


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return how many instances are healthy, or raise ``NotHealthyError`` with the state of each."""
    group, target_group = str(event["group"]), str(event["target_group"])
    limit = float(event["limit_seconds"])
    autoscaling, balancing = boto3.client("autoscaling"), boto3.client("elbv2")
    deadline = time.monotonic() + limit
    while True:
        try:
            healthy, wanted, states = _look(autoscaling, balancing, group, target_group)
            if healthy and healthy == len(states) and healthy >= wanted:
                return {"healthy": healthy}
            found = f"{healthy} of {max(wanted, len(states))} instances are healthy: " + ("; ".join(states) or "none")
        except (BotoCoreError, ClientError) as error:
            # A new role's rights take a while to be known everywhere, and AWS throttles.
            found = f"the state can't be read: {error}"
        if time.monotonic() + POLL_SECONDS > deadline:
            break
        time.sleep(POLL_SECONDS)
    raise NotHealthyError(
        f"Group {group} is not healthy after {limit:.0f} s, {found}. "
        "The servers that ran before go on serving. A failed newer version may have migrated the database: "
        "look at table flyway_schema_history and at the server's log before going back to the older version."
    )


def _look(autoscaling: Any, balancing: Any, group: str, target_group: str) -> tuple[int, int, list[str]]:  # noqa: ANN401 - boto3's clients have no static types
    """Return the number of healthy instances, the number that the group wants, and each one's state in words."""
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    if not groups:
        return 0, 1, []
    targets = balancing.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    health = {target["Target"]["Id"]: target["TargetHealth"] for target in targets}
    healthy, states = 0, list[str]()
    for instance in groups[0]["Instances"]:
        name, lifecycle, own = instance["InstanceId"], instance["LifecycleState"], instance["HealthStatus"]
        target = health.get(name, {"State": "not registered"})
        healthy += lifecycle == "InService" and target["State"] == "healthy"
        reason = " ".join(target[key] for key in ("Reason", "Description") if key in target)
        states.append(f"{name} is {lifecycle} and {own}, its target {target['State']}{reason and f' ({reason})'}")
    return healthy, max(1, groups[0]["DesiredCapacity"]), states
