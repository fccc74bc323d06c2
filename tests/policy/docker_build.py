"""Resources of Pulumi's provider for BuildKit, whose SDK is not installed: what its schema 0.0.15 has of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

INPUTS = {
    "docker-build:index:Image": {"tags": Sequence[str], "push": bool},
    "docker-build:index:Index": {"tag": str, "push": bool, "sources": Sequence[str]},
}
"""Inputs of each type, as far as rules or rows use them."""


class Image(pulumi.CustomResource):
    """An image that is built from a Dockerfile."""

    ref: pulumi.Output[str]
    """One of its tags, with the digest if it was pushed."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        super().__init__("docker-build:index:Image", name, {**inputs, "ref": None}, opts)


class Index(pulumi.CustomResource):
    """A list of images for several platforms."""

    ref: pulumi.Output[str]
    """Its tag, with the digest."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        super().__init__("docker-build:index:Index", name, {**inputs, "ref": None}, opts)
