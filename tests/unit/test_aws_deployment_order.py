"""The order in which a deployment on AWS is made: what a host needs is there before it starts."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.unit import recording
from tests.unit.aws_deployments import ALB, SECRET_FILES, deployed
from tests.unit.aws_outputs import REGION
from tests.unit.recording import Declared

ALL_SECRETS = {f"SecretVersion kotauth-{file}-version" for file in SECRET_FILES}
WAYS_OUT = {
    *(f"Route kotauth-network-private-{REGION}{zone}-way-out" for zone in "ab"),
    *(f"RouteTableAssociation kotauth-network-private-{REGION}{z}-routes-in-{REGION}{z}" for z in "ab"),
    "Route kotauth-network-public-way-out",
    "VpcEndpoint kotauth-network-s3",
}
DATABASE = "Instance kotauth-database-instance"


def test_the_role_s_function_waits_for_what_it_needs(alb: Declared) -> None:
    assert alb.before("Invocation kotauth-database-role-call") >= {DATABASE, *ALL_SECRETS, *WAYS_OUT}


def test_a_host_starts_after_all_that_it_needs(alb: Declared) -> None:
    assert alb.before("Group kotauth-server") >= {
        "Invocation kotauth-database-role-call",
        *(DATABASE, *ALL_SECRETS, *WAYS_OUT),
        "ListenerRule kotauth-public-name",
        "CertificateValidation kotauth-certificate-issued",
        "RolePolicy kotauth-server-rights",
        "Parameter kotauth-server-boot",
        "LogGroup kotauth-server-log",
        *(r.title for r in alb.of_type(":BucketObjectv2")),
        *(f"SecurityGroup{way}Rule kotauth-server-to-database-{way.lower()}" for way in ("Ingress", "Egress")),
        *(f"SecurityGroup{way}Rule kotauth-server-from-load-balancer-{way.lower()}" for way in ("Ingress", "Egress")),
    }


def test_a_single_host_starts_after_all_that_it_needs(caddy: Declared) -> None:
    assert caddy.before("Instance kotauth-server") >= {
        "Invocation kotauth-database-role-call",
        *(DATABASE, *ALL_SECRETS),
        f"RouteTableAssociation kotauth-network-public-routes-in-{REGION}a",
        "Route kotauth-network-public-way-out",
        "RolePolicy kotauth-server-rights",
        "Parameter kotauth-server-boot",
        *(r.title for r in caddy.of_type(":BucketObjectv2")),
        "SecurityGroupIngressRule kotauth-server-from-443",
    }


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("aws:lambda/invocation:Invocation", "Invocation kotauth-database-role-call"),
        ("aws:lb/listenerRule:ListenerRule", "ListenerRule kotauth-public-name"),
    ],
)
def test_the_group_waits_however_slow_it_is(monkeypatch: pytest.MonkeyPatch, kind: str, title: str) -> None:
    """Beside the recorded dependencies: a resource that doesn't wait is registered in that second."""

    def slow(name: str) -> dict[str, Any]:
        if title.endswith(f" {name}"):
            time.sleep(1)
        return {}

    monkeypatch.setitem(recording.OUTPUTS, kind, slow)
    made = [r.title for r in deployed(ALB).resources]
    assert made.index(title) < made.index("LaunchTemplate kotauth-server") < made.index("Group kotauth-server")
