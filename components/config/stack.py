"""The settings of a stack: which target, and what that target decides by. The only reader of `kotauth`'s configuration.

Names and descriptions are declared in `Pulumi.yaml`; they are declared as strings, so that the engine doesn't stop at
the first mistyped one and every bad value is named here. Deployments resolve their inputs with the same rules, so that
a library user meets the same defaults and errors; so they get the values as they were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from ..inputs.reader import Inputs, one_of
from . import target as targets
from .server import names
from .target import TARGETS, Target

STACK_LABEL = "kotauth.stack"


@dataclass(frozen=True)
class Stack:
    """What the configuration of a stack says."""

    target: Target
    settings: Any
    """The settings of that target."""
    inputs: dict[str, Any]
    """What the settings were read from, as the target's deployment takes it."""
    label: dict[str, str]
    """The label or tag by which everything of this stack is known."""


def load(config: pulumi.Config) -> Stack:
    """Read the stack's configuration, or raise ``InvalidInputError`` with all that is wrong."""
    prefix = f"{config.name}:"
    values = _own_values(prefix)
    reader = Inputs(
        values,
        f"the configuration of stack {pulumi.get_stack()}",
        named=camel_case,
        prefix=prefix,
        secrets=["secretKey", *(name for name in values if is_config_secret(prefix + name))],
    )
    chosen = reader.take("target", one_of(*TARGETS), "docker")
    target = targets.load(chosen)
    settings, own_names = target.settings.read(reader), names(target.settings)
    reader.finish(also_known=_refuse_other_targets(reader, values, chosen, own_names))
    label = {STACK_LABEL: f"{pulumi.get_project()}/{pulumi.get_stack()}"}
    inputs = {name: value for name in own_names if (value := values.get(camel_case(name)))}
    if "secret_key" in inputs:
        inputs["secret_key"] = config.require_secret("secretKey")
    return Stack(target, settings, {**inputs, target.labels: label}, label)


def _refuse_other_targets(reader: Inputs, values: dict[str, object], chosen: str, own_names: set[str]) -> set[str]:
    """Note each value that is a setting of another target; return the names of all settings.

    The other targets are imported only where a value is not one of the chosen target's.
    """
    if values.keys() <= {"target", *map(camel_case, own_names)}:
        return own_names
    all_names = set(own_names)
    for other in TARGETS:
        foreign = names(targets.load(other).settings) - own_names
        for name in sorted(foreign):
            if camel_case(name) in values:
                reader.problem(name, values[camel_case(name)], f"is a setting of target {other}, not of {chosen}")
        all_names |= foreign
    return all_names


def camel_case(name: str) -> str:
    """Return a name of Python's as settings and outputs of a stack have it."""
    head, *humps = name.split("_")
    return head + "".join(map(str.capitalize, humps))


def _own_values(prefix: str) -> dict[str, object]:
    """Return what is set in the program's namespace, unknown names too: a typo must not pass silently.

    An empty value is the same as none: `Pulumi.yaml` declares the settings of every target with one.
    """
    everything = {**get_config_env(), **CONFIG.get()}
    return {key.removeprefix(prefix): value for key, value in everything.items() if key.startswith(prefix) and value}
