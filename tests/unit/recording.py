"""One recording mock: constructors run for real, and what they register with the engine is kept."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch

import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import mocks, resource, rpc
from pulumi.runtime.proto import callback_pb2, source_pb2
from pulumi.runtime.settings import ROOT, SETTINGS

from tests.unit import aws_outputs

# What fails is raised; each future behind it would say so again, perhaps long after its test.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nbm90IGEgcmVhbCBvbmU=\n-----END CERTIFICATE-----\n"
PROJECT, STACK = "kotauth", "unit"

OUTPUTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "random:index/randomPassword:RandomPassword": lambda name: {"result": _secret(generated(name))},
    # The provider names what has no name, with a suffix.
    "docker:index/container:Container": lambda name: {
        "name": f"{name}-0c0ffee",
        "containerLogs": f"reading\n{CERTIFICATE}",
    },
    "docker:index/volume:Volume": lambda name: {"name": f"{name}-0c0ffee"},
    "docker:index/network:Network": lambda name: {"name": f"{name}-0c0ffee"},
}
"""What a provider adds to the inputs, by resource type; AWS's have a table of their own."""


def generated(name: str) -> str:
    """Return the value that a random password of that name has."""
    return f"generated-{name}"


@dataclass(frozen=True)
class Registered:
    """One resource as the engine got it, by the names of the provider's schema."""

    type: str
    name: str
    parent: str
    """Name of the parent; the stack's for a resource without one."""
    parent_type: str
    inputs: Mapping[str, Any]
    secret_inputs: frozenset[str]
    protect: bool
    delete_before_replace: bool | None
    """None where the program leaves it to the provider."""
    replace_on_changes: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    retain_on_delete: bool
    create_timeout: str
    """Empty where the program leaves it to the provider."""
    on_error: tuple[str, ...]
    provider: str
    """Name of the explicit provider; empty for the default provider."""
    former_names: tuple[str, ...]
    """Other names, or URNs, in the aliases of the program; the engine derives those of children."""
    dependencies: tuple[str, ...]
    """Names of the resources that must be there before."""
    waits_for: frozenset[str]
    """Those resources, each as type and name."""
    sent: struct_pb2.Struct
    """The inputs as they were sent."""

    @property
    def in_clear(self) -> str:
        """The inputs without every secret in them, as text."""
        return repr(_without_secrets(json_format.MessageToDict(self.sent)))

    @property
    def title(self) -> str:
        """Type and name, as `Group kotauth-server`."""
        return f"{self.type.rpartition(':')[2]} {self.name}"

    @property
    def is_component(self) -> bool:
        """Whether it is one of ours."""
        return self.type.startswith("kotauth:")

    @property
    def labels(self) -> dict[str, str]:
        """Docker labels."""
        return {label["label"]: label["value"] for label in self.inputs.get("labels", [])}


