"""The server behind a load balancer: one host that is healed and rolled without a lost request."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pulumi
import pytest

from components.aws.compute.server_group import AwsServerGroup
from components.kotauth.secret_files import SECRET_FILES
from tests.unit import hosts, recording
from tests.unit.aws import TAGS, untagged
from tests.unit.aws_outputs import arn, engine_name
from tests.unit.recording import Declared, declare

KEY = arn("kms", "key/secrets")
TARGETS = arn("elasticloadbalancing", "targetgroup/kotauth/943f017f100becff")
BALANCER_GROUP, DATABASE_GROUP = "sg-0123456789abcdef0", "sg-0123456789abcdef1"


def served(**more: Any) -> Declared:
    def component() -> AwsServerGroup:
        args: Any = {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
            "containers": [hosts.server(pulumi.Output.from_input("database.test")), hosts.inner()],
            "target_group_arn": TARGETS,
            "load_balancer_security_group_id": BALANCER_GROUP,
            "database_security_group_id": DATABASE_GROUP,
            "secrets": {file: {"arn": arn("secretsmanager", file), "key_arn": KEY} for file in SECRET_FILES},
            "tags": TAGS,
            **more,
        }
        return AwsServerGroup("kotauth", args)

    return declare(component)


@pytest.fixture(scope="module")
def declared() -> Declared:
    return served()


def test_the_group(declared: Declared) -> None:
    """All of it: a physical name would keep the new group from standing beside the old one."""
    assert declared.named("kotauth", ":Group").inputs == {
        "vpcZoneIdentifiers": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "launchTemplate": {"id": "kotauth-id", "version": "1"},
        "minSize": 1,
        "maxSize": 1,
        "desiredCapacity": 1,
        "targetGroupArns": [TARGETS],
        "minElbCapacity": 1,
        "waitForCapacityTimeout": "15m",
        "ignoreFailedScalingActivities": True,
        "healthCheckType": "EC2",
        "healthCheckGracePeriod": 300,
        "metricsGranularity": "1Minute",
        "enabledMetrics": ["GroupInServiceInstances", "GroupDesiredCapacity"],
        "tags": [
            {"key": "Name", "value": "kotauth", "propagateAtLaunch": True},
            {"key": "team", "value": "identity", "propagateAtLaunch": True},
        ],
    }
    assert untagged(declared) == []


def test_a_changed_template_makes_a_new_group_before_the_old_one_goes(declared: Declared) -> None:
    group = declared.named("kotauth", ":Group")
    assert group.replace_on_changes == ("launchTemplate",)
    assert group.delete_before_replace is not True


def test_only_the_load_balancer_reaches_the_hosts(declared: Declared) -> None:
    into_hosts = [
        r.inputs
        for r in declared.of_type(":SecurityGroupIngressRule")
        if r.inputs["securityGroupId"] == declared.outputs["security_group_id"]
    ]
    assert [(rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) for rule in into_hosts] == [
        (BALANCER_GROUP, 443, 443)
    ]
    (out_of_balancer,) = [
        r.inputs for r in declared.of_type(":SecurityGroupEgressRule") if r.inputs["securityGroupId"] == BALANCER_GROUP
    ]
    assert out_of_balancer["referencedSecurityGroupId"] == declared.outputs["security_group_id"]
    assert (out_of_balancer["fromPort"], out_of_balancer["toPort"]) == (443, 443)


def test_a_host_comes_up_only_where_it_is_reached_and_reaches_out(declared: Declared) -> None:
    rules = {r.title for r in declared.resources if r.type.startswith("aws:vpc/")}
    assert len(rules) == 7
    rights = {"RolePolicy kotauth-rights", "Parameter kotauth-boot", "LaunchTemplate kotauth"}
    assert declared.named("kotauth", ":Group").waits_for >= rules | rights


def test_the_gate_asks_for_this_group(declared: Declared) -> None:
    call = declared.named("kotauth-gate-call")
    assert call.inputs["triggers"] == {"group": engine_name("kotauth")}
    asked = json.loads(call.inputs["input"])
    assert (asked["group"], asked["target_group"]) == (engine_name("kotauth"), TARGETS)
    assert "Group kotauth" in call.waits_for


def test_it_is_ready_only_when_the_gate_says_so(declared: Declared) -> None:
    assert declared.outputs == {
        "group_name": engine_name("kotauth"),
        "log_group_name": engine_name("kotauth-log"),
        "security_group_id": "kotauth-group-id",
        "gate_function_name": engine_name("kotauth-gate"),
        "ready": '{"call": "kotauth-gate-call"}',
    }


def test_no_host_starts_before_its_rights_are_there_however_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_: str) -> dict[str, Any]:
        time.sleep(1)
        return {}

    monkeypatch.setitem(recording.OUTPUTS, "aws:iam/rolePolicy:RolePolicy", slow)
    made = [r.title for r in served().resources]
    assert made.index("RolePolicy kotauth-rights") < made.index("LaunchTemplate kotauth") < made.index("Group kotauth")


def test_what_the_hosts_are_made_from() -> None:
    declared = served(
        instance_type="m7i.large",
        image_id="ami-0123456789abcdef0",
        log_retention_days=30.0,
        deletion_protection=False,
        kms_key_arn=KEY,
        watch={"part": "frontend"},
    )
    template = declared.named("kotauth", ":LaunchTemplate").inputs
    assert (template["instanceType"], template["imageId"]) == ("m7i.large", "ami-0123456789abcdef0")
    assert {r.name: (r.inputs["retentionInDays"], r.inputs["kmsKeyId"]) for r in declared.of_type(":LogGroup")} == {
        "kotauth-log": (30, KEY),
        "kotauth-gate-log": (30, KEY),
    }
    assert declared.named("kotauth-host").inputs["forceDestroy"] is True
    user_data = base64.b64decode(template["userData"]).decode()
    assert '"watch": {"part": "frontend", "port": 8080' in user_data
    assert declared.of_type(":Key") == []
