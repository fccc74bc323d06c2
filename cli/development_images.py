"""Selects the images of the development stack: the official ones, or local builds where no registry can be reached."""

from __future__ import annotations

import sys

from . import pulumi_command
from .stack import Stack

_BUILT_HERE = "localhost/"


def choose(stack: Stack) -> None:
    """Set the images of the development stack that are available here. An image that the user has set stays."""
    from simulators import images  # noqa: PLC0415 - building needs much that other stacks don't

    chosen = images.choose(stack.setting("frontend"), backups=stack.setting("backups").lower() == "true")
    proxy = stack.setting("frontendImage")
    if proxy != chosen.get("frontendImage") and images.is_built_proxy(proxy):
        # It was set here, for the proxy that the stack had before.
        pulumi_command.run_or_exit("config", "rm", "frontendImage", "--stack", stack.name)
    for setting, image in chosen.items():
        if not stack.setting(setting) and image.startswith(_BUILT_HERE):
            pulumi_command.run_or_exit("config", "set", setting, image, "--stack", stack.name)
    if chosen["image"].startswith(_BUILT_HERE):
        print(
            "NOTE: no image registry can be reached. This stack runs a simulator of Kotauth's interface, not Kotauth "
            "itself. PostgreSQL and the frontend are real, built from packages.",
            file=sys.stderr,
        )
