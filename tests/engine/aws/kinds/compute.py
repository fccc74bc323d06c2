"""EC2: launch templates, instances, volumes, and Auto Scaling groups."""

from __future__ import annotations

from typing import Any

from ..kind import Call, Kind, Step
from ..tags import pairs

# Inputs of a launch template that stand beside its versions.
_OUTSIDE = ("name", "description", "updateDefaultVersion", "defaultVersion", "tags", "region")
_GROUP_ONLY_HERE = (
    "waitForCapacityTimeout",
    "minElbCapacity",
    "waitForElbCapacity",
    "forceDelete",
    "forceDeleteWarmPool",
    "ignoreFailedScalingActivities",
)


def _template_data(call: Call) -> dict[str, Any]:
    plain = {name: value for name, value in call.inputs.items() if name not in _OUTSIDE}
    return call.members("create_launch_template_version", {"launchTemplateData": plain})["LaunchTemplateData"]


def _create_template(call: Call) -> str:
    given = call.inputs
    tags = [{"ResourceType": "launch-template", "Tags": pairs(given["tags"])}] if given.get("tags") else []
    about = {"VersionDescription": given["description"]} if "description" in given else {}
    made = call.client.create_launch_template(
        LaunchTemplateName=given["name"], LaunchTemplateData=_template_data(call), TagSpecifications=tags, **about
    )
    return made["LaunchTemplate"]["LaunchTemplateId"]


def _change_template(call: Call) -> None:
    names = {name for name in {*call.old, *call.inputs} if call.changed(name)}
    version = 0
    if names - {"name", "updateDefaultVersion", "defaultVersion", "tags"}:
        about = {"VersionDescription": call.inputs["description"]} if "description" in call.inputs else {}
        made = call.client.create_launch_template_version(
            LaunchTemplateId=call.id, LaunchTemplateData=_template_data(call), **about
        )
        version = made["LaunchTemplateVersion"]["VersionNumber"]
    if call.inputs.get("updateDefaultVersion") and version:
        call.client.modify_launch_template(LaunchTemplateId=call.id, DefaultVersion=str(version))
    elif "defaultVersion" in names & call.inputs.keys():
        call.client.modify_launch_template(LaunchTemplateId=call.id, DefaultVersion=str(call.inputs["defaultVersion"]))


def _template_outputs(call: Call, found: Any) -> dict[str, Any]:
    return {
        "arn": call.arn(f"launch-template/{call.id}"),
        "latestVersion": found["LatestVersionNumber"],
        "defaultVersion": call.inputs.get("defaultVersion", found["DefaultVersionNumber"]),
    }


def _run_instance(call: Call) -> str:
    given = dict(call.inputs)
    tags, public = given.pop("tags", {}), given.pop("associatePublicIpAddress", None)
    if public is not None:
        interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": public, "SubnetId": given.pop("subnetId")}
        interface |= {"Groups": given.pop("vpcSecurityGroupIds")} if "vpcSecurityGroupIds" in given else {}
        more: dict[str, Any] = {"NetworkInterfaces": [interface]}
    else:
        more = {}
    if tags:
        more["TagSpecifications"] = [{"ResourceType": "instance", "Tags": pairs(tags)}]
    made = call.client.run_instances(**call.members("run_instances", given), **more, MinCount=1, MaxCount=1)
    return made["Instances"][0]["InstanceId"]


def _instance_outputs(call: Call, found: Any) -> dict[str, Any]:
    interface = next(iter(found.get("NetworkInterfaces", [])), {})
    return {
        "arn": call.arn(f"instance/{call.id}"),
        "availabilityZone": found["Placement"]["AvailabilityZone"],
        "ami": found["ImageId"],
        "instanceState": found["State"]["Name"],
        "publicIp": found.get("PublicIpAddress", ""),
        "privateIp": found.get("PrivateIpAddress", ""),
        "publicDns": found.get("PublicDnsName", ""),
        "privateDns": found.get("PrivateDnsName", ""),
        "primaryNetworkInterfaceId": interface.get("NetworkInterfaceId", ""),
        "vpcSecurityGroupIds": [each["GroupId"] for each in found["SecurityGroups"]],
    }


def _delete_instance(call: Call) -> None:
    if call.inputs.get("disableApiTermination"):
        raise OSError(f"The instance '{call.id}' may not be terminated: its 'disableApiTermination' attribute is true")
    call.client.terminate_instances(InstanceIds=[call.id])


def _create_volume(call: Call) -> str:
    given = dict(call.inputs)
    tags = given.pop("tags", {})
    more = {"TagSpecifications": [{"ResourceType": "volume", "Tags": pairs(tags)}]} if tags else {}
    return call.client.create_volume(**call.members("create_volume", given), **more)["VolumeId"]


