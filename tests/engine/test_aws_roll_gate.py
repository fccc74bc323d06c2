"""New servers that never become healthy: whatever is tried then, the old ones serve until others do."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest

from components.aws.functions.roll_gate import handler
from tests.engine.aws_stack import GATE_CALL, GROUP, AwsStack

pytestmark = pytest.mark.engine

BROKEN = "ghcr.io/inumansoul/kotauth:1.98.0"
FIXED = "ghcr.io/inumansoul/kotauth:1.99.0"


class Clock:
    """Time that passes only while the function sleeps."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds


class Hosts:
    """The stack's hosts, of which those with a broken image never become healthy. To moto all are healthy at once.

    It takes the place of boto3 in the gate's function: the real handler runs on the AWS of the stack.
    """

    def __init__(self, stack: AwsStack) -> None:
        self._stack = stack
        self.broken: set[str] = set()
        self.passed: list[str] = []

    def gate(self, _function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Do what Lambda would."""
        found = handler.handle(event, None)
        self.passed.append(event["group"])
        return found

    def client(self, service: str) -> Any:
        return self if service == "elbv2" else self._stack.aws.boto3(service)

    def describe_target_health(self, **arguments: Any) -> dict[str, Any]:
        found = self._stack.aws.boto3("elbv2").describe_target_health(**arguments)
        well = {instance for group in self.groups().values() if not self._is_broken(group) for instance in group[1]}
        for target in found["TargetHealthDescriptions"]:
            if target["Target"]["Id"] not in well:
                target["TargetHealth"] = {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch"}
        return found

    def groups(self) -> dict[str, tuple[dict[str, str], list[str]]]:
        """Return the groups that exist: launch template and hosts by name."""
        found = self._stack.aws.boto3("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return {
            each["AutoScalingGroupName"]: (each["LaunchTemplate"], [host["InstanceId"] for host in each["Instances"]])
            for each in found
        }

    def serving(self) -> set[str]:
        """Return the groups with a healthy host in the target group."""
        (targets,) = self._stack.aws.boto3("elbv2").describe_target_groups()["TargetGroups"]
        health = self.describe_target_health(TargetGroupArn=targets["TargetGroupArn"])["TargetHealthDescriptions"]
        healthy = {each["Target"]["Id"] for each in health if each["TargetHealth"]["State"] == "healthy"}
        return {name for name, (_, hosts) in self.groups().items() if healthy & set(hosts)}

    def _is_broken(self, group: tuple[dict[str, str], list[str]]) -> bool:
        """Read what the hosts boot with, as they do: user data, and the files whose hashes stand there."""
        template, _ = group
        (version,) = self._stack.aws.boto3("ec2").describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=[template["Version"]]
        )["LaunchTemplateVersions"]
        text = base64.b64decode(version["LaunchTemplateData"]["UserData"]).decode()
        files = self._stack.aws.boto3("s3")
        bucket = next(each["Name"] for each in files.list_buckets()["Buckets"] if "-host-" in each["Name"])
        for digest in set(re.findall(r"\b[0-9a-f]{64}\b", text)):
            text += files.get_object(Bucket=bucket, Key=digest)["Body"].read().decode()
        assert "ghcr.io/inumansoul/kotauth:" in text
        return any(image in text for image in self.broken)


@pytest.fixture
def hosts(used: AwsStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """Yield the hosts of a stack that is up and that no test has broken."""
    found = Hosts(used)
    monkeypatch.setattr(handler, "boto3", found)
    monkeypatch.setattr(handler, "time", Clock())
    used.aws.invoke_with("kotauth-server-gate", found.gate)
    used.done()
    assert found.serving() == set(found.groups())
    found.passed.clear()
    yield found
    used.aws.clear()


def break_servers(stack: AwsStack, hosts: Hosts) -> tuple[str, str]:
    """Roll to a broken image; return the group that serves and the one that never will."""
    (old,) = hosts.groups()
    hosts.broken.add(BROKEN)
    stack.configure(image=BROKEN)
    stack.aws.never_healthy(GROUP.partition(" ")[2], times=1)
    result = stack.up(check=False)
    assert result.code
    assert "timeout while waiting for state to become 'ok'" in result.output
    (new,) = hosts.groups().keys() - {old}
    return old, new


def refused(stack: AwsStack, hosts: Hosts, old: str, new: str, *arguments: str) -> None:
    """See one more `up` stopped by the gate, which says why, and the old servers stay."""
    result = stack.up(*arguments, check=False)
    assert result.code
    assert f"Group {new} is not healthy after 840 s, 0 of 1 instances are healthy" in result.output
    assert "The servers that ran before go on serving." in result.output
    assert "table flyway_schema_history" in result.output
    assert hosts.groups().keys() == {old, new}
    assert hosts.serving() == {old}
    assert f"{GROUP} (old)" in stack.resources()


def recovered(stack: AwsStack, hosts: Hosts) -> str:
    """Return the only group that is left; it passed the gate before the first other one was deleted."""
    (left,) = hosts.groups()
    assert hosts.serving() == {left}
    assert hosts.passed == [left]
    done = [(each.operation, f"{each.type.rpartition(':')[2]} {each.name}") for each in stack.done()]
    assert done.index(("create", GATE_CALL)) < done.index(("delete", GROUP))
    assert not [name for name in stack.resources() if name.endswith("(old)")]
    return left


def test_two_failures_and_then_a_fix(used: AwsStack, hosts: Hosts) -> None:
    old, new = break_servers(used, hosts)
    assert hosts.serving() == {old}
    refused(used, hosts, old, new)
    used.configure(image=FIXED)
    used.up()
    assert recovered(used, hosts) not in (old, new)
    assert used.changes() == {}


def test_a_failure_a_refresh_and_then_the_way_back(used: AwsStack, hosts: Hosts) -> None:
    old, new = break_servers(used, hosts)
    refused(used, hosts, old, new, "--refresh")
    used.configure(image="")
    used.up()
    assert recovered(used, hosts) not in (old, new)


def test_servers_that_became_healthy_late(used: AwsStack, hosts: Hosts) -> None:
    """The next `up` keeps them, and only now deletes the old ones."""
    old, new = break_servers(used, hosts)
    hosts.broken.clear()
    used.up()
    assert recovered(used, hosts) == new != old


def test_the_gate_alone_finds_it(used: AwsStack, hosts: Hosts) -> None:
    """Should the provider be content too early, the gate isn't."""
    (old,) = hosts.groups()
    hosts.broken.add(FIXED)
    used.configure(image=FIXED)
    result = used.up(check=False)
    assert result.code
    (new,) = hosts.groups().keys() - {old}
    assert f"Group {new} is not healthy after 840 s" in result.output
    assert hosts.serving() == {old}
    assert not hosts.passed
    used.configure(image="")
    used.up("--refresh")
    assert recovered(used, hosts) not in (old, new)