class Recording(mocks.MockMonitor):
    """The engine's side: answers from the table above and keeps every registration."""

    def __init__(self) -> None:
        super().__init__(_Provider())
        self.resources_seen: list[Registered] = []
        self.component_outputs: dict[tuple[str, str], set[str]] = {}
        self.error_hooks: dict[str, pulumi.ErrorHook] = {}
        self.invoke_providers: dict[str, str] = {}
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        answer = super().RegisterResource(request)
        inputs = {key: _plain(value) for key, value in _read(request.object).items()}
        registered = Registered(
            type=request.type,
            name=request.name,
            parent=_name(request.parent),
            parent_type=_type(request.parent) if request.parent else "",
            inputs={key: value for key, (value, _) in inputs.items()},
            secret_inputs=frozenset(key for key, (_, secret) in inputs.items() if secret),
            protect=request.protect,
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            replace_on_changes=tuple(request.replaceOnChanges),
            ignore_changes=tuple(request.ignoreChanges),
            retain_on_delete=request.retainOnDelete,
            create_timeout=request.customTimeouts.create,
            on_error=tuple(request.hooks.on_error),
            provider=_name(request.provider.rpartition("::")[0]),
            former_names=tuple(
                name for alias in request.aliases if (name := alias.urn or alias.spec.name) not in ("", request.name)
            ),
            dependencies=tuple(sorted({_name(urn) for urn in request.dependencies})),
            waits_for=frozenset(f"{_type(urn).rpartition(':')[2]} {_name(urn)}" for urn in request.dependencies),
            sent=request.object,
        )
        with self._lock:
            self.resources_seen.append(registered)
        return answer

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        self.invoke_providers[request.tok] = _name(request.provider.rpartition("::")[0])
        return super().Invoke(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the engine's own name
        component = _type(request.urn), _name(request.urn)
        self.component_outputs[component] = set(_read(request.outputs))
        return super().RegisterResourceOutputs(request)

    def register_transform(self, _: pulumi.ResourceTransform) -> callback_pb2.Callback:
        """Take a transform, which only the engine calls."""
        return callback_pb2.Callback()

    def register_error_hook(self, hook: pulumi.ErrorHook) -> None:
        """Take a hook, in the place of the server that the engine would call back: Pulumi's mocks have none."""
        assert hook.name not in self.error_hooks, "the engine refuses a second hook of one name"
        self.error_hooks[hook.name] = hook


class _Provider(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> Any:
        return aws_outputs.answer(args.token, args.args)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        outputs = OUTPUTS.get(args.typ, lambda _: {})(args.name)
        return f"{args.name}-id", {**aws_outputs.outputs(args.typ, args.name, args.inputs), **outputs}


@dataclass(frozen=True)
class Declared:
    """What a program declared."""

    resources: list[Registered]
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """Values of the outputs that the program returned."""
    secret_outputs: frozenset[str] = frozenset()
    component_outputs: Mapping[tuple[str, str], set[str]] = field(default_factory=dict[tuple[str, str], set[str]])
    """Type and name of a component to the outputs that it registered."""
    error_hooks: Mapping[str, pulumi.ErrorHook] = field(default_factory=dict[str, pulumi.ErrorHook])
    invoke_providers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Function of a provider to the name of the explicit provider that it was called on."""

    def named(self, name: str, kind: str = "") -> Registered:
        """Return the resource of that name; ``kind`` is the end of its type where a component shares the name."""
        (one,) = [r for r in self.resources if r.name == name and r.type.endswith(kind)]
        return one

    def of_type(self, kind: str) -> list[Registered]:
        """Return all resources whose type ends so, in the order of their names."""
        return sorted((r for r in self.resources if r.type.endswith(kind)), key=lambda r: r.name)

    def before(self, title: str) -> set[str]:
        """Return everything that a resource waits for, each as type and name.

        A child waits for its parent to be registered, and the parent for what it depends on.
        """
        known = {r.title: r for r in self.resources}
        found: set[str] = set()
        waiting = [title]
        while waiting:
            current = known[waiting.pop()]
            waiting += current.waits_for - found
            found |= current.waits_for
            if current.parent_type:
                waiting.append(f"{current.parent_type.rpartition(':')[2]} {current.parent}")
        return found

    @property
    def containers(self) -> list[Registered]:
        """Every container."""
        return self.of_type(":Container")


def declare(program: Callable[[], object], *, preview: bool = False) -> Declared:
    """Run a program, and return what it declared, as in an update or in a preview.

    Its outputs are those of the component that it returns, or what it returns by name.
    """
    recording = Recording()
    # A stack of its own, not the one of whichever test came first in this process.
    ROOT.set(None)
    mocks.set_mocks(recording.mocks, project=PROJECT, stack=STACK, preview=preview, monitor=recording)
    SETTINGS.callbacks = recording  # pyright: ignore[reportAttributeAccessIssue]
    values: dict[str, Any] = {}
    secret: set[str] = set()

    async def resolve(returned: Any) -> None:
        if isinstance(returned, pulumi.ComponentResource):
            returned = {output: getattr(returned, output) for output in type(returned).__annotations__}
        for key, output in returned.items() if isinstance(returned, Mapping) else ():
            late = pulumi.Output.from_input(output)
            values[key] = await late.future()
            if await late.is_secret():
                secret.add(key)

    try:
        # Where in the sources a resource is made, no mock needs; to find it takes a sixth of the time.
        with patch.object(resource, "_get_stack_trace", source_pb2.StackTrace):
            mocks.test(lambda: resolve(program()))()
    finally:
        SETTINGS.callbacks = None  # pyright: ignore[reportAttributeAccessIssue]
    return Declared(
        resources=recording.resources_seen,
        outputs=values,
        secret_outputs=frozenset(secret),
        component_outputs=recording.component_outputs,
        error_hooks=recording.error_hooks,
        invoke_providers=recording.invoke_providers,
    )


def unknown() -> pulumi.Output[Any]:
    """Return an Output without a value, such as the id of what isn't made yet; for programs in a preview."""

    async def future(value: object) -> Any:
        return value

    is_known, value, is_secret = (asyncio.ensure_future(future(each)) for each in (False, None, False))
    return pulumi.Output(set(), value, is_known, is_secret)


def below_a_parent(**options: Any) -> pulumi.ResourceOptions:
    """Return the options of what a component makes."""
    return pulumi.ResourceOptions(parent=pulumi.ComponentResource("test:index:Parent", "parent"), **options)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _read(properties: Any) -> dict[str, Any]:
    """Return the properties of a request, those without a value too: whether it is a preview, this thread can't say."""
    return rpc.deserialize_properties(properties, keep_unknowns=True)


def _secret(value: str) -> Any:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        is_secret = entries.get(rpc._special_sig_key) == rpc._special_secret_sig
        return None if is_secret else {key: _without_secrets(entry) for key, entry in entries.items()}
    return [_without_secrets(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def _plain(value: Any) -> tuple[Any, bool]:
    return rpc.unwrap_rpc_secret(value), rpc.is_rpc_secret(value)
