"""New servers that never become healthy: whatever is tried then, the old ones serve until others do."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from components.aws.functions.roll_gate import handler
from tests.clock import Clock
from tests.engine.aws_stack import GATE_CALL, GROUP, AwsStack

pytestmark = pytest.mark.engine

BROKEN = "ghcr.io/inumansoul/kotauth:1.98.0"
FIXED = "ghcr.io/inumansoul/kotauth:1.99.0"


class Hosts:
    """The stack's hosts, of which those with a broken image never become healthy. To moto all are healthy at once.

    It takes the place of boto3 in the gate's function: the real handler runs on the AWS of the stack.
    """

    def __init__(self, stack: AwsStack) -> None:
        self.stack = stack
        self.broken: set[str] = set()
        self.passed: list[str] = []

    def gate(self, _function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Do what Lambda would."""
        found = handler.handle(event, None)
        self.passed.append(event["group"])
        return found

    def client(self, service: str) -> Any:
        return self if service == "elbv2" else self.stack.aws.boto3(service)

    def describe_target_health(self, **arguments: Any) -> dict[str, Any]:
        found = self.stack.aws.boto3("elbv2").describe_target_health(**arguments)
        well = {instance for group in self.groups().values() if not self._is_broken(group) for instance in group[1]}
        for target in found["TargetHealthDescriptions"]:
            if target["Target"]["Id"] not in well:
                target["TargetHealth"] = {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch"}
        return found

    def groups(self) -> dict[str, tuple[dict[str, str], list[str]]]:
        """Return the groups that exist: launch template and hosts by name."""
        found = self.stack.aws.boto3("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return {
            each["AutoScalingGroupName"]: (each["LaunchTemplate"], [host["InstanceId"] for host in each["Instances"]])
            for each in found
        }

    def serving(self) -> set[str]:
        """Return the groups with a healthy host in the target group."""
        (targets,) = self.stack.aws.boto3("elbv2").describe_target_groups()["TargetGroups"]
        health = self.describe_target_health(TargetGroupArn=targets["TargetGroupArn"])["TargetHealthDescriptions"]
        healthy = {each["Target"]["Id"] for each in health if each["TargetHealth"]["State"] == "healthy"}
        return {name for name, (_, hosts) in self.groups().items() if healthy & set(hosts)}

    def _is_broken(self, group: tuple[dict[str, str], list[str]]) -> bool:
        """Read what the hosts boot with, as they do: user data, and the files whose hashes stand there."""
        template, _ = group
        (version,) = self.stack.aws.boto3("ec2").describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]]
        )["LaunchTemplateVersions"]
        text = base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode()
        files = self.stack.aws.boto3("s3")
        bucket = next(each["Name"] for each in files.list_buckets()["Buckets"] if "-host-" in each["Name"])
        for digest in set(re.findall(r"\b[0-9a-f]{64}\b", text)):
            text += files.get_object(Bucket=bucket, Key=digest)["Body"].read().decode()
        assert "ghcr.io/inumansoul/kotauth:" in text
        return any(image in text for image in self.broken)


@pytest.fixture
def hosts(own_production: AwsStack, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Return the hosts of a stack that is up."""
    found = Hosts(own_production)
    monkeypatch.setattr(handler, "boto3", found)
    monkeypatch.setattr(handler, "time", Clock())
    own_production.aws.invoke_with("kotauth-server-gate", found.gate)
    assert found.serving() == set(found.groups())
    return found


def break_servers(hosts: Hosts) -> tuple[str, str]:
    """Roll to a broken image; return the group that serves and the one that never will."""
    (old,) = hosts.groups()
    hosts.broken.add(BROKEN)
    hosts.stack.configure(image=BROKEN)
    hosts.stack.aws.never_healthy(GROUP.partition(" ")[2], times=1)
    result = hosts.stack.up(check=False)
    assert result.code
    assert "timeout while waiting for state to become 'ok'" in result.output
    (new,) = hosts.groups().keys() - {old}
    return old, new


def refused(hosts: Hosts, old: str, new: str, *arguments: str) -> None:
    """See one more `up` stopped by the gate, which says why, and the old servers stay."""
    result = hosts.stack.up(*arguments, check=False)
    assert result.code
    assert f"Group {new} is not healthy after 840 s, 0 of 1 instances are healthy" in result.output
    assert "The servers that ran before go on serving." in result.output
    assert "table flyway_schema_history" in result.output
    assert hosts.groups().keys() == {old, new}
    assert hosts.serving() == {old}
    assert f"{GROUP} (old)" in hosts.stack.resources()


def recovered(hosts: Hosts) -> str:
    """Return the only group that is left; it passed the gate before the first other one was deleted."""
    (left,) = hosts.groups()
    assert hosts.serving() == {left}
    assert hosts.passed == [left]
    done = [(each.operation, f"{each.type.rpartition(':')[2]} {each.name}") for each in hosts.stack.done()]
    assert done.index(("create", GATE_CALL)) < done.index(("delete", GROUP))
    assert not [name for name in hosts.stack.resources() if name.endswith("(old)")]
    return left


def test_two_failures_and_then_a_fix(hosts: Hosts) -> None:
    old, new = break_servers(hosts)
    assert hosts.serving() == {old}
    refused(hosts, old, new)
    hosts.stack.configure(image=FIXED)
    hosts.stack.up()
    assert recovered(hosts) not in (old, new)
    assert hosts.stack.changes() == {}


def test_a_failure_a_refresh_and_then_the_way_back(hosts: Hosts) -> None:
    old, new = break_servers(hosts)
    refused(hosts, old, new, "--refresh")
    hosts.stack.configure(image="")
    hosts.stack.up()
    assert recovered(hosts) not in (old, new)


def test_servers_that_became_healthy_late(hosts: Hosts) -> None:
    """The next `up` keeps them, and only now deletes the old ones."""
    old, new = break_servers(hosts)
    hosts.broken.clear()
    hosts.stack.up()
    assert recovered(hosts) == new != old


def test_the_gate_alone_finds_it(hosts: Hosts) -> None:
    """Should the provider be content too early, the gate isn't."""
    (old,) = hosts.groups()
    hosts.broken.add(FIXED)
    hosts.stack.configure(image=FIXED)
    result = hosts.stack.up(check=False)
    assert result.code
    (new,) = hosts.groups().keys() - {old}
    assert f"Group {new} is not healthy after 840 s" in result.output
    assert hosts.serving() == {old}
    assert not hosts.passed
    hosts.stack.configure(image="")
    hosts.stack.up("--refresh")
    assert recovered(hosts) not in (old, new)
