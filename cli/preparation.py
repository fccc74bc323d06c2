"""Prepares a stack for `pulumi up` or a preview: the stack itself, a Docker daemon, and for development the images."""

from __future__ import annotations

from toolchain.machine import docker

from . import development_images
from .stack import Stack


def prepare(stack: Stack) -> None:
    """Create what is missing."""
    stack.ensure()
    if not (stack.is_on_aws or stack.setting("docker:host") or stack.setting("docker:context")):
        docker.ensure_daemon()
    if stack.is_development:
        development_images.choose(stack)
