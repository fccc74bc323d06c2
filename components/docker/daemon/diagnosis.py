"""Says why a container did not start: the provider only knows that it didn't become healthy in time."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

import pulumi

from . import client as daemon

_TAIL_LINES = 20
# What psql prints below the line that says what is wrong.
_REMARK = re.compile(r"(CONTEXT|DETAIL|HINT|LINE \d+|QUERY): |PL/pgSQL function |password retrieved from file |\s*\^$")


def explain_failure(name: str) -> pulumi.ResourceOptions:
    """Return the options that print the last line of a container whose creation failed."""
    hook = pulumi.ErrorHook(f"explain-{name}", functools.partial(_explain, name))
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
