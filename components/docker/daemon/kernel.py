"""Checks which limits the kernel of the Docker host supports, and adjusts the containers to it.

Where a kernel lacks a control group's controller, the daemon drops the limit and reports another value than the one
that was asked for. The provider compares, sees a change at each `up`, and every container would be replaced each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

_CONTAINER = "docker:index/container:Container"
_UNLIMITED = -1
"""What the daemon makes of every limit on swap where it can't set one."""


def problems(info: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the daemon's information says is missing for limits that a stack can't do without."""
    for key, what in (("MemoryLimit", "memory"), ("CpuCfsQuota", "processors")):
        if info.get(key) is False:
            yield (
                f"the kernel of the Docker host can't limit the {what} of a container (docker info: {key} is false); "
                "every container needs that limit: enable the control group's controller (for memory boot with "
                "cgroup_enable=memory; a rootless daemon needs control groups of version 2, delegated by systemd)"
            )


def adjustments(info: Mapping[str, Any]) -> pulumi.ResourceOptions | None:
    """Return the options with which containers ask for what the daemon reports back, ``None`` where nothing differs."""
    if info.get("SwapLimit") is not False:
        return None
    pulumi.log.warn(
        "the kernel of the Docker host can't limit swap (docker info: SwapLimit is false): limits on memory hold, but "
        "containers may swap. Boot it with swapaccount=1; the next `up` then replaces every container once."
    )
    return pulumi.ResourceOptions(transformations=[_without_swap_limit])


def _without_swap_limit(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    if args.type_ != _CONTAINER or not args.props.get("memory_swap"):
        return None
    return pulumi.ResourceTransformationResult({**args.props, "memory_swap": _UNLIMITED}, args.opts)
