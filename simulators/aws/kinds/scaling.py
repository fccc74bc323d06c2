"""Auto Scaling groups. The wait for healthy instances is in `control/`."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind, Step

_GROUP_ONLY_HERE = (
    "waitForCapacityTimeout",
    "minElbCapacity",
    "waitForElbCapacity",
    "forceDelete",
    "forceDeleteWarmPool",
    "ignoreFailedScalingActivities",
)


def _group_members(call: Call, operation: str) -> dict[str, Any]:
    plain = {
        name: value
        for name, value in call.inputs.items()
        if name not in ("tags", "enabledMetrics", "metricsGranularity", *_GROUP_ONLY_HERE)
    }
    if "vpcZoneIdentifiers" in plain:
        plain["VPCZoneIdentifier"] = ",".join(plain.pop("vpcZoneIdentifiers"))
    if operation.startswith("update"):
        plain.pop("targetGroupArns", None)
    return call.members(operation, plain)


def _group_tags(call: Call, inputs: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "ResourceId": call.inputs["name"],
            "ResourceType": "auto-scaling-group",
            "Key": each["key"],
            "Value": each["value"],
            "PropagateAtLaunch": each["propagateAtLaunch"],
        }
        for each in inputs.get("tags", [])
    ]


def _create_group(call: Call) -> str:
    tags = _group_tags(call, call.inputs)
    call.client.create_auto_scaling_group(**_group_members(call, "create_auto_scaling_group"), Tags=tags)
    return call.inputs["name"]


def _set_metrics(call: Call) -> None:
    old, new = set(call.old.get("enabledMetrics", ())), set(call.inputs.get("enabledMetrics", ()))
    granularity = call.inputs.get("metricsGranularity", "1Minute")
    if new:
        call.client.enable_metrics_collection(
            AutoScalingGroupName=call.id, Granularity=granularity, Metrics=sorted(new)
        )
    if gone := sorted(old - new):
        call.client.disable_metrics_collection(AutoScalingGroupName=call.id, Metrics=gone)


def _set_group_tags(call: Call) -> None:
    old, new = _group_tags(call, call.old), _group_tags(call, call.inputs)
    kept = {each["Key"] for each in new}
    if gone := [each for each in old if each["Key"] not in kept]:
        call.client.delete_tags(Tags=gone)
    if new:
        call.client.create_or_update_tags(Tags=new)


def _set_target_groups(call: Call) -> None:
    old, new = set(call.old.get("targetGroupArns", ())), set(call.inputs.get("targetGroupArns", ()))
    if new - old:
        call.client.attach_load_balancer_target_groups(AutoScalingGroupName=call.id, TargetGroupARNs=sorted(new - old))
    if old - new:
        call.client.detach_load_balancer_target_groups(AutoScalingGroupName=call.id, TargetGroupARNs=sorted(old - new))


def _group_outputs(call: Call, found: Any) -> dict[str, Any]:
    return {
        "arn": found["AutoScalingGroupARN"],
        "availabilityZones": found["AvailabilityZones"],
        "vpcZoneIdentifiers": call.inputs.get("vpcZoneIdentifiers", []),
        "serviceLinkedRoleArn": f"arn:aws:iam::{found['AutoScalingGroupARN'].split(':')[4]}:role/aws-service-role/"
        "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    }


KINDS = [
    Kind(
        "aws:autoscaling/group:Group",
        "autoscaling",
        _create_group,
        read=("describe_auto_scaling_groups", lambda id: {"AutoScalingGroupNames": [id]}, "AutoScalingGroups[0]"),
        update=lambda call: call.client.update_auto_scaling_group(**_group_members(call, "update_auto_scaling_group")),
        delete=("delete_auto_scaling_group", lambda id: {"AutoScalingGroupName": id, "ForceDelete": True}),
        names={
            "name": "AutoScalingGroupName",
            "id": "LaunchTemplateId",
            "targetGroupArns": "TargetGroupARNs",
            "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
            **dict.fromkeys(_GROUP_ONLY_HERE),
        },
        steps=(
            Step("enabledMetrics metricsGranularity", _set_metrics),
            Step("tags", _set_group_tags, create=False),
            Step("targetGroupArns", _set_target_groups, create=False),
        ),
        outputs=_group_outputs,
    ),
]
