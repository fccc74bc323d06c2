"""Rules in the form of the Pulumi SDK, and the data of one call of the engine."""

# The SDK leaves its types open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pulumi_policy as sdk
from pulumi.runtime import proto

from .evaluation import evaluate, evaluated_types
from .report import Finding, Report
from .report_form import excuse
from .resource import Readers, Resource
from .rule import Rule, Settings
from .verdict import Outcome, StackNeededError
from .waivers import Waivers

NAME = "kotauth"
VERSION = "0.1.0"


@dataclass
class Pass:
    """The resources, waivers and results of one call of the engine."""

    resources: Sequence[Resource]
    undecided: Callable[[str, Resource], bool]
    """Whether a rule, by name, is still to be evaluated on a resource."""
    waivers: Waivers
    report: Report
    needs_stack: set[str] = field(default_factory=set[str])
    """Rules that only the whole stack can tell about."""
    diagnostics: list[proto.AnalyzeDiagnostic] = field(default_factory=list[proto.AnalyzeDiagnostic])
    """Diagnostics with another level than that of their rule."""

    _of_types: dict[frozenset[str], list[Resource]] = field(default_factory=dict[frozenset[str], "list[Resource]"])

    def of(self, types: frozenset[str]) -> list[Resource]:
        """Return the resources of these types, found once for all rules about the same types."""
        if types not in self._of_types:
            self._of_types[types] = [resource for resource in self.resources if resource.type in types]
        return self._of_types[types]


current_pass: ContextVar[Pass] = ContextVar("current_pass")


class RulePolicy(sdk.ResourceValidationPolicy, sdk.StackValidationPolicy):
    """A rule as a policy of the SDK, for resources and for stacks under the same name, level and configuration."""

    def __init__(self, rule: Rule, readers: Readers) -> None:
        """Describe the rule to the SDK."""
        schema = {
            parameter.name: {**parameter.kind.schema, "default": parameter.default, "description": parameter.meaning}
            for parameter in rule.parameters
        }
        sdk.Policy.__init__(
            self,
            rule.name,
            rule.description,
            sdk.EnforcementLevel(rule.level.value),
            config_schema=sdk.PolicyConfigSchema(schema) if schema else None,
            severity=sdk.Severity(rule.severity.value),
            tags=[rule.area, *(f"CIS Docker {section}" for section in rule.references.cis)],
            remediation_steps=rule.remedy,
        )
        self.rule = rule
        self.types = evaluated_types(rule, readers)
        self._readers = readers

    def has_validation(self) -> bool:
        """Return true: every rule validates."""
        return True

    def has_remediation(self) -> bool:
        """Return false: rules change no resource, because a remediation writes secrets to the state in clear text."""
        return False

    def validate(self, args: Any, report_violation: Callable[..., None]) -> None:  # noqa: ANN401 - either kind's
        """Evaluate the resources of the current call."""
        current = current_pass.get()
        settings = Settings(self.rule.parameters, args.get_config())
        for resource in current.of(self.types):
            if not current.undecided(self.name, resource):
                continue
            try:
                verdicts = evaluate(self.rule, resource, settings, self._readers)
            except StackNeededError:
                current.needs_stack.add(self.name)
                continue
            findings = [
                Finding(verdict, current.waivers.find(self.name, resource.urn, verdict)) for verdict in verdicts
            ]
            current.report.add(self.name, resource.urn, findings)
            for finding in findings:
                self._tell(finding, resource.urn, current, report_violation)

    def _tell(self, finding: Finding, urn: str, current: Pass, report_violation: Callable[..., None]) -> None:
        verdict, waiver = finding.verdict, finding.waiver
        if waiver:
            message = f"{verdict.message}\n{excuse(waiver.owner, waiver.expires.isoformat(), waiver.reason)}"
            current.diagnostics.append(diagnostic(self.rule, message, proto.ADVISORY, urn))
        elif verdict.outcome is Outcome.CRASH:
            crash = f"rule {self.name} crashed on {urn}: {verdict.message}\nReport this defect of the policy pack."
            # Mandatory at any level of the rule: the crash hides the rule's verdict.
            current.diagnostics.append(diagnostic(self.rule, crash, proto.MANDATORY, urn))
        elif verdict.outcome is not Outcome.PASS:
            report_violation(f"{verdict.message}\n{self.rule.remedy}", urn)


def diagnostic(
    rule: Rule, message: str, level: proto.EnforcementLevel.ValueType, urn: str = ""
) -> proto.AnalyzeDiagnostic:
    """Return a diagnostic with a level other than its rule's; without a URN it is about the stack."""
    return proto.AnalyzeDiagnostic(
        policyName=rule.name,
        policyPackName=NAME,
        policyPackVersion=VERSION,
        description=rule.description,
        message=f"{rule.description}\n{message}",
        urn=urn,
        enforcementLevel=level,
        severity=proto.PolicySeverity.Value(f"POLICY_SEVERITY_{rule.severity.name}"),
    )
