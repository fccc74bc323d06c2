"""The gRPC analyzer that the engine calls: the SDK's analyzer with four additions.

Properties are decoded once per resource instead of once per rule. A configuration or a file of waivers with a fault is
refused. A rule that needs to know where a value comes from is evaluated again when the whole stack is known. Waivers
are applied and watched. The SDK does the rest: levels, severities, descriptions and the form of a violation.
"""

# The SDK leaves the types of its servicer open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field

import grpc
import pulumi_policy as sdk
from google.protobuf import empty_pb2, json_format
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy.policy import _PolicyAnalyzerServicer  # pyright: ignore[reportPrivateUsage]

from .configuration import Entry, faults, is_production, joined
from .report import Report
from .report_form import FILE_VARIABLE
from .resource import Readers, Resource
from .rule import Rule
from .rule_policy import NAME, VERSION, Pass, RulePolicy, current_pass, diagnostic
from .waiver_file import WaiverFileError, read_waivers
from .waivers import KEEP_CURRENT, URN, Waiver, Waivers
from .wire import read_resource, read_stack

# The SDK's own limit: a stack is one message.
_CHANNEL_OPTIONS = [("grpc.max_receive_message_length", 1024 * 1024 * 400)]
_LEVEL_NAMES: Mapping[int, str] = {
    proto.ADVISORY: "advisory",
    proto.MANDATORY: "mandatory",
    proto.DISABLED: "disabled",
    proto.REMEDIATE: "remediate",
}


@dataclass(frozen=True)
class _Run:
    """One preview, update or analysis of one stack."""

    stack: str
    project: str
    is_production: bool
    is_update: bool
    waivers: Waivers
    report: Report
    inputs: dict[str, Resource] = field(default_factory=dict[str, Resource])
    needs_stack: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """URN to the rules that only the whole stack can tell about."""


