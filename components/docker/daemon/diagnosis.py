"""Says why a container did not start: the provider only knows that it didn't become healthy in time."""

from __future__ import annotations

import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi import runtime

from . import client as daemon

_TAIL_LINES = 20
# What psql prints below the line that says what is wrong.
_REMARK = re.compile(r"(CONTEXT|DETAIL|HINT|LINE \d+|QUERY): |PL/pgSQL function |password retrieved from file |\s*\^$")
_numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
"""Uses of each name of a hook. Containers below different parents can have the same name, hooks can't."""


def explain_failure(name: str) -> pulumi.ResourceOptions:
    """Return the options that print the last line of a container whose creation failed.

    Under Pulumi's mocks, which take no hooks, there are none.
    """
    monitor = runtime.settings.get_monitor()
    if isinstance(monitor, runtime.mocks.MockMonitor) and not hasattr(monitor, "register_error_hook"):
        return pulumi.ResourceOptions()
    hook_name = f"explain-{name}"
    number = next(_numbers[hook_name])
    # No container has a name with a space.
    hook_name = hook_name if number == 1 else f"{hook_name} {number}"
    hook = pulumi.ErrorHook(hook_name, functools.partial(_explain, name))
    return pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(on_error=[hook]))


def _explain(name: str, args: pulumi.ErrorHookArgs) -> bool:
    if args.failed_operation == "create":
        inputs: Mapping[str, Any] = args.new_inputs or {}
        container = str(inputs.get("name", name))
        if line := _last_line(container):
            pulumi.log.error(f"{name}: {line}")
    return False  # trying the same again would give the same


def _last_line(container: str) -> str:
    """Return the last line that the container printed, or where to look for it; empty if it was never made."""
    try:
        with daemon.connect() as docker:
            log = docker.log(container, _TAIL_LINES)
    except daemon.DaemonError as error:
        return f"did not start (its log can't be read: {error})"
    if log is None:
        return ""
    lines = [line for line in log.decode(errors="replace").splitlines() if line.strip() and not _REMARK.match(line)]
    return lines[-1].strip() if lines else f"did not start and printed nothing; see docker inspect {container}"
