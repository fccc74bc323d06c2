"""Deferred values: values unknown when the user data is written. The host reads them from a parameter at each boot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from .description import Host, environments, is_deferred


def deferred_values(host: Host) -> dict[str, Any]:
    """Return the content of the boot parameter, a JSON object with Outputs as leaves. None of them is a secret."""
    environment: dict[str, dict[str, pulumi.Input[str]]] = {}
    config: dict[str, dict[str, pulumi.Input[str]]] = {}
    for spec in host.containers:
        for name, variables in environments(spec).items():
            _add(environment, name, variables)
        _add(config, spec["part"], spec.get("config_files", {}))
    secrets = {part: {file: secret.arn for file, secret in files.items()} for part, files in host.secrets.items()}
    values: dict[str, Any] = {"environment": environment, "config": config, "secrets": secrets}
    return {**values, "volume_id": host.volume.id} if host.volume else values


def deferred_names(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the names of variables and files of a boot parameter, by container."""
    environment, config = values["environment"], values["config"]
    return {name: sorted({**environment.get(name, {}), **config.get(name, {})}) for name in {**environment, **config}}


def _add(group: dict[str, dict[str, pulumi.Input[str]]], name: str, values: Mapping[str, pulumi.Input[str]]) -> None:
    deferred = {key: value for key, value in sorted(values.items()) if is_deferred(value)}
    if deferred:
        group[name] = deferred
