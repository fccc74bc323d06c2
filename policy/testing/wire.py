"""Runs a Pulumi program under mocks and gives what it registers, as it is on the wire, to the pack's own servicer."""

# The SDK's own signatures leave types open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import struct_pb2
from pulumi.runtime import mocks, proto
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import ROOT
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

from policy.kotauth_policy.catalogue import all_readers, all_rules
from policy.kotauth_policy.engine.configuration import Entry
from policy.kotauth_policy.engine.servicer import PackServicer

RULES = all_rules()
READERS = all_readers()
STACK_TYPE = "pulumi:pulumi:Stack"


class RecordingMonitor(mocks.MockMonitor):
    """Keeps each registration."""

    def __init__(self, provider: mocks.Mocks) -> None:
        super().__init__(provider)
        self.registrations: list[tuple[str, resource_pb2.RegisterResourceRequest]] = []
        self.outputs: dict[str, struct_pb2.Struct] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        # The SDK would name project and stack by the thread that it is in, which may have run another program before.
        return "::".join(["urn:pulumi:stack::project", *super().make_urn(parent, type_, name).split("::")[2:]])

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802
        response = super().RegisterResource(request)
        if request.type != STACK_TYPE:
            # The SDK takes them out of sets.
            for dependencies in (request.dependencies, *(e.urns for e in request.propertyDependencies.values())):
                dependencies.sort()
            self.registrations.append((response.urn, request))
            self.outputs[response.urn] = response.object
            if response.id:
                self.outputs[response.urn].fields["id"].string_value = response.id
        return response


class Provider(mocks.Mocks):
    """A provider at preview: no output is known, unless ``outputs`` says what an earlier update made of it."""

    def __init__(self, outputs: dict[str, dict[str, Any]]) -> None:
        self._outputs = outputs

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        known = self._outputs.get(args.name)
        if known is None:
            return None, {}
        # As the random provider's schema has it: what it makes up is secret.
        made_up = args.typ.startswith("random:")
        # An empty id is that of a state that doesn't say what the resource is called.
        return known.get("id", f"{args.name}-id"), {
            name: _secret(value) if made_up else value for name, value in known.items()
        }

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"the program calls {args.token}")


def _secret(value: Any) -> dict[str, Any]:
    # An Output.secret would lose its mark: the mock answers in a thread without the runtime's settings.
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


@dataclass(frozen=True)
class Violation:
    """One diagnostic of the pack."""

    rule: str
    resource: str
    level: int
    message: str


@dataclass(frozen=True)
class Registered:
    """A program's resources, as the engine got them."""

    registrations: list[tuple[str, resource_pb2.RegisterResourceRequest]]
    outputs: dict[str, struct_pb2.Struct] = field(default_factory=dict[str, struct_pb2.Struct])
    """What the provider made of each, by URN."""

    def analyze_requests(self) -> Iterable[proto.AnalyzeRequest]:
        for urn, request in self.registrations:
            yield proto.AnalyzeRequest(
                type=request.type,
                urn=urn,
                name=request.name,
                properties=request.object,
                options=proto.AnalyzerResourceOptions(protect=request.protect),
            )

    def root_request(self) -> proto.AnalyzeRequest:
        """Ask about the resource that stands for the stack itself, which no mock registers."""
        urns = (urn for urn, _ in self.registrations)
        place = "::".join(next(urns, "urn:pulumi:test::kotauth-infra").split("::")[:2])
        name = "kotauth-infra-test"
        return proto.AnalyzeRequest(type=STACK_TYPE, urn=f"{place}::{STACK_TYPE}::{name}", name=name)

    def stack_request(self) -> proto.AnalyzeStackRequest:
        return proto.AnalyzeStackRequest(
            resources=[
                proto.AnalyzerResource(
                    type=request.type,
                    urn=urn,
                    name=request.name,
                    properties=self.outputs.get(urn),
                    options=proto.AnalyzerResourceOptions(protect=request.protect),
                    propertyDependencies={
                        name: proto.AnalyzerPropertyDependencies(urns=dependencies.urns)
                        for name, dependencies in request.propertyDependencies.items()
                    },
                )
                for urn, request in self.registrations
            ]
        )


class _EventLoop(asyncio.SelectorEventLoop):
    """Has the mocks answer at once: a thread for each answer takes longer than the answer."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = self.create_future()
        try:
            answer.set_result(func(*args))
        except Exception as error:
            answer.set_exception(error)
        return answer


# One for all programs: each holds three file descriptors until it is collected, and what a program made may be named
# in a later one.
_event_loop = functools.cache(_EventLoop)


def register(program: Callable[[], object], outputs: dict[str, dict[str, Any]] | None = None) -> Registered:
    """Run a program in preview mode."""
    asyncio.set_event_loop(_event_loop())
    provider = Provider(outputs or {})
    monitor = RecordingMonitor(provider)
    # A stack of its own, not the one of whichever program came first in this process.
    ROOT.set(None)
    mocks.set_mocks(provider, project="kotauth-infra", stack="test", preview=True, monitor=monitor)
    pulumi.runtime.test(program)()
    return Registered(sorted(monitor.registrations, key=lambda registration: registration[0]), monitor.outputs)


def analyze(
    registered: Registered,
    configuration: dict[str, Entry] | None = None,
    servicer: PackServicer | None = None,
) -> list[Violation]:
    """Give the resources to the pack, one by one and then as a stack, as the engine does."""
    servicer = servicer or PackServicer(RULES, READERS)
    if configuration:
        servicer.Configure(configure_request(configuration), REFUSING)
    root = registered.root_request()
    stack = registered.stack_request()
    stack.resources.add(type=root.type, urn=root.urn, name=root.name)
    responses = [servicer.Analyze(request, REFUSING) for request in (root, *registered.analyze_requests())]
    responses.append(servicer.AnalyzeStack(stack, REFUSING))
    return violations(*responses)


def violations(*responses: proto.AnalyzeResponse) -> list[Violation]:
    """Return the diagnostics of some answers."""
    return [
        Violation(d.policyName, d.urn.rpartition("::")[2], d.enforcementLevel, d.message)
        for response in responses
        for d in response.diagnostics
    ]


def configure_request(configuration: dict[str, Entry]) -> proto.ConfigureAnalyzerRequest:
    request = proto.ConfigureAnalyzerRequest()
    for name, entry in configuration.items():
        request.policyConfig[name].enforcementLevel = proto.EnforcementLevel.Value(entry.level.upper())
        request.policyConfig[name].properties.update(entry.parameters)
    return request


class RefusedError(Exception):
    """The error of an aborted gRPC call."""


class RefusingContext:
    """The side of a gRPC call that the servicer can abort."""

    def abort(self, code: Any, details: str) -> None:
        raise RefusedError(f"{code.name}: {details}")


REFUSING: Any = RefusingContext()
