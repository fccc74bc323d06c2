"""The stack that is measured: 100 resources which break no rule, and copies of them.

It is the compliant stack on AWS, containers of the one on Docker, and two buckets. So nearly all areas have something
to evaluate, and a rule that got slow shows. Copies are made of what was recorded on the wire: a program would take
longer to register 10,000 resources than the pack takes to evaluate them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import proto

from policy.testing import aws_program, docker_program
from policy.testing.change import Args, put, resolve
from policy.testing.wire import register

RESOURCES = 100
"""Resources of one block."""
PROJECT, STACK = "kotauth-infra", "test"
"""What the recorded URNs say."""


def program() -> None:
    """Register one block. The engine runs this, too."""
    aws = aws_program.compliant()
    bucket = {name: resource for name, resource in aws.items() if name.startswith("files")}
    for number, resources in enumerate((aws, _workers(), bucket, bucket)):
        made: dict[str, Any] = {}
        for name, (kind, args) in resources.items():
            options = pulumi.ResourceOptions(**args.get("opts", {}))
            inputs = {key: resolve(value, made) for key, value in args.items() if key != "opts"}
            made[name] = kind(f"{number}-{name}" if number else name, **inputs, opts=options)


def _workers() -> dict[str, tuple[Any, Args]]:
    """Return the Docker stack without the parts that the AWS stack also has: server, frontend, backup and alarm."""
    resources = docker_program.compliant()
    for name in ("backups", "spool", "backup-dump", "backup-store", "alarm"):
        del resources[name]
    for container in ("server", "frontend"):
        put(container, "labels.0.value", "worker")(resources)
    put("frontend", "ports", [])(resources)
    return resources


@dataclass(frozen=True)
class Requests:
    """The requests that the engine sends to a policy pack for a stack."""

    resources: list[proto.AnalyzeRequest]
    stack: proto.AnalyzeStackRequest


def record() -> Requests:
    """Record one block on the wire."""
    registered = register(program)
    resources, stack = list(registered.analyze_requests()), registered.stack_request()
    if len(resources) != RESOURCES:
        raise AssertionError(f"a block has {RESOURCES} resources, not {len(resources)}")
    for resource, request in zip(stack.resources, resources, strict=True):
        # A rule may not need the properties, but the pack has to decode them.
        resource.properties.CopyFrom(request.properties)
    return Requests(resources, stack)


def copies(block: Requests, resources: int) -> Requests:
    """Return a stack of so many resources, a multiple of a block's: each copy depends on itself only."""
    blocks = [_copy(block, f"-{number}") for number in range(resources // RESOURCES)]
    return Requests(
        [request for copy in blocks for request in copy.resources],
        proto.AnalyzeStackRequest(resources=[resource for copy in blocks for resource in copy.stack.resources]),
    )


def _copy(block: Requests, suffix: str) -> Requests:
    resources: list[proto.AnalyzeRequest] = []
    for original in block.resources:
        resource = proto.AnalyzeRequest()
        resource.CopyFrom(original)
        resource.urn, resource.name = original.urn + suffix, original.name + suffix
        resources.append(resource)
    stack = proto.AnalyzeStackRequest()
    stack.CopyFrom(block.stack)
    for resource in stack.resources:
        resource.urn, resource.name = resource.urn + suffix, resource.name + suffix
        _rename(resource.propertyDependencies, suffix)
    return Requests(resources, stack)


def _rename(dependencies: Mapping[str, proto.AnalyzerPropertyDependencies], suffix: str) -> None:
    for dependency in dependencies.values():
        urns = [urn + suffix for urn in dependency.urns]
        del dependency.urns[:]
        dependency.urns.extend(urns)
