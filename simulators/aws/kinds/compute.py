"""EC2: launch templates, instances, volumes."""

from __future__ import annotations

from typing import Any

from ..calls.kind import Call, Kind, RefusedError
from ..calls.tags import specification
from ..checks.launches import request_of_instance

# Inputs of a launch template that stand beside its versions.
_OUTSIDE = ("name", "description", "updateDefaultVersion", "defaultVersion", "tags", "region")


def _template_data(call: Call) -> dict[str, Any]:
    plain = {name: value for name, value in call.inputs.items() if name not in _OUTSIDE}
    return call.members("create_launch_template_version", {"launchTemplateData": plain})["LaunchTemplateData"]


def _create_template(call: Call) -> str:
    given = call.inputs
    tagging = specification("launch-template", given.get("tags", {}))
    about = {"VersionDescription": given["description"]} if "description" in given else {}
    made = call.client.create_launch_template(
        LaunchTemplateName=given["name"], LaunchTemplateData=_template_data(call), **tagging, **about
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
    request = request_of_instance(call.inputs, lambda plain: call.members("run_instances", plain))
    tagging = specification("instance", call.inputs.get("tags", {}))
    made = call.client.run_instances(**request, **tagging, MinCount=1, MaxCount=1)
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
        # With an Elastic IP attached, it is true whatever the program said (terraform-provider-aws #37318).
        "associatePublicIpAddress": "Association" in interface,
        "monitoring": found["Monitoring"]["State"] == "enabled",
    }


def _delete_instance(call: Call) -> None:
    if call.inputs.get("disableApiTermination"):
        raise RefusedError(
            f"The instance '{call.id}' may not be terminated: its 'disableApiTermination' attribute is true"
        )
    call.client.terminate_instances(InstanceIds=[call.id])


def _create_volume(call: Call) -> str:
    given = dict(call.inputs)
    tagging = specification("volume", given.pop("tags", {}))
    return call.client.create_volume(**call.members("create_volume", given), **tagging)["VolumeId"]


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
        refreshed="associatePublicIpAddress monitoring",
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
]
