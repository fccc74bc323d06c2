"""The pack as a whole: crashes, cost, and how it starts."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc, resource_pb2
from pulumi_policy import policy as sdk

from policy.kotauth_policy import catalogue
from policy.kotauth_policy.engine import servicer
from policy.kotauth_policy.engine.resource import Reader, Readers, Resource
from policy.kotauth_policy.engine.rule import Level, Rule, Settings
from policy.kotauth_policy.engine.servicer import PackServicer
from policy.kotauth_policy.engine.value import Value
from policy.kotauth_policy.engine.verdict import Verdict
from policy.kotauth_policy.readers.docker.resources import CONTAINER, VOLUME
from policy.testing.change import put
from policy.testing.docker_program import build
from policy.testing.wire import READERS, REFUSING, RULES, Registered, analyze, register
from tests import processor_time

PACK = Path(__file__).parents[2] / "policy"


def _crashing(rule: Rule) -> Rule:
    def evaluate(resource: Resource, _: Settings) -> Iterator[Verdict]:
        raise KeyError(resource.get("image").text())
        yield

    return replace(rule, evaluate=evaluate)


@pytest.mark.parametrize("level", Level)
def test_a_crash_is_a_mandatory_violation_without_values(level: Level) -> None:
    rules = [_crashing(replace(rule, level=level)) if rule.name == "pin-image" else rule for rule in RULES]
    violations = analyze(register(build()), servicer=PackServicer(rules, READERS))
    assert {violation.rule for violation in violations} == {"pin-image"}
    assert "server" in {violation.resource for violation in violations}
    for violation in violations:
        assert violation.level == proto.MANDATORY
        assert "rule pin-image crashed on urn:pulumi:" in violation.message
        assert "KeyError in test_pack.py line" in violation.message
        assert "docker.io" not in violation.message
        assert "ghcr.io" not in violation.message


@pytest.mark.parametrize("nested", [True, False])
def test_another_target_adds_a_reader_and_changes_no_rule(*, nested: bool) -> None:
    def read(volume: Resource) -> list[Resource]:
        properties = Value("", {"privileged": Value("privileged", True)})
        return [Resource(volume.urn, CONTAINER, "inner", properties, stack=volume.stack)]

    readers = Readers(nested=(Reader(finds=CONTAINER, inside=(VOLUME,), property="spec", read=read),))
    (rule,) = [replace(rule, nested=nested) for rule in RULES if rule.name == "forbid-privileged-containers"]
    violations = analyze(register(build()), servicer=PackServicer([rule], readers))
    assert bool(violations) is nested
    assert all("spec[inner].privileged: is true" in violation.message for violation in violations)


def test_a_wrong_type_is_a_violation() -> None:
    for value in ({"a": "b"}, True):
        (violation,) = analyze(register(build(put("server", "user", value))))
        assert violation.rule == "run-as-non-root"
        assert "user: is not a string" in violation.message


def test_two_rules_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_defined", lambda *_: iter([RULES[0], RULES[0]]))
    with pytest.raises(ValueError, match=f"two rules are named {RULES[0].name}"):
        catalogue.all_rules()


def test_properties_are_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    read = servicer.read_resource
    monkeypatch.setattr(servicer, "read_resource", lambda request: decoded.append(request.urn) or read(request))
    seen_by_the_sdk: list[Any] = []
    monkeypatch.setattr(sdk, "deserialize_properties", lambda properties: seen_by_the_sdk.append(properties) or {})
    registered = register(build())
    assert analyze(registered) == []
    assert sorted(decoded) == sorted([registered.root_request().urn, *(urn for urn, _ in registered.registrations)])
    assert not any(seen_by_the_sdk)


def _again(registered: Registered, number: int) -> Iterator[tuple[str, resource_pb2.RegisterResourceRequest]]:
    """Yield the same resources once more, depending on each other."""
    for urn, original in registered.registrations:
        request = resource_pb2.RegisterResourceRequest()
        request.CopyFrom(original)
        for dependencies in request.propertyDependencies.values():
            urns = [f"{each}-{number}" for each in dependencies.urns]
            del dependencies.urns[:]
            dependencies.urns.extend(urns)
        yield f"{urn}-{number}", request


def test_a_hundred_resources_take_less_than_two_seconds_of_the_processor() -> None:
    registered = register(build())
    many = Registered([entry for number in range(6) for entry in _again(registered, number)][:100])
    assert len(many.registrations) == 100
    assert processor_time.seconds(lambda: analyze(many)) < 2


def test_a_resource_that_was_not_analyzed_is_judged_with_the_stack() -> None:
    registered = register(build(put("server", "privileged", True)))
    pack = PackServicer(RULES, READERS)
    stack = registered.stack_request()
    inputs = {request.urn: request.properties for request in registered.analyze_requests()}
    for each in stack.resources:
        each.properties.CopyFrom(inputs[each.urn])
    (diagnostic,) = pack.AnalyzeStack(stack, REFUSING).diagnostics
    assert diagnostic.policyName == "forbid-privileged-containers"
    assert diagnostic.urn.endswith("::server")


def test_the_sdk_knows_each_rule() -> None:
    info = PackServicer(RULES, READERS).GetAnalyzerInfo(None, None)
    assert [policy.name for policy in info.policies] == [rule.name for rule in RULES]
    described = {policy.name: policy for policy in info.policies}
    for rule in RULES:
        policy = described[rule.name]
        assert policy.description == rule.description
        assert policy.remediation_steps == rule.remedy
        assert policy.enforcementLevel == proto.EnforcementLevel.Value(rule.level.name)
        assert {p.name for p in rule.parameters} == set(policy.configSchema.properties.fields)


def test_the_versions_agree() -> None:
    project = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    assert project["version"] == servicer.VERSION


def test_no_requirement_names_a_registry() -> None:
    requirements = (PACK / "requirements.txt").read_text()
    assert "://" not in requirements
    assert "--index-url" not in requirements.replace("--no-emit-index-url", "")
    assert requirements.count("--hash=sha256:") > requirements.count("==")


def test_it_starts_and_prints_its_port_only() -> None:
    """`make bench` measures how long that takes; here the processor's time counts, whatever else the machine does."""
    start = _processor_time_of_children()
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", "."],
        cwd=PACK,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port.isdecimal()
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                info = analyzer_pb2_grpc.AnalyzerStub(channel).GetAnalyzerInfo(empty_pb2.Empty(), timeout=300)
            assert info.name == "kotauth"
            assert {policy.name: (policy.description, policy.enforcementLevel) for policy in info.policies} == {
                rule.name: (rule.description, proto.EnforcementLevel.Value(rule.level.name)) for rule in RULES
            }
        finally:
            process.terminate()
        assert process.stdout.read() == ""
    assert _processor_time_of_children() - start < 2


def _processor_time_of_children() -> float:
    """Return the seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
