"""The gRPC analyzer that the engine talks to: the SDK's own, with three things added.

Properties are decoded once per resource instead of once per rule, a configuration with a fault is refused, and a rule
that needs to know where a value comes from is judged again when the whole stack is known. The SDK keeps doing the rest:
levels, severities, descriptions and the form of every diagnostic.
"""

# The SDK leaves the types of its servicer open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import grpc
import pulumi_policy as sdk
from google.protobuf import empty_pb2, json_format
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy.policy import _PolicyAnalyzerServicer  # pyright: ignore[reportPrivateUsage]

from .catalogue import all_rules
from .configuration import Entry, faults, is_production
from .judge import judge
from .report import Report
from .resource import Resource, read_resource, read_stack
from .rule import Rule, Settings
from .verdict import Outcome, StackNeededError, Verdict

NAME = "kotauth"
VERSION = "0.1.0"

# The SDK's own limit: a stack is one message.
_CHANNEL_OPTIONS = [("grpc.max_receive_message_length", 1024 * 1024 * 400)]
_LEVEL_NAMES: Mapping[int, str] = {
    proto.ADVISORY: "advisory",
    proto.MANDATORY: "mandatory",
    proto.DISABLED: "disabled",
    proto.REMEDIATE: "remediate",
}


@dataclass
class _Pass:
    """One call of the engine: the resources that it asks about, and what the SDK has no form for."""

    resources: Sequence[Resource]
    undecided: Callable[[str, Resource], bool]
    """Whether a rule, by name, is still to be judged on a resource."""
    report: Report
    needs_stack: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    crashes: list[tuple[str, str, Verdict]] = field(default_factory=list[tuple[str, str, Verdict]])


_current: ContextVar[_Pass] = ContextVar("current")


class RulePolicy(sdk.ResourceValidationPolicy, sdk.StackValidationPolicy):
    """A rule as the SDK knows it. It is both kinds of policy, so that it has one name, one level and one setting."""

    def __init__(self, rule: Rule) -> None:
        """Describe the rule to the SDK."""
        schema = {
            parameter.name: {**parameter.kind.schema, "default": parameter.default, "description": parameter.meaning}
            for parameter in rule.parameters
        }
        sdk.Policy.__init__(
            self,
            rule.name,
            rule.sentence,
            sdk.EnforcementLevel(rule.level.value),
            config_schema=sdk.PolicyConfigSchema(schema) if schema else None,
            severity=sdk.Severity(rule.severity.value),
            tags=[rule.area, *(f"CIS Docker {section}" for section in rule.references.cis)],
            remediation_steps=rule.remedy,
        )
        self.rule = rule

    def has_validation(self) -> bool:
        """Say that there is something to run."""
        return True

    def has_remediation(self) -> bool:
        """Say that no resource is ever changed: a remediation would write secrets to the state in clear."""
        return False

    def validate(self, args: Any, report_violation: Callable[..., None]) -> None:  # noqa: ANN401 - either kind's
        """Judge the resources of the current call."""
        current = _current.get()
        settings = Settings(self.rule.parameters, args.get_config())
        for resource in current.resources:
            if resource.type not in self.rule.types or not current.undecided(self.name, resource):
                continue
            try:
                verdicts = judge(self.rule, resource, settings)
            except StackNeededError:
                current.needs_stack.add((self.name, resource.urn))
                continue
            current.report.add(self.name, resource.urn, verdicts)
            for verdict in verdicts:
                if verdict.outcome is Outcome.CRASH:
                    current.crashes.append((self.name, resource.urn, verdict))
                elif verdict.outcome is not Outcome.PASS:
                    report_violation(f"{verdict.message}\n{self.rule.remedy}", resource.urn)


