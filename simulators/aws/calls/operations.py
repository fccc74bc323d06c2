"""Performs the engine's operations on a resource with the API calls in the table of its type."""

from __future__ import annotations

from typing import Any

import jmespath
from botocore.exceptions import ClientError

from ..schema import sdk
from . import shapes, tags
from .kind import Call, is_gone


def make(call: Call) -> None:
    """Create the resource; `call.id` is set as soon as it exists."""
    kind = call.kind
    if callable(kind.create):
        call.id = kind.create(call)
    else:
        plain = {name: value for name, value in call.inputs.items() if name not in kind.step_inputs}
        tagging = tags.on_creation(call, kind.create, plain.pop("tags", {}))
        arguments = {**kind.default(call), **call.members(kind.create, plain), **tagging}
        call.answer = getattr(call.client, kind.create)(**arguments)
        call.id = call.inputs[kind.id[1:]] if kind.id[:1] == "@" else jmespath.search(kind.id, call.answer)
    for step in kind.steps:
        if step.create and any(name in call.inputs for name in step.names):
            step.run(call)


def describe(call: Call) -> dict[str, Any] | None:
    """Return what AWS says of the resource under Pulumi's names; None if it is gone."""
    kind = call.kind
    try:
        if callable(kind.read):
            description = kind.read(call)
        else:
            operation, arguments, path = kind.read
            description = jmespath.search(path, getattr(call.client, operation)(**arguments(call.id)))
    except ClientError as error:
        if not is_gone(error):
            raise
        description = None
    if description is None:
        return None
    schema = sdk.schema(kind.token)
    plain = shapes.outputs(description, (schema.computed - call.inputs.keys()) | set(kind.refreshed.split()))
    return {"region": call.region, **plain, **kind.outputs(call, description)}


def change(call: Call) -> None:
    """Bring the changed inputs to AWS."""
    kind = call.kind
    names = {name for name in {*call.old, *call.inputs} if call.old.get(name) != call.inputs.get(name)}
    for step in kind.steps:
        if names & set(step.names):
            step.run(call)
            names -= set(step.names)
    if "tags" in names and "tagsAll" in sdk.schema(kind.token).outputs:
        tags.change(call)
        names.discard("tags")
    names -= {name for name in names if name in kind.names and kind.names[name] is None}
    if not names:
        return
    if callable(kind.update):
        kind.update(call)
    elif kind.recreated and isinstance(kind.create, str):
        plain = {name: value for name, value in call.inputs.items() if name not in kind.step_inputs | {"tags"}}
        getattr(call.client, kind.create)(**kind.default(call), **call.members(kind.create, plain))
    elif kind.update:
        operation, arguments = kind.update
        changed = call.members(operation, {name: call.inputs[name] for name in names & call.inputs.keys()})
        getattr(call.client, operation)(**{**changed, **arguments(call.id)})
    else:
        raise shapes.UnmappedError(", ".join(sorted(names)))


def remove(call: Call) -> None:
    """Delete the resource; one that is gone already is fine."""
    kind = call.kind
    try:
        if callable(kind.delete):
            kind.delete(call)
        elif kind.delete:
            operation, arguments = kind.delete
            getattr(call.client, operation)(**arguments(call.id))
    except ClientError as error:
        if not is_gone(error):
            raise
