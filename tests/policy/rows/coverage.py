"""Rules of the area `coverage`."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_docker as docker

from policy.testing.change import add

from ..mutation import CAUGHT, NOTHING, PASSED, Case, Impossible, found, state, table

_RULE = "name-unjudged-resources"
_FOUND = found(f"{_RULE}@kotauth-infra-test")
_TYPES = "it counts types, and reads no property"


class Foreign(pulumi.CustomResource):
    """A resource of a provider whose SDK is not installed."""

    def __init__(self, name: str, token: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(token, name, {}, opts)


_SERVICE: Any = {"task_spec": {"container_spec": {"image": "ghcr.io/inumansoul/kotauth:1.22.0"}}}


def _spelled(state: str, token: str) -> Case:
    change = add("other", Foreign, {"token": token})
    return Case(f"{_RULE}-{state}-{token}", (change,), _FOUND if state == CAUGHT else NOTHING, rule=_RULE, state=state)


CASES = (
    state(_RULE, "known", (add("swarm", docker.Service, _SERVICE),), _FOUND),
    state(_RULE, "absent", (), NOTHING),
    Impossible(_TYPES, _RULE, "secret"),
    Impossible(_TYPES, _RULE, "unknown"),
    *(
        _spelled(CAUGHT, token)
        for token in (
            "aws-native:s3:Bucket",
            "aws:elb/loadBalancer:LoadBalancer",
            "aws:ecs/taskDefinition:TaskDefinition",
            "aws:cloudformation/stack:Stack",
            "kubernetes:apps/v1:Deployment",
            "azure-native:dbforpostgresql:Server",
            "gcp:cloudrun/service:Service",
        )
    ),
    *(
        _spelled(PASSED, token)
        for token in (
            # Its ECS services and the like are resources of their own.
            "awsx:ecs:FargateService",
            "aws:ecs/cluster:Cluster",
            "aws:route53/zone:Zone",
            "aws:dynamodb/table:Table",
            "kotauth:index:Part",
            "pulumi:providers:aws-native",
            "tls:index/privateKey:PrivateKey",
        )
    ),
    Case(
        "several resources make one line",
        tuple(add(name, Foreign, {"token": "aws:ecs/taskDefinition:TaskDefinition"}) for name in ("one", "two")),
        _FOUND,
    ),
)

TABLE = table(*CASES)
