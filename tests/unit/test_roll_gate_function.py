"""What the gate does, against an emulated AWS in this process (moto)."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from components.aws.functions.roll_gate import handler
from components.aws.functions.roll_gate.handler import NotHealthyError, handle
from tests.clock import Clock
from tests.unit.aws_outputs import REGION


class Cloud:
    """A group in a target group, that all becomes healthy at once."""

    def __init__(self) -> None:
        ec2 = boto3.client("ec2", REGION)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        self.template = ec2.create_launch_template(
            LaunchTemplateName="hosts", LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "t4g.small"}
        )["LaunchTemplate"]["LaunchTemplateId"]
        self.balancing = boto3.client("elbv2", REGION)
        self.autoscaling = boto3.client("autoscaling", REGION)
        self.targets = self.balancing.create_target_group(Name="hosts", Protocol="HTTPS", Port=443, VpcId=vpc)[
            "TargetGroups"
        ][0]["TargetGroupArn"]

    def group(self, name: str, size: int = 1) -> list[str]:
        """Make a group, and return the ids of its instances."""
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateId": self.template, "Version": "1"},
            MinSize=0,
            MaxSize=size,
            DesiredCapacity=size,
            TargetGroupARNs=[self.targets],
            VPCZoneIdentifier=self.subnet,
        )
        (group,) = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return [instance["InstanceId"] for instance in group["Instances"]]

    def deregister(self, instance: str) -> None:
        self.balancing.deregister_targets(TargetGroupArn=self.targets, Targets=[{"Id": instance}])

    def register(self, instance: str) -> None:
        self.balancing.register_targets(TargetGroupArn=self.targets, Targets=[{"Id": instance}])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(handler, "time", clock)
    return clock


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, emulated_aws: None) -> Cloud:
    # Its catalogue takes seconds to read, for each test.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    return Cloud()


@pytest.fixture
def health(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Return the table of what the load balancer says of a target, where it isn't healthy: moto knows no probes."""
    from botocore.client import BaseClient  # noqa: PLC0415 - this fixture's only

    said: dict[str, dict[str, str]] = {}
    call = BaseClient._make_api_call

    def answer(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        found = call(client, operation, arguments)
        if operation == "DescribeTargetHealth":
            for target in found["TargetHealthDescriptions"]:
                target["TargetHealth"] = said.get(target["Target"]["Id"], target["TargetHealth"])
        return found

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    return said


def ask(cloud: Cloud, group: str = "new", limit: int = 60) -> dict[str, Any]:
    return handle({"group": group, "target_group": cloud.targets, "limit_seconds": limit}, None)


UNHEALTHY = {
    "State": "unhealthy",
    "Reason": "Target.ResponseCodeMismatch",
    "Description": "Health checks failed with these codes: [503]",
}
INITIAL = {
    "State": "initial",
    "Reason": "Elb.InitialHealthChecking",
    "Description": "Initial health checks in progress",
}


def test_a_healthy_group_passes_at_once(cloud: Cloud, clock: Clock) -> None:
    cloud.group("new")
    assert ask(cloud) == {"healthy": 1}
    assert clock.now == 1000


def test_it_waits_for_every_instance(cloud: Cloud, clock: Clock, health: dict[str, dict[str, str]]) -> None:
    one, two = cloud.group("new", 2)
    health.update({one: INITIAL, two: INITIAL})
    clock.events = [(20, lambda: health.pop(one)), (40, lambda: health.pop(two))]
    assert ask(cloud) == {"healthy": 2}
    assert clock.now == 1040


def test_an_old_group_that_is_healthy_does_not_count(
    cloud: Cloud, clock: Clock, health: dict[str, dict[str, str]]
) -> None:
    cloud.group("old")
    (new,) = cloud.group("new")
    health[new] = UNHEALTHY
    with pytest.raises(NotHealthyError, match="0 of 1 instances are healthy"):
        ask(cloud)


def test_it_says_what_is_wrong_with_each(cloud: Cloud, clock: Clock, health: dict[str, dict[str, str]]) -> None:
    one, two, three = cloud.group("new", 3)
    health[one] = UNHEALTHY
    cloud.deregister(two)
    with pytest.raises(NotHealthyError) as failure:
        ask(cloud)
    assert str(failure.value) == (
        f"Group new is not healthy after 60 s, 1 of 3 instances are healthy: "
        f"{one} is InService and Healthy, its target unhealthy "
        "(Target.ResponseCodeMismatch Health checks failed with these codes: [503]); "
        f"{two} is InService and Healthy, its target not registered; "
        f"{three} is InService and Healthy, its target healthy. "
        "The servers that ran before go on serving. A failed newer version may have migrated the database: "
        "look at table flyway_schema_history and at the server's log before going back to the older version."
    )


def test_it_ends_within_its_limit(cloud: Cloud, clock: Clock, health: dict[str, dict[str, str]]) -> None:
    (one,) = cloud.group("new")
    health[one] = INITIAL
    with pytest.raises(NotHealthyError):
        ask(cloud, limit=840)
    assert 820 <= clock.now - 1000 <= 840


def test_fewer_instances_than_wanted_are_not_enough(
    cloud: Cloud, clock: Clock, monkeypatch: pytest.MonkeyPatch, health: dict[str, dict[str, str]]
) -> None:
    """Of two wanted one is there and healthy; moto starts all at once, so the other's record is taken away."""
    cloud.group("new", 2)
    look = cloud.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["new"])
    look["AutoScalingGroups"][0]["Instances"].pop()
    monkeypatch.setattr(
        handler.boto3, "client", lambda service: _Fixed(look) if service == "autoscaling" else cloud.balancing
    )
    with pytest.raises(NotHealthyError, match="1 of 2 instances are healthy"):
        ask(cloud)