class PackServicer(_PolicyAnalyzerServicer):
    """The pack as the engine sees it."""

    def __init__(self, rules: Sequence[Rule], readers: Readers) -> None:
        """Store the rules and readers; read and print nothing."""
        self._rules = rules
        self._readers = readers
        self._configuration: Mapping[str, Entry] = {}
        self._run: _Run | None = None
        self._lock = threading.Lock()
        super().__init__(
            NAME,
            VERSION,
            [RulePolicy(rule, readers) for rule in rules],
            sdk.EnforcementLevel.MANDATORY,
            description="Production rules of Kotauth and of the hosts it runs on.",
        )

    def ConfigureStack(  # noqa: N802 - gRPC's name
        self, request: proto.AnalyzerStackConfigureRequest, context: grpc.ServicerContext
    ) -> proto.AnalyzerStackConfigureResponse:
        """Begin a run: determine whether the stack is for production, and read the waivers."""
        settings = (value for key, value in request.config.items() if key.endswith(":environment"))
        production = is_production(request.stack, next(settings, None))
        run = self._begin(context, request.stack, request.project, production, is_update=not request.dry_run)
        with self._lock:
            self._run = run
        return super().ConfigureStack(request, context)

    def _current_run(self, urn: str, context: grpc.ServicerContext) -> _Run:
        """Return the run; `pulumi policy analyze` configures no stack, so its first URN determines the stack."""
        with self._lock:
            if self._run is None:
                place = URN.fullmatch(urn)
                stack, project = place.groups() if place else ("", "")
                production = is_production(stack, None)
                self._refuse_faults(context, production=production)
                self._run = self._begin(context, stack, project, production, is_update=False)
            return self._run

    def _begin(
        self, context: grpc.ServicerContext, stack: str, project: str, production: bool, *, is_update: bool
    ) -> _Run:
        try:
            waivers = read_waivers(self._rules)
        except WaiverFileError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return _Run(stack, project, production, is_update, Waivers(waivers, stack, project), Report(self._rules))

    def Configure(  # noqa: N802 - gRPC's name
        self, request: proto.ConfigureAnalyzerRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Accept a configuration, or refuse it with all its faults."""
        self._configuration = {
            name: Entry(
                _LEVEL_NAMES.get(entry.enforcementLevel, str(entry.enforcementLevel)),
                json_format.MessageToDict(entry.properties),
            )
            for name, entry in request.policyConfig.items()
        }
        self._refuse_faults(context, production=bool(self._run and self._run.is_production))
        return super().Configure(request, context)

    def _refuse_faults(self, context: grpc.ServicerContext, *, production: bool) -> None:
        configuration_faults = list(faults(self._configuration, self._rules, production=production))
        if configuration_faults:
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, f"the configuration is refused: {joined(configuration_faults)}"
            )

    def Analyze(self, request: proto.AnalyzeRequest, context: grpc.ServicerContext) -> proto.AnalyzeResponse:  # noqa: N802
        """Evaluate one resource by its inputs."""
        run = self._current_run(request.urn, context)
        resource = read_resource(request)
        current = Pass([resource], lambda _name, _resource: True, run.waivers, run.report)
        bare = proto.AnalyzeRequest(type=request.type, urn=request.urn, name=request.name, options=request.options)
        response = _evaluated(current, lambda: super(PackServicer, self).Analyze(bare, context))
        if run.is_update and not run.inputs:
            # An update asks about the stack when all is made; with its first resource nothing is.
            response.diagnostics.extend(_waiver_diagnostics(run.waivers, run.waivers.expired, proto.MANDATORY))
        with self._lock:
            run.inputs[resource.urn] = resource
            run.needs_stack[resource.urn] = current.needs_stack
        return response

    def _get_enforcement_level(self, policy: sdk.Policy) -> sdk.EnforcementLevel:
        """Skip a rule without resources in the current call, before the SDK builds its arguments."""
        current = current_pass.get(None)
        if current and isinstance(policy, RulePolicy) and not current.of(policy.types):
            return sdk.EnforcementLevel.DISABLED
        return super()._get_enforcement_level(policy)

    def Remediate(self, request: proto.AnalyzeRequest, context: grpc.ServicerContext) -> proto.RemediateResponse:  # noqa: N802
        """Change nothing. The SDK would read all properties for that, once for each rule, and stop at an empty file."""
        return proto.RemediateResponse()

    def AnalyzeStack(self, request: proto.AnalyzeStackRequest, context: grpc.ServicerContext) -> proto.AnalyzeResponse:  # noqa: N802
        """Evaluate the rules that need the whole stack, resources that are new here, and the waivers."""
        run = self._current_run(request.resources[0].urn if request.resources else "", context)
        with self._lock:
            inputs, needs_stack = dict(run.inputs), dict(run.needs_stack)
        stack = read_stack(request, inputs, self._readers)

        def undecided(rule: str, resource: Resource) -> bool:
            return resource.urn not in inputs or rule in needs_stack[resource.urn]

        current = Pass(list(stack.resources.values()), undecided, run.waivers, run.report)
        empty = proto.AnalyzeStackRequest()
        response = _evaluated(current, lambda: super(PackServicer, self).AnalyzeStack(empty, context))
        waiver_faults = run.waivers.faults(run.report.uses())
        # What the preview of an update did not know may be known by now, and its waiver not be needed any more.
        response.diagnostics.extend(
            _waiver_diagnostics(run.waivers, waiver_faults, proto.ADVISORY if run.is_update else proto.MANDATORY)
        )
        # Advice only: a file may serve several projects, so the waiver can be right.
        misplaced = run.waivers.misplaced(run.report.unwaived())
        response.diagnostics.extend(_waiver_diagnostics(run.waivers, misplaced, proto.ADVISORY))
        head = {"pack": {"name": NAME, "version": VERSION}, "project": run.project, "stack": run.stack}
        try:
            run.report.write(head, {name: entry.level for name, entry in self._configuration.items()}, waiver_faults)
        except OSError as error:
            place = f"variable {FILE_VARIABLE}: {error.filename}: {error.strerror}"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the report can't be written: {place}")
        return response


def _evaluated(current: Pass, analyze: Callable[[], proto.AnalyzeResponse]) -> proto.AnalyzeResponse:
    token = current_pass.set(current)
    try:
        response = analyze()
    finally:
        current_pass.reset(token)
    response.diagnostics.extend(current.diagnostics)
    return response


def _waiver_diagnostics(
    waivers: Waivers, waiver_faults: Mapping[Waiver, str], level: proto.EnforcementLevel.ValueType
) -> Iterator[proto.AnalyzeDiagnostic]:
    for waiver, fault in waiver_faults.items():
        if fault:
            place = f"waiver of {waiver.rule} for {waiver.urn}, line {waiver.line}, owner {waiver.owner}"
            yield diagnostic(KEEP_CURRENT, f"{place}: {fault}\n{waivers.remedy(waiver)}", level)


def serve(rules: Sequence[Rule], readers: Readers) -> None:
    """Serve the pack until the engine ends the process; print only the port."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=_CHANNEL_OPTIONS)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(PackServicer(rules, readers), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        server.stop(0)
