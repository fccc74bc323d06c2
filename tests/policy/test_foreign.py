"""The pack on programs that it was not written for: exact violations, in messages that any team understands.

All of them on recorded wire requests; tests/engine/test_policy_foreign.py previews those that the simulator can play.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import proto

from policy.testing.wire import RULES, analyze, register

from .foreign import (
    api,
    appliance,
    cluster,
    compose,
    deploy_role,
    fargate,
    kotauth_host,
    lake,
    login,
    reports,
    scaling,
    static_site,
    webhooks,
    wiki,
    wordpress,
)

Outputs = dict[str, dict[str, Any]]


def nothing() -> None:
    """Make no resource at all."""


PROGRAMS: dict[str, tuple[Callable[[], None], frozenset[str], Outputs]] = {
    "WordPress": (wordpress.program, wordpress.EXPECTED, {}),
    "public site": (static_site.public, static_site.PUBLIC, {}),
    "public site, after an update": (static_site.public, static_site.PUBLIC_LATER, static_site.LATER),
    "site behind CloudFront": (static_site.behind_cloudfront, static_site.BEHIND_CLOUDFRONT, {}),
    "Fargate": (fargate.program, fargate.EXPECTED, {}),
    "compose": (compose.program, compose.EXPECTED, {}),
    "functions": (api.program, api.EXPECTED, {}),
    "functions, after an update": (api.program, api.EXPECTED, api.LATER),
    "scaling group": (scaling.program, scaling.EXPECTED, {}),
    "scaling group, after an update": (scaling.program, scaling.EXPECTED, scaling.LATER),
    "EKS": (cluster.program, cluster.EXPECTED, {}),
    "EKS, after an update": (cluster.program, cluster.EXPECTED, cluster.LATER),
    "webhooks": (webhooks.program, webhooks.EXPECTED, {}),
    "webhooks, after an update": (webhooks.program, webhooks.EXPECTED, webhooks.LATER),
    "deploy roles": (deploy_role.program, deploy_role.EXPECTED, {}),
    "deploy roles, after an update": (deploy_role.program, deploy_role.EXPECTED_LATER, deploy_role.LATER),
    "data lake": (lake.program, lake.EXPECTED, {}),
    "data lake, after an update": (lake.program, lake.EXPECTED_LATER, lake.LATER),
    "wiki": (wiki.program, wiki.EXPECTED, {}),
    "wiki, after an update": (wiki.program, wiki.EXPECTED, wiki.LATER),
    "another login": (login.program, login.EXPECTED, {}),
    "another login, after an update": (login.program, login.EXPECTED, login.LATER),
    "appliance": (appliance.program, appliance.EXPECTED, {}),
    "appliance, after an update": (appliance.program, appliance.EXPECTED, appliance.LATER),
    "restored database": (reports.program, reports.EXPECTED, {}),
    "restored database, after an update": (reports.program, reports.EXPECTED, reports.LATER),
    "Kotauth on a host": (kotauth_host.program, kotauth_host.EXPECTED, {}),
    "Kotauth on a host, after an update": (kotauth_host.program, kotauth_host.EXPECTED, kotauth_host.LATER),
    "nothing": (nothing, frozenset(), {}),
}

LEVELS = {rule.name: proto.EnforcementLevel.Value(rule.level.name) for rule in RULES}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_pack_finds_exactly_this(name: str) -> None:
    program, expected, outputs = PROGRAMS[name]
    violations = analyze(register(program, outputs))
    found = {f"{violation.rule}@{violation.resource}": violation for violation in violations}
    assert set(found) == expected
    for violation in violations:
        assert "crashed" not in violation.message
        assert violation.level == LEVELS[violation.rule]
        assert wordpress.PASSWORD not in violation.message
        # Only the labels, which are the pack's own, and which registries are allowed, name us.
        words = violation.message.replace("`kotauth.", "").replace("ghcr.io/inumansoul", "")
        ours = program is kotauth_host.program or violation.rule in ("probe-targets", "overwrite-forwarded-headers")
        assert ours or "kotauth" not in words.lower(), words


@pytest.mark.parametrize(
    ("program", "expected", "outputs"),
    [
        (login.program, login.EXPECTED, login.LATER),
        (scaling.program, scaling.EXPECTED, scaling.LATER),
    ],
    ids=["Docker", "AWS"],
)
def test_names_tell_what_a_state_without_dependencies_does_not(
    program: Callable[[], None], expected: frozenset[str], outputs: Outputs
) -> None:
    registered = register(program, outputs)
    for _, request in registered.registrations:
        request.propertyDependencies.clear()
    assert {f"{each.rule}@{each.resource}" for each in analyze(registered)} == expected


def test_user_data_that_only_an_update_knows_is_refused_with_a_way_out() -> None:
    def template() -> None:
        queue = aws.sqs.Queue("queue")
        aws.ec2.LaunchTemplate(
            "template", user_data=queue.url.apply("#!/bin/sh\nworker {}\n".format), instance_type="t4g.small"
        )

    (violation,) = [each for each in analyze(register(template)) if each.rule == "keep-secrets-out-of-user-data"]
    assert "cannot be evaluated at preview: property userData is unknown" in violation.message
    assert "in an `aws.ssm.Parameter` that the host reads at boot." in violation.message


def test_a_type_that_no_rule_knows_is_left_alone() -> None:
    class Thing(pulumi.CustomResource):
        def __init__(self, name: str, **inputs: Any) -> None:
            super().__init__("foreign:index/thing:Thing", name, inputs)

    open_thing = {"privileged": True, "password": "hunter2hunter2", "public": ["0.0.0.0/0"]}
    assert analyze(register(lambda: Thing("thing", **open_thing))) == []
