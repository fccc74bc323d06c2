"""What the SDK does for each registration and no policy hears, and the day of the rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

from policy.kotauth_policy.rules.aws import functions

# Where in a program a resource is made takes a quarter of a registration, and no policy hears it.
_sdk: Any = resource
_sdk._get_stack_trace = source_pb2.StackTrace

# Rows name runtimes whose deprecation is near, so the day doesn't move.
functions.today = lambda: date(2026, 11, 29)