class PackServicer(_PolicyAnalyzerServicer):
    """The pack as the engine sees it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Take the rules; nothing is read or printed."""
        self._rules = rules
        self._production: bool | None = None
        self._configuration: Mapping[str, Entry] = {}
        self._inputs: dict[str, Resource] = {}
        self._needs_stack: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._report = Report(rules)
        super().__init__(
            NAME,
            VERSION,
            [RulePolicy(rule) for rule in rules],
            sdk.EnforcementLevel.MANDATORY,
            description="Production rules of Kotauth and of the hosts it runs on.",
        )

    def ConfigureStack(  # noqa: N802 - gRPC's name
        self, request: proto.AnalyzerStackConfigureRequest, context: grpc.ServicerContext
    ) -> proto.AnalyzerStackConfigureResponse:
        """Learn whether this is a production stack."""
        settings = (value for key, value in request.config.items() if key.endswith(":environment"))
        self._production = is_production(request.stack, next(settings, None))
        return super().ConfigureStack(request, context)

    def Configure(  # noqa: N802 - gRPC's name
        self, request: proto.ConfigureAnalyzerRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Take a configuration, or refuse it with every fault that it has."""
        configuration = {
            name: Entry(
                _LEVEL_NAMES.get(entry.enforcementLevel, str(entry.enforcementLevel)),
                json_format.MessageToDict(entry.properties),
            )
            for name, entry in request.policyConfig.items()
        }
        self._configuration = configuration
        self._refuse_faults(context)
        return super().Configure(request, context)

    def _refuse_faults(self, context: grpc.ServicerContext) -> None:
        found = list(faults(self._configuration, self._rules, production=bool(self._production)))
        if found:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the configuration is refused: " + "; ".join(found))

    def _learn_stack(self, urn: str, context: grpc.ServicerContext) -> None:
        """Learn from a URN what `pulumi policy analyze`, which configures no stack, says nowhere else."""
        if self._production is None:
            self._production = is_production(urn.removeprefix("urn:pulumi:").partition("::")[0], None)
            self._refuse_faults(context)

    def Analyze(self, request: proto.AnalyzeRequest, context: grpc.ServicerContext) -> proto.AnalyzeResponse:  # noqa: N802
        """Judge one resource by its inputs."""
        self._learn_stack(request.urn, context)
        resource = read_resource(request)
        current = _Pass([resource], lambda _name, _resource: True, self._report)
        bare = proto.AnalyzeRequest(type=request.type, urn=request.urn, name=request.name, options=request.options)
        response = self._run(current, lambda: super(PackServicer, self).Analyze(bare, context))
        with self._lock:
            self._inputs[resource.urn] = resource
            self._needs_stack = {key for key in self._needs_stack if key[1] != resource.urn} | current.needs_stack
        return response

    def Remediate(self, request: proto.AnalyzeRequest, context: grpc.ServicerContext) -> proto.RemediateResponse:  # noqa: N802
        """Change nothing. The SDK would read all properties for that, once for each rule, and stop at an empty file."""
        return proto.RemediateResponse()

    def AnalyzeStack(self, request: proto.AnalyzeStackRequest, context: grpc.ServicerContext) -> proto.AnalyzeResponse:  # noqa: N802
        """Judge what one resource alone could not tell, and resources that were not asked about before."""
        with self._lock:
            inputs, needs_stack = dict(self._inputs), set(self._needs_stack)
        stack = read_stack(request, inputs)

        def undecided(rule: str, resource: Resource) -> bool:
            return resource.urn not in inputs or (rule, resource.urn) in needs_stack

        current = _Pass(list(stack.resources.values()), undecided, self._report)
        empty = proto.AnalyzeStackRequest()
        response = self._run(current, lambda: super(PackServicer, self).AnalyzeStack(empty, context))
        self._report.write()
        return response

    def _run(self, current: _Pass, analyze: Callable[[], proto.AnalyzeResponse]) -> proto.AnalyzeResponse:
        token = _current.set(current)
        try:
            response = analyze()
        finally:
            _current.reset(token)
        response.diagnostics.extend(self._crash_diagnostics(current.crashes))
        return response

    def _crash_diagnostics(self, crashes: Iterable[tuple[str, str, Verdict]]) -> Iterator[proto.AnalyzeDiagnostic]:
        sentences = {rule.name: rule.sentence for rule in self._rules}
        for name, urn, verdict in crashes:
            yield proto.AnalyzeDiagnostic(
                policyName=name,
                policyPackName=NAME,
                policyPackVersion=VERSION,
                description=sentences[name],
                message=f"rule {name} crashed on {urn}: {verdict.message}\nReport this defect of the policy pack.",
                urn=urn,
                # Whatever the rule's level: nobody knows what it would have said.
                enforcementLevel=proto.MANDATORY,
                severity=proto.POLICY_SEVERITY_CRITICAL,
            )


def serve() -> None:
    """Serve the pack until the engine ends it; the port is the only line that is printed."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=_CHANNEL_OPTIONS)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(PackServicer(all_rules()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        server.stop(0)
