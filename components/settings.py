"""The settings of a stack: which target, and what that target decides by. The only reader of `pulumi.Config`.

Names and descriptions are declared in `Pulumi.yaml`; they are declared as strings, so that the engine doesn't stop at
the first mistyped one and every bad value is named here. Deployments resolve their inputs with the same rules, so that
a library user meets the same defaults and errors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from .aws.settings import AwsSettings
from .docker.settings import DockerSettings
from .inputs import Inputs, one_of
from .server_settings import names

STACK_LABEL = "kotauth.stack"
TARGETS = {"docker": DockerSettings, "aws": AwsSettings}


@dataclass(frozen=True)
class Stack:
    """What the configuration of a stack says."""

    label: dict[str, str]
    """The label or tag by which everything of this stack is known."""
    settings: DockerSettings | AwsSettings
    docker_host: str | None
    """Address of the Docker daemon, where it is not this machine's."""


def load(config: pulumi.Config) -> Stack:
    """Read the stack's configuration, or raise ``InvalidInputError`` with all that is wrong."""
    prefix = f"{config.name}:"
    values = _own_values(prefix)
    reader = Inputs(
        values,
        f"the configuration of stack {pulumi.get_stack()}",
        named=_camel,
        prefix=prefix,
        secrets=["secretKey", *(name for name in values if is_config_secret(prefix + name))],
    )
    target = reader.take("target", one_of(*TARGETS), "docker")
    settings = TARGETS[target].read(reader)
    for other, its_settings in TARGETS.items():
        for name in names(its_settings) - names(TARGETS[target]):
            if values.get(_camel(name)):
                reader.problem(name, values[_camel(name)], f"is a setting of target {other}, not of {target}")
    reader.finish(also_known=[name for each in TARGETS.values() for name in names(each)])
    if settings.server.secret_key is not None:
        settings = replace(settings, server=replace(settings.server, secret_key=config.require_secret("secretKey")))
    label = {STACK_LABEL: f"{pulumi.get_project()}/{pulumi.get_stack()}"}
    return Stack(label, settings, pulumi.Config("docker").get("host"))


def _own_values(prefix: str) -> dict[str, object]:
    """Return all values in the program's namespace, unknown names too: a typo must not pass silently."""
    everything = {**get_config_env(), **CONFIG.get()}
    return {key.removeprefix(prefix): value for key, value in everything.items() if key.startswith(prefix)}


def _camel(field: str) -> str:
    head, *humps = field.split("_")
    return head + "".join(map(str.capitalize, humps))
