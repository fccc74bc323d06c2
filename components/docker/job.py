"""A one-shot job on the host. Its failure fails the `up`, and the next `up` runs it again.

The provider counts any exit of a container as success, but it can wait for health. So a job that succeeds writes a
marker, which the health check looks for, and the container stays until the provider has seen it. After a job that
fails, the `up` waits for `timeout_seconds` and fails. The engine replaces such a container at the next `up`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_docker as docker

from .hardened import Runtime, hardened_container, healthcheck, trigger_label

_MARKER = "/run/job/done"
# The provider looks once a second; a busy machine may be late.
_SEEN_SECONDS = 20
_WRAPPER = f'if "$@"; then : >{_MARKER}; sleep {_SEEN_SECONDS}; else exit $?; fi'


def run_job(  # noqa: PLR0913 - what a job differs in
    name: str,
    runtime: Runtime,
    opts: pulumi.ResourceOptions,
    *,
    triggers: Sequence[pulumi.Input[Any]] = (),
    timeout_seconds: int = 30,
    beside: pulumi.Input[str] | None = None,
) -> docker.Container:
    """Run ``runtime.command`` once, and again whenever it or one of the ``triggers`` changes.

    It sees the processes of the container whose id is ``beside``.

    The command runs under `sh`, which the image must have. Its last line is the error that the user reads.
    """
    job = replace(
        runtime,
        part="job",
        entrypoint=["sh", "-c", _WRAPPER, name],
        tmpfs=[*runtime.tmpfs, _MARKER.rpartition("/")[0]],
        labels={**runtime.labels, **trigger_label(*triggers)},
    )
    return hardened_container(
        name,
        job,
        opts,
        healthcheck=healthcheck(["test", "-e", _MARKER], interval=1, timeout=5, retries=600, start_period=0),
        wait=True,
        wait_timeout=timeout_seconds,
        must_run=False,
        restart="no",
        pid_mode=None if beside is None else pulumi.Output.concat("container:", beside),
    )