class _Fixed:
    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def describe_auto_scaling_groups(self, **_: object) -> dict[str, Any]:
        return self._answer


def test_an_instance_that_leaves_the_group_does_not_count(cloud: Cloud, clock: Clock) -> None:
    (one,) = cloud.group("new")
    cloud.autoscaling.enter_standby(AutoScalingGroupName="new", InstanceIds=[one], ShouldDecrementDesiredCapacity=True)
    cloud.register(one)
    with pytest.raises(NotHealthyError, match=f"{one} is Standby"):
        ask(cloud)


def test_a_group_without_instances_is_not_healthy(cloud: Cloud, clock: Clock) -> None:
    cloud.group("new", 1)
    cloud.autoscaling.set_desired_capacity(AutoScalingGroupName="new", DesiredCapacity=0)
    with pytest.raises(NotHealthyError, match="0 of 1 instances are healthy: none"):
        ask(cloud)


def test_a_group_that_is_not_seen_yet(cloud: Cloud, clock: Clock) -> None:
    clock.events = [(30, lambda: cloud.group("new"))]
    assert ask(cloud) == {"healthy": 1}
    with pytest.raises(NotHealthyError, match="Group other is not healthy after 60 s"):
        ask(cloud, "other")


def test_rights_that_are_not_known_everywhere_yet(cloud: Cloud, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.group("new")
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "not yet"}}, "DescribeAutoScalingGroups")
    answers = iter([denied, denied])
    look = handler._look

    def refused_twice(*arguments: Any) -> Any:
        for error in answers:
            raise error
        return look(*arguments)

    monkeypatch.setattr(handler, "_look", refused_twice)
    assert ask(cloud) == {"healthy": 1}
    assert clock.now == 1020


def test_what_can_not_be_read_is_said_in_the_end(cloud: Cloud, clock: Clock) -> None:
    cloud.group("new")
    with pytest.raises(NotHealthyError, match=r"the state can't be read: .*TargetGroupNotFound"):
        handle({"group": "new", "target_group": cloud.targets + "0", "limit_seconds": 60}, None)
