"""The matrix registers the same few types a thousand times, and the SDK looks the same things up each time anew."""

from __future__ import annotations

import functools
from datetime import date
from typing import Any

from pulumi import _types
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

from policy.kotauth_policy.rules.aws import functions

# The names of a type's properties don't change, and looking them up takes half of a registration.
_types.input_type_py_to_pulumi_names = functools.cache(_types.input_type_py_to_pulumi_names)

# Where in a program a resource is made takes a quarter of what is left, and no policy hears it.
_sdk: Any = resource
_sdk._get_stack_trace = source_pb2.StackTrace

# Rows name runtimes whose deprecation is near, so the day doesn't move.
functions.today = lambda: date(2026, 11, 29)
