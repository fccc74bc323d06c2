"""The program without components: registers recorded resources, so many copies of them, with the classes of the SDKs.

It is cheaper than a program written by hand: all known values are constants, and it checks and renders nothing.
"""

# The SDK has no other names for what is on the wire.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import functools
import importlib
import inspect
import json
import keyword
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.runtime import rpc

from .recording import NAME


def register(file: Path, copies: int, has_components: bool) -> None:
    """Register the resources of a file that `recording` wrote for deployment 0, once for each deployment.

    Args:
        file: The recorded resources.
        copies: Number of deployments.
        has_components: Whether to register the components, too, without children.
    """
    text = file.read_text(encoding="utf-8")
    for number in range(copies):
        made: dict[str, pulumi.CustomResource] = {}
        for line in text.replace(NAME.format(0), NAME.format(number)).splitlines():
            recorded = json.loads(line)
            if recorded["custom"]:
                made[recorded["urn"]] = _resource(recorded, made)
            elif has_components:
                inputs, _ = _inputs(recorded, made)
                pulumi.ComponentResource(recorded["type"], recorded["name"], inputs).register_outputs({})


@functools.cache
def _class(token: str) -> tuple[type[pulumi.CustomResource], Mapping[str, str]]:
    """Return the SDK's class of a resource type, and the Python names of its inputs by their names in the schema."""
    package, path, name = token.split(":")
    folder = path.partition("/")[0]
    module = f"{folder}_" if keyword.iskeyword(folder) else folder
    sdk = importlib.import_module(f"pulumi_{package}" if folder == "index" else f"pulumi_{package}.{module}")
    resource = getattr(sdk, name)
    names = inspect.signature(resource._internal_init).parameters
    return resource, {python.replace("_", "").lower(): python for python in names}


def _resource(recorded: Mapping[str, Any], made: Mapping[str, pulumi.CustomResource]) -> pulumi.CustomResource:
    resource, names = _class(recorded["type"])
    inputs, of_inputs = _inputs(recorded, made)
    others = [made[urn] for urn in recorded["dependencies"] if urn in made and urn not in of_inputs]
    options = pulumi.ResourceOptions(depends_on=others, **recorded["options"])
    return resource(recorded["name"], **{names[name.lower()]: value for name, value in inputs.items()}, opts=options)


def _inputs(recorded: Mapping[str, Any], made: Mapping[str, pulumi.CustomResource]) -> tuple[dict[str, Any], set[str]]:
    """Return the inputs, and the URNs of the resources whose outputs are in them."""
    inputs: dict[str, Any] = {}
    of_inputs: set[str] = set()
    for name, value in recorded["inputs"].items():
        urns = [urn for urn in recorded["unknown_until"].get(name, ()) if urn in made]
        of_inputs.update(urns)
        inputs[name] = _value(value, [made[urn] for urn in urns])
    return inputs, of_inputs


def _value(value: Any, sources: list[pulumi.CustomResource]) -> Any:  # noqa: ANN401 - anything that is an input
    """Return the input for a value as it is on the wire."""
    if value == rpc.UNKNOWN:
        # An id is unknown at the preview of a new resource.
        return pulumi.Output.all(*(source.id for source in sources)).apply(str)
    if isinstance(value, list):
        return [_value(each, sources) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = {name: _value(each, sources) for name, each in cast("dict[str, Any]", value).items()}
    signature = fields.pop(rpc._special_sig_key, None)
    if signature == rpc._special_secret_sig:
        return pulumi.Output.secret(fields["value"])
    return _asset(signature, fields) if signature else fields


def _asset(signature: str, fields: Mapping[str, Any]) -> pulumi.Asset | pulumi.Archive:
    if signature == rpc._special_archive_sig:
        return pulumi.FileArchive(fields["path"]) if fields.get("path") else pulumi.AssetArchive(fields["assets"])
    if signature == rpc._special_asset_sig:
        return pulumi.FileAsset(fields["path"]) if fields.get("path") else pulumi.StringAsset(fields["text"])
    raise ValueError(f"a flat program has no value of the kind {signature}")
