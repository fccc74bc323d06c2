"""Records what a program registers with the engine, as a file from which `flat` registers the same.

A file has one JSON object for each resource, in an order in which each resource follows those that it depends on.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from pulumi.runtime import rpc, settings
from pulumi.runtime.proto import resource_pb2

NAME = "kotauth-{}-of-many"
"""Name of a deployment by its number. No other text in a resource contains it."""

_STACK = "pulumi:pulumi:Stack"


def record(file: Path) -> None:
    """Append each resource that this program registers from now on to a file."""
    monitor: Any = settings.get_monitor()
    register, lock = monitor.RegisterResource, threading.Lock()

    def recorded(request: resource_pb2.RegisterResourceRequest, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        response = register(request, *arguments, **options)
        if request.type != _STACK:
            with lock, file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(_resource(response.urn, request)) + "\n")
        return response

    monitor.RegisterResource = recorded


def _resource(urn: str, request: resource_pb2.RegisterResourceRequest) -> dict[str, Any]:
    inputs = json_format.MessageToDict(request.object)
    return {
        "urn": urn,
        "type": request.type,
        "name": request.name,
        "custom": request.custom,
        "inputs": inputs,
        "unknown_until": {
            name: list(each.urns)
            for name, each in request.propertyDependencies.items()
            if rpc.UNKNOWN in json.dumps(inputs.get(name))
        },
        "dependencies": list(request.dependencies),
        "options": {
            "version": request.version or None,
            "protect": request.protect,
            "delete_before_replace": request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            "ignore_changes": list(request.ignoreChanges),
            "replace_on_changes": list(request.replaceOnChanges),
            "additional_secret_outputs": list(request.additionalSecretOutputs),
            "retain_on_delete": request.retainOnDelete,
        },
    }
