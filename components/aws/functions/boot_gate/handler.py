"""Waits until a host's own log says that its containers are healthy, and fails where that doesn't happen.

Runs in Lambda. The event names the `log_group`, the `instance` (id) and `limit_seconds`.
"""

# boto3 makes its clients at run time and has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import json
import time
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

POLL_SECONDS = 10


class NotReadyError(Exception):
    """The host didn't become ready in time."""


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the instance once it is ready, or raise ``NotReadyError`` with the last line of its boot."""
    group, instance = str(event["log_group"]), str(event["instance"])
    limit = float(event["limit_seconds"])
    boot = _Boot(boto3.client("logs"), group, f"{instance}/host")
    deadline = time.monotonic() + limit
    while True:
        try:
            if boot.is_ready():
                return {"ready": instance}
            found = f"the last line of its boot: {boot.last}" if boot.last else "it has not logged a line"
        except (BotoCoreError, ClientError) as error:
            # A new role's rights take a while to be known everywhere, and AWS throttles.
            found = f"its log can't be read: {error}"
        if time.monotonic() + POLL_SECONDS > deadline:
            break
        time.sleep(POLL_SECONDS)
    raise NotReadyError(
        f"Host {instance} is not ready after {limit:.0f} s, {found}. "
        "It goes on trying. Mend what the line names, then run `pulumi up` again, which waits for the host anew. "
        f"All lines: stream {instance}/host of log group {group}; where it has none, the console: "
        f"`aws ec2 get-console-output --latest --output text --instance-id {instance}`."
    )


class _Boot:
    """The lines of a host's boot, read from the first one on."""

    def __init__(self, logs: Any, group: str, stream: str) -> None:  # noqa: ANN401 - boto3's clients have no static types
        self._logs = logs
        self._asked: dict[str, Any] = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
        self.last = ""

    def is_ready(self) -> bool:
        """Read on; whether a line so far said `ready`. A stream that isn't there yet has no lines."""
        while True:
            try:
                page = self._logs.get_log_events(**self._asked)
            except self._logs.exceptions.ResourceNotFoundException:
                return False
            for event in page["events"]:
                line = _boot_line(event["message"])
                if line.get("stage") == "ready" and line.get("outcome") == "ok":
                    return True
                self.last = event["message"] if line else self.last
            # CloudWatch says the end of the stream with the token that it was asked with.
            if page["nextForwardToken"] == self._asked.get("nextToken"):
                return False
            self._asked["nextToken"] = page["nextForwardToken"]


def _boot_line(message: str) -> dict[str, Any]:
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) and line.get("kotauth") == "boot" else {}
