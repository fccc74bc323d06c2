"""The simulator's side of Pulumi's provider protocol."""

# ruff: noqa: N802  the protocol names its methods

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import grpc
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from .. import kinds
from ..access import UnknownActionError, UnknownOperatorError
from ..calls import operations, shapes
from ..calls.kind import Call, Kind, RefusedError, suffix
from ..checks import launches, rules
from ..control.controls import Controls, OrderedError
from ..schema import sdk, wire
from ..schema.wire import UNKNOWN, is_known
from . import differences, invokes, names, replacement

_EXPECTED = (
    OrderedError,
    RefusedError,
    ClientError,
    BotoCoreError,
    shapes.UnmappedError,
    sdk.UnknownTypeError,
    kinds.UnknownKindError,
    differences.UndecidedError,
    invokes.InvokeError,
    UnknownActionError,
    UnknownOperatorError,
    OSError,
)


class SimulatedProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One server for all providers of a program; each of them speaks through a connection of its own."""

    def __init__(self, controls: Controls, endpoint: str, region: str) -> None:
        self._controls, self._endpoint, self._region = controls, endpoint, region
        self._configured: dict[str, dict[str, Any]] = {}

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        inputs = wire.read(request.news)
        known = sdk.schema("pulumi:providers:aws").inputs.types.keys() | {"version", "__internal"}
        failures = [
            provider_pb2.CheckFailure(property=name, reason="is not a setting of the AWS provider")
            for name in sorted(inputs.keys() - known)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        same = wire.read(request.olds) == wire.read(request.news)
        changes = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=changes)

    def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:
        self._configured[context.peer()] = {name.rpartition(":")[2]: value for name, value in request.variables.items()}
        # Like the real one, it takes secrets in clear and lets the engine mark what comes of them.
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Attach(self, request: plugin_pb2.PluginAttach, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Cancel(self, request: empty_pb2.Empty, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=sdk.version())

    def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        return self._guarded(context, request.urn, "check", lambda: self._check(request, context))

    def _check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        token, resource = _token(request.urn), request.urn.rpartition("::")[2]
        kinds.kind(token)
        schema = sdk.schema(token)
        inputs, problems = sdk.check(wire.read(request.news), schema.inputs)
        if "tagsAll" in schema.outputs and not problems:
            tags = {**self._default_tags(context), **inputs.get("tags", {})}
            inputs |= {"tags": tags} if tags else {}
        try:
            names.add(token, resource, inputs, wire.read(request.olds), request.randomSeed)
        except names.TooLongError as error:
            problems.append(sdk.Problem("could not be given a", str(error)))
        if not problems:
            problems = rules.check(token, inputs)
        # With a property the engine would print its value too, secret or not.
        failures = [provider_pb2.CheckFailure(reason=f"{problem.path} {problem.reason}") for problem in problems]
        return provider_pb2.CheckResponse(inputs=wire.write(inputs), failures=failures)

    def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        return self._guarded(context, request.urn, "diff", lambda: self._diff(request))

    def _diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        token = _token(request.urn)
        old, new = wire.read(request.old_inputs), wire.read(request.news)
        try:
            return differences.between(token, replacement.changes(token), old, new)
        except differences.UndecidedError as error:
            raise differences.UndecidedError(
                f"the simulator doesn't know whether a change of {error} of {token} replaces it: "
                "look it up in terraform-provider-aws and add it to replacement.py"
            ) from None

    def Create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:
        return self._guarded(context, request.urn, "create", lambda: self._create(request, context))

    def _create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:
        call = self._call(request.urn, wire.read(request.properties), context)
        if request.preview:
            return provider_pb2.CreateResponse(properties=wire.write(_planned(call)))
        token, given = call.kind.token, dict(call.inputs)
        self._controls.before("create", token, call.name)
        call.inputs = names.complete(call.inputs, suffix)
        rules.check_made_of(call)
        launches.check_launch(call)
        try:
            operations.make(call)
            if "minElbCapacity" in given or "waitForElbCapacity" in given:
                self._controls.wait(
                    token,
                    call.name,
                    given.get("waitForCapacityTimeout", "10m0s"),
                    ignore_failed_activities=given.get("ignoreFailedScalingActivities", False),
                )
        except _EXPECTED as error:
            if not call.id:
                raise
            self._controls.record("create", token, request.urn, id=call.id, inputs=given, error=_said(error))
            _abort_partly_made(context, call.id, {**given, **_described(call)}, f"creating {call.name}: {_said(error)}")
        self._controls.record("create", token, request.urn, id=call.id, inputs=given)
        outputs = {**given, **_described(call), **_tags_all(call)}
        return provider_pb2.CreateResponse(id=call.id, properties=wire.write(outputs))

    def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:
        return self._guarded(context, request.urn, "read", lambda: self._read(request, context))

    def _read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:
        old = wire.read(request.properties)
        if not old:
            raise OrderedError("the simulator cannot import or look up resources, only refresh those that it made")
        call = self._call(request.urn, wire.read(request.inputs), context, id=request.id, outputs=old)
        self._controls.before("read", call.kind.token, call.name)
        call.inputs = {**call.inputs, **_completed(call)}
        description = operations.describe(call)
        if description is None:
            return provider_pb2.ReadResponse()
        inputs = wire.read(request.inputs)
        inputs |= {
            name: description[name] for name in call.kind.refreshed.split() if name in inputs and name in description
        }
        return provider_pb2.ReadResponse(
            id=request.id, properties=wire.write({**old, **description}), inputs=wire.write(inputs)
        )

    def Update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:
        return self._guarded(context, request.urn, "update", lambda: self._update(request, context))

    def _update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:
        call = self._call(request.urn, wire.read(request.news), context, id=request.id, outputs=wire.read(request.olds))
        call.old = _without_defaults(wire.read(request.old_inputs))
        kept = {name: call.outputs[name] for name in sdk.schema(call.kind.token).computed if name in call.outputs}
        if request.preview:
            outputs = {**kept, **call.inputs, **_tags_all(call), **dict.fromkeys(_renewed(call), UNKNOWN)}
            return provider_pb2.UpdateResponse(properties=wire.write(outputs))
        self._controls.before("update", call.kind.token, call.name)
        given = dict(call.inputs)
        call.inputs = {**call.inputs, **_completed(call)}
        call.old = {**call.old, **_completed(call)}
        rules.check_made_of(call)
        launches.check_launch(call)
        operations.change(call)
        changed = sorted(name for name in {*call.old, *call.inputs} if call.changed(name))
        self._controls.record("update", call.kind.token, request.urn, id=call.id, changed=changed)
        return provider_pb2.UpdateResponse(
            properties=wire.write({**kept, **given, **_described(call), **_tags_all(call)})
        )

    def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> empty_pb2.Empty:
        return self._guarded(context, request.urn, "delete", lambda: self._delete(request, context))

    def _delete(self, request: provider_pb2.DeleteRequest, context: Any) -> empty_pb2.Empty:
        state = wire.read(request.properties)
        call = self._call(request.urn, wire.read(request.old_inputs) or state, context, id=request.id, outputs=state)
        call.inputs = {**call.inputs, **_completed(call)}
        self._controls.before("delete", call.kind.token, call.name)
        operations.remove(call)
        self._controls.record("delete", call.kind.token, request.urn, id=call.id)
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: Any) -> provider_pb2.InvokeResponse:
        arguments = wire.read(request.args)

        def run() -> provider_pb2.InvokeResponse:
            region = str(arguments.get("region") or self._region_of(context))
            result = invokes.answer(request.tok, arguments, invokes.Asked(region, self._endpoint))
            return provider_pb2.InvokeResponse(**{"return": wire.write(result)})  # pyright: ignore[reportArgumentType] - a keyword of Python

        return self._guarded(context, request.tok, "invoke", run)

    def _call(self, urn: str, inputs: dict[str, Any], context: Any, **more: Any) -> Call:
        kind: Kind = kinds.kind(_token(urn))
        region = inputs.get("region") or more.get("outputs", {}).get("region") or self._region_of(context)
        return Call(kind, region, self._endpoint, urn, _without_defaults(inputs), controls=self._controls, **more)

    def _guarded(self, context: Any, urn: str, what: str, run: Callable[[], Any]) -> Any:
        try:
            with self._controls.deployers.acting(urn):
                return run()
        except _EXPECTED as error:
            context.abort(grpc.StatusCode.UNKNOWN, f"{what} {urn.rpartition('::')[2]}: {_said(error)}")

    def _region_of(self, context: Any) -> str:
        return self._configured.get(context.peer(), {}).get("region") or self._region

    def _default_tags(self, context: Any) -> dict[str, str]:
        written = self._configured.get(context.peer(), {}).get("defaultTags")
        return json.loads(written).get("tags", {}) if written else {}


def _token(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _without_defaults(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != "__defaults"}


def _planned(call: Call) -> dict[str, Any]:
    """Return the outputs of a creation as far as they are known before it."""
    computed = sdk.schema(call.kind.token).computed
    return {**dict.fromkeys(computed, UNKNOWN), "region": call.region, **call.inputs, **_tags_all(call)}


def _completed(call: Call) -> dict[str, Any]:
    """Return the full names that were made from prefixes."""
    return {
        name: call.outputs[name]
        for prefix, name in names.PREFIXES.items()
        if prefix in call.inputs and name in call.outputs
    }


def _described(call: Call) -> dict[str, Any]:
    description = operations.describe(call)
    if description is None:
        raise OrderedError("it is gone right after it was made")
    made = {name: call.inputs[name] for name in names.PREFIXES.values() if name in call.inputs}
    return {**made, **description}


def _tags_all(call: Call) -> dict[str, Any]:
    tags = call.inputs.get("tags", {})
    return {"tagsAll": tags} if "tagsAll" in sdk.schema(call.kind.token).outputs and is_known(tags) else {}


def _renewed(call: Call) -> set[str]:
    """Return the outputs that are unknown until the update is done."""
    changed = {name for name in {*call.old, *call.inputs} if call.changed(name)}
    renewed: set[str] = set()
    for outputs, causes in call.kind.renewed.items():
        spared = {cause[1:] for cause in causes.split() if cause[0] == "!"}
        if changed & set(causes.split()) or ("*" in causes and changed - spared):
            renewed |= set(outputs.split())
    return renewed


def _said(error: Exception) -> str:
    if isinstance(error, ClientError):
        return f"{error.operation_name}, {error.response['Error']['Code']}: {error.response['Error']['Message']}"
    if isinstance(error, shapes.UnmappedError):
        return f"the simulator doesn't know how to tell AWS: {error}"
    return str(error)


def _abort_partly_made(context: Any, id: str, properties: dict[str, Any], reason: str) -> None:
    """Say that the resource exists and is not as it should be; the engine keeps it and comes back to it."""
    detail = provider_pb2.ErrorResourceInitFailed(id=id, properties=wire.write(properties), reasons=[reason])
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, reason)
