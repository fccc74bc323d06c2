"""The settings of a stack: its target, and the settings of that target. Only this module reads them.

`Pulumi.yaml` declares all settings as strings. So the engine does not stop at the first value of a wrong type, and this
module names every bad value. A deployment gets the values as they were written, and resolves them by the same rules. So
a program that uses the library has the same defaults and errors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from ..inputs.choice import one_of
from ..inputs.declaration import Value, declared_values, secret_names
from ..inputs.parsing import parse, parse_one
from ..inputs.problems import Problems
from . import target as targets
from .declaration import setting
from .target import TARGETS, Target

STACK_LABEL = "kotauth.stack"


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """Settings that are read before the target is known."""

    target: str = setting(
        one_of(*TARGETS),
        default="docker",
        about="Where the stack runs: docker (this machine, or the Docker host in docker:host) or aws (the region in "
        "aws:region).",
    )


@dataclass(frozen=True)
class Stack:
    """The configuration of a stack."""

    target: Target
    settings: Any
    """The settings of that target."""
    inputs: dict[str, Any]
    """The values that the settings were read from, as the inputs of the target's deployment."""
    label: dict[str, str]
    """Label or tag of every resource of the stack."""


def load(config: pulumi.Config) -> Stack:
    """Read the stack's configuration, or raise ``InvalidInputError`` with all that is wrong."""
    prefix = f"{config.name}:"
    values = _own_values(prefix)
    problems = Problems(
        f"the configuration of stack {pulumi.get_stack()}",
        named=camel_case,
        prefix=prefix,
    )
    encrypted = {key for key in values if is_config_secret(prefix + key)}
    problems.hide(encrypted)
    chosen: str = parse_one(StackSettings, "target", values, problems)
    target = targets.load(chosen)
    declared = declared_values(target.settings)
    own_names = declared.keys()
    _refuse_plain_secrets(problems, declared, {key: values[key] for key in values.keys() - encrypted})
    all_names = own_names | _refuse_other_targets(problems, values, chosen, {"target", *own_names})
    settings = parse(target.settings, values, problems, also_known=["target", *all_names])
    label = {STACK_LABEL: f"{pulumi.get_project()}/{pulumi.get_stack()}"}
    inputs = {name: value for name in own_names if (value := values.get(camel_case(name)))}
    for name in secret_names(target.settings):
        if camel_case(name) in encrypted:
            inputs[name] = config.require_secret(camel_case(name))
    return Stack(target, settings, {**inputs, target.labels: label}, label)


def _refuse_plain_secrets(problems: Problems, declared: Mapping[str, Value], plain: Mapping[str, object]) -> None:
    """Note each secret that the stack's file holds in clear."""
    for name, entry in declared.items():
        key = camel_case(name)
        if entry.is_secret and key in plain:
            problems.hide([key])
            if not entry.documented.may_be_plain(plain[key]):
                command = f"pulumi config set --secret {key} --stack {pulumi.get_stack()}"
                rule = f"must not be in plain text: run `{command}`, which reads the terminal or a file (`< FILE`)"
                problems.add(key, plain[key], rule)


def _refuse_other_targets(
    problems: Problems, values: dict[str, object], chosen: str, own_names: Collection[str]
) -> set[str]:
    """Note each value that is a setting of another target; return the names of those settings.

    The other targets are imported only where a value is not one of the chosen target's.
    """
    foreign: set[str] = set()
    if values.keys() <= set(map(camel_case, own_names)):
        return foreign
    for other in TARGETS:
        for name in sorted(declared_values(targets.load(other).settings).keys() - set(own_names)):
            foreign.add(name)
            if camel_case(name) in values:
                rule = f"is a setting of target {other}, not of {chosen}"
                problems.add(camel_case(name), values[camel_case(name)], rule)
    return foreign


def camel_case(name: str) -> str:
    """Return the name of a setting or output of a stack for its name in Python: `baseUrl` for `base_url`."""
    head, *humps = name.split("_")
    return head + "".join(map(str.capitalize, humps))


def _own_values(prefix: str) -> dict[str, object]:
    """Return what is set in the program's namespace, unknown names too: a typo must not pass silently.

    An empty value is the same as none: `Pulumi.yaml` declares the settings of every target with one.
    """
    everything = {**get_config_env(), **CONFIG.get()}
    return {key.removeprefix(prefix): value for key, value in everything.items() if key.startswith(prefix) and value}
