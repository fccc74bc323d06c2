"""The settings of a stack: which target, and what that target decides by. The only reader of `kotauth`'s configuration.

Names and descriptions are declared in `Pulumi.yaml`; they are declared as strings, so that the engine doesn't stop at
the first mistyped one and every bad value is named here. Deployments resolve their inputs with the same rules, so that
a library user meets the same defaults and errors; so they get the values as they were written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from .aws import preflight as aws
from .aws.deployment import AwsDeployment
from .aws.settings import AwsSettings
from .docker import preflight as docker
from .docker.deployment import DockerDeployment
from .docker.settings import DockerSettings
from .inputs import Inputs, one_of
from .server_settings import names

STACK_LABEL = "kotauth.stack"


@dataclass(frozen=True)
class Target:
    """Where a stack can run."""

    settings: type[DockerSettings | AwsSettings]
    preflight: Callable[[Any, Mapping[str, str]], None]
    """Asks whether the resolved settings can work there, apart from what carries the stack's label already."""
    deployment: Callable[[str, Any], pulumi.ComponentResource]
    labels: str
    """Input of the deployment with what everything is labelled by."""


TARGETS = {
    "docker": Target(DockerSettings, docker.check, DockerDeployment, "labels"),
    "aws": Target(AwsSettings, aws.check, AwsDeployment, "tags"),
}


@dataclass(frozen=True)
class Stack:
    """What the configuration of a stack says."""

    target: Target
    settings: DockerSettings | AwsSettings
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
    target = TARGETS[chosen]
    settings, its_names = target.settings.read(reader), names(target.settings)
    for other, its in TARGETS.items():
        for name in names(its.settings) - its_names:
            if values.get(camel_case(name)):
                reader.problem(name, values[camel_case(name)], f"is a setting of target {other}, not of {chosen}")
    reader.finish(also_known=[name for each in TARGETS.values() for name in names(each.settings)])
    label = {STACK_LABEL: f"{pulumi.get_project()}/{pulumi.get_stack()}"}
    inputs = {name: value for name in its_names if (value := values.get(camel_case(name)))}
    if "secret_key" in inputs:
        inputs["secret_key"] = config.require_secret("secretKey")
    return Stack(target, settings, {**inputs, target.labels: label}, label)


def camel_case(name: str) -> str:
    """Return a name of Python's as settings and outputs of a stack have it."""
    head, *humps = name.split("_")
    return head + "".join(map(str.capitalize, humps))


def _own_values(prefix: str) -> dict[str, object]:
    """Return all values in the program's namespace, unknown names too: a typo must not pass silently."""
    everything = {**get_config_env(), **CONFIG.get()}
    return {key.removeprefix(prefix): value for key, value in everything.items() if key.startswith(prefix)}
