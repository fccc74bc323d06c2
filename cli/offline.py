"""OFFLINE=1: previews a stack on AWS against a simulator on this machine."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

from . import pulumi_command
from .stack import Stack, is_offline


@contextlib.contextmanager
def aws_simulated_if_asked(stack: Stack) -> Generator[None]:
    """With OFFLINE=1, run the AWS simulator meanwhile, and look at a state of its own: an empty account."""
    if not is_offline():
        yield
        return
    if not stack.is_on_aws:
        sys.exit(f"error: OFFLINE=1 is only for stacks on AWS, and kotauth:target of {stack.name} is not aws")
    from simulators.aws import aws_simulator  # noqa: PLC0415 - only where it is asked for

    print(
        "OFFLINE: a simulator answers for AWS. Its account is empty, so all resources are shown as new.",
        flush=True,
    )
    region = stack.setting("aws:region")
    with tempfile.TemporaryDirectory() as state, aws_simulator(region=region, program=pulumi_command.ROOT) as aws:
        if zone := stack.setting("zoneId"):
            aws.hosted_zone(stack.setting("baseUrl").removeprefix("https://"), zone)
        backend = {"PULUMI_BACKEND_URL": Path(state).as_uri(), "PULUMI_CONFIG_PASSPHRASE": "offline"}
        with pulumi_command.variables_added({**aws.variables, **backend}):
            yield


def refuse(reason: str) -> None:
    """End this process where OFFLINE=1 is set for a job that can't do without AWS."""
    if is_offline():
        sys.exit(f"error: OFFLINE=1 is only for previews: {reason}")