def _delete_volume(call: Call) -> None:
    given = call.inputs
    if given.get("finalSnapshot"):
        call.client.create_snapshot(VolumeId=call.id)
    call.client.delete_volume(VolumeId=call.id)


def _attach(call: Call) -> str:
    call.client.attach_volume(**call.members("attach_volume", call.inputs))
    return f"vai-{call.inputs['volumeId'].removeprefix('vol-')}"


def _attachment(call: Call) -> dict[str, Any] | None:
    found = call.client.describe_volumes(VolumeIds=[call.inputs["volumeId"]])["Volumes"][0]["Attachments"]
    return next((each for each in found if each["InstanceId"] == call.inputs["instanceId"]), None)


def _detach(call: Call) -> None:
    call.client.detach_volume(VolumeId=call.inputs["volumeId"], InstanceId=call.inputs["instanceId"])


def _address(call: Call) -> dict[str, Any] | None:
    found = call.client.describe_addresses(Filters=[{"Name": "association-id", "Values": [call.id]}])["Addresses"]
    return next(iter(found), None)


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


def _group_tag(call: Call) -> str:
    whose, tag = call.inputs["autoscalingGroupName"], call.inputs["tag"]
    named = {"ResourceId": whose, "ResourceType": "auto-scaling-group", "Key": tag["key"]}
    more = {"Value": tag["value"], "PropagateAtLaunch": tag["propagateAtLaunch"]}
    call.client.create_or_update_tags(Tags=[{**named, **more}])
    return f"{whose},{tag['key']}"


def _find_group_tag(call: Call) -> dict[str, Any] | None:
    whose, _, key = call.id.partition(",")
    filters = [{"Name": "auto-scaling-group", "Values": [whose]}, {"Name": "key", "Values": [key]}]
    return next(iter(call.client.describe_tags(Filters=filters)["Tags"]), None)


def _remove_group_tag(call: Call) -> None:
    whose, _, key = call.id.partition(",")
    call.client.delete_tags(Tags=[{"ResourceId": whose, "ResourceType": "auto-scaling-group", "Key": key}])


KINDS = [
    Kind(
        "aws:ec2/launchTemplate:LaunchTemplate",
        "ec2",
        _create_template,
        read=("describe_launch_templates", lambda id: {"LaunchTemplateIds": [id]}, "LaunchTemplates[0]"),
        update=_change_template,
        delete=("delete_launch_template", lambda id: {"LaunchTemplateId": id}),
        names={"vpcSecurityGroupIds": "SecurityGroupIds", "securityGroupNames": "SecurityGroups"},
        outputs=_template_outputs,
        renewed={
            "latestVersion": "* !name !description !defaultVersion !updateDefaultVersion",
        },
    ),
    Kind(
        "aws:ec2/instance:Instance",
        "ec2",
        _run_instance,
        read=(
            "describe_instances",
            lambda id: {"InstanceIds": [id]},
            "Reservations[0].Instances[?State.Name!='terminated'] | [0]",
        ),
        delete=_delete_instance,
        names={
            "ami": "ImageId",
            "id": "LaunchTemplateId",
            "name": "LaunchTemplateName",
            "vpcSecurityGroupIds": "SecurityGroupIds",
            "userDataBase64": "UserData",
            "userDataReplaceOnChange": None,
        },
        outputs=_instance_outputs,
    ),
    Kind(
        "aws:ebs/volume:Volume",
        "ec2",
        _create_volume,
        read=("describe_volumes", lambda id: {"VolumeIds": [id]}, "Volumes[0]"),
        update=("modify_volume", lambda id: {"VolumeId": id}),
        delete=_delete_volume,
        names={"type": "VolumeType", "finalSnapshot": None},
        outputs=lambda call, found: {"arn": call.arn(f"volume/{call.id}")},
    ),
    Kind(
        "aws:ec2/volumeAttachment:VolumeAttachment",
        "ec2",
        _attach,
        read=_attachment,
        delete=_detach,
        names={
            "deviceName": "Device",
            "stopInstanceBeforeDetaching": None,
            "forceDetach": None,
            "skipDestroy": None,
        },
    ),
    Kind(
        "aws:ec2/eipAssociation:EipAssociation",
        "ec2",
        "associate_address",
        id="AssociationId",
        read=_address,
        delete=("disassociate_address", lambda id: {"AssociationId": id}),
    ),
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
    Kind(
        "aws:autoscaling/tag:Tag",
        "autoscaling",
        _group_tag,
        read=_find_group_tag,
        update=_group_tag,
        delete=_remove_group_tag,
    ),
]
