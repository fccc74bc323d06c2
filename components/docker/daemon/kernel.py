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
"""Limit on swap that the daemon reports for every container where the kernel can't limit swap."""


_REQUIRED_LIMITS = (
    ("MemoryLimit", "memory", "Boot the host with the kernel parameter cgroup_enable=memory."),
    ("CpuCfsQuota", "processors", "Boot a kernel that is built with CONFIG_CFS_BANDWIDTH."),
)
"""Key of `docker info`, what the limit is for, and how to enable it."""


def problems(info: Mapping[str, Any]) -> Iterator[str]:
    """Yield a message for each limit that a stack needs and that the daemon's information reports as missing."""
    for key, what, remedy in _REQUIRED_LIMITS:
        if info.get(key) is False:
            yield (
                f"the kernel of the Docker host can't limit the {what} of a container (docker info: {key} is false), "
                f"and every container of a stack needs this limit. {remedy} For a rootless daemon, use control groups "
                "version 2 and let systemd delegate their controllers to the user."
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
