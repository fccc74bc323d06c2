"""`Target`: the settings, the preflight and the deployment of `docker` or `aws`.

Each target describes itself in a module `target` of its own folder, which is imported only when a stack chooses it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi

TARGETS = ("docker", "aws")
"""The targets' names, which are those of their folders."""


class TargetSettings(Protocol):
    """The settings of a target: a dataclass whose fields are declared with `setting`."""

    @classmethod
    def resolve(cls, args: Mapping[str, Any], subject: str) -> Any:  # noqa: ANN401 - an instance of itself
        """Return a deployment's inputs with their defaults; raise ``InvalidInputError`` with all that is wrong."""
        ...


@dataclass(frozen=True)
class Target:
    """Where a stack can run."""

    settings: type[TargetSettings]
    preflight: Callable[[Any, Mapping[str, str]], pulumi.ResourceOptions | None]
    """Asks whether the resolved settings can work there, apart from what carries the stack's label already.

    Returns the options that the deployment needs there, if any.
    """
    deployment: Callable[[str, Any, pulumi.ResourceOptions | None], pulumi.ComponentResource]
    labels: str
    """Input of the deployment for the labels or tags of every resource."""


def load(name: str) -> Target:
    """Import and return the target of that name."""
    target: Target = importlib.import_module(f"...{name}.target", __name__).TARGET
    return target
