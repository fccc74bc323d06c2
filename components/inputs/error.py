"""The error that refuses inputs."""

from __future__ import annotations

import pulumi


class InvalidInputError(pulumi.RunError):
    """One or more values break a rule; the message names each key, its value and the rule."""
