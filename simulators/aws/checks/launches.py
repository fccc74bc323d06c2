"""Checks for launches that EC2 refuses, each with its source: of instances, and of groups from their template.

EC2 looks at the request and the template's data together, where the request overrides the template. Of a group that is
what its hosts are launched with later: it would be made, and stay empty.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from ..calls.kind import Call, RefusedError, is_gone

USER_DATA_BYTES = 16384
_KEY_ARN = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-f-]+"
_DEVICE = r"/dev/(sd[a-z]\d*|xvd[a-z]{1,2}\d*)"
_SCALING_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/"


@dataclass(frozen=True)
class Launch:
    """A launch: the template's data under the request's, and where."""

    data: Mapping[str, Any]
    subnet_ids: Sequence[str]
    """The subnets of the request: one for an instance, several for a group."""
    boto3: Callable[[str], Any]
    in_group: bool = False

    @property
    def interfaces(self) -> list[Mapping[str, Any]]:
        """The network interfaces that are asked for by name."""
        return self.data.get("NetworkInterfaces", [])

    @property
    def disks(self) -> list[Mapping[str, Any]]:
        """The disks of EBS."""
        return [device for device in self.data.get("BlockDeviceMappings", []) if device.get("Ebs")]

    @cached_property
    def groups(self) -> list[Mapping[str, Any]]:
        """The security groups of the host and of its interfaces."""
        ids = {
            *self.data.get("SecurityGroupIds", []),
            *(id for interface in self.interfaces for id in interface.get("Groups", [])),
        }
        return self.boto3("ec2").describe_security_groups(GroupIds=sorted(ids))["SecurityGroups"] if ids else []

    @cached_property
    def subnets(self) -> list[Mapping[str, Any]]:
        """All subnets of the launch, those of its network interfaces included."""
        ids = {*self.subnet_ids, *(interface["SubnetId"] for interface in self.interfaces if "SubnetId" in interface)}
        return self.boto3("ec2").describe_subnets(SubnetIds=sorted(ids))["Subnets"] if ids else []

    @cached_property
    def image(self) -> Mapping[str, Any]:
        """The machine image."""
        return self.boto3("ec2").describe_images(ImageIds=[self.data["ImageId"]])["Images"][0]


def check_launch(call: Call) -> None:
    """Look at what an instance or a group of them is to be launched with.

    Raises:
        RefusedError: EC2 would refuse it.
    """
    if call.kind.token not in _LAUNCHES or (call.old and not call.changed("launchTemplate", "vpcZoneIdentifiers")):
        return
    for refused in refusals(_LAUNCHES[call.kind.token](call)):
        raise RefusedError(refused)


def refusals(launch: Launch) -> Iterator[str]:
    """Yield what EC2 would say, and the source of that."""
    for rule in RULES:
        for said in rule.says(launch):
            yield f"{said} [{rule.source}]"


def request_of_instance(
    given: Mapping[str, Any], members: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """Return the request that the real provider makes of an instance's inputs, without tags.

    It sends an interface for either value of `associatePublicIpAddress`, with subnet and groups in it, and always says
    whether to monitor (terraform-provider-aws, `buildInstanceOpts` in internal/service/ec2/ec2_instance.go).
    """
    plain = {name: value for name, value in given.items() if name not in ("tags", "region")}
    public, monitored = plain.pop("associatePublicIpAddress", None), plain.pop("monitoring", False)
    more: dict[str, Any] = {"Monitoring": {"Enabled": monitored}}
    if public is not None and "subnetId" in plain:
        interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": public, "SubnetId": plain.pop("subnetId")}
        interface |= {"Groups": plain.pop("vpcSecurityGroupIds")} if "vpcSecurityGroupIds" in plain else {}
        more["NetworkInterfaces"] = [interface]
    return {**members(plain), **more}


def _instance(call: Call) -> Launch:
    request = request_of_instance(call.inputs, lambda plain: call.members("run_instances", plain))
    template = _template(call.of_aws("ec2"), call.inputs.get("launchTemplate"))
    return Launch({**template, **request}, [request["SubnetId"]] if "SubnetId" in request else [], call.of_aws)


def _group(call: Call) -> Launch:
    data = _template(call.of_aws("ec2"), call.inputs.get("launchTemplate"))
    return Launch(data, call.inputs.get("vpcZoneIdentifiers", []), call.of_aws, in_group=True)


def _template(ec2: Any, named: Mapping[str, Any] | None) -> dict[str, Any]:
    if not named:
        return {}
    which = {"LaunchTemplateId": named["id"]} if "id" in named else {"LaunchTemplateName": named["name"]}
    version = str(named.get("version", "$Default"))
    versions = ec2.describe_launch_template_versions(**which, Versions=[version])["LaunchTemplateVersions"]
    if not versions:
        raise RefusedError(f"Could not find launch template version {version}")
    return versions[0]["LaunchTemplateData"]


def _interfaces_beside_groups(launch: Launch) -> Iterator[str]:
    if launch.interfaces and (launch.data.get("SecurityGroupIds") or launch.data.get("SecurityGroups")):
        yield "Network interfaces and an instance-level security groups may not be specified on the same request"


def _interfaces_beside_a_subnet(launch: Launch) -> Iterator[str]:
    if launch.interfaces and launch.data.get("SubnetId"):
        yield "Network interfaces and an instance-level subnet ID may not be specified on the same request"


def _public_addresses_of_several(launch: Launch) -> Iterator[str]:
    if len(launch.interfaces) > 1 and any("AssociatePublicIpAddress" in interface for interface in launch.interfaces):
        yield "The associatePublicIPAddress parameter cannot be specified when launching with multiple interfaces"


def _groups_by_name(launch: Launch) -> Iterator[str]:
    if launch.data.get("SecurityGroups") and launch.subnets:
        yield "The parameter groupName cannot be used with the parameter subnet"


def _networks(launch: Launch) -> Iterator[str]:
    for group in launch.groups:
        for subnet in launch.subnets:
            if group["VpcId"] != subnet["VpcId"]:
                names = f"{group['GroupId']} and subnet {subnet['SubnetId']}"
                yield f"Security group {names} belong to different networks"


def _required(launch: Launch) -> Iterator[str]:
    for name in ("ImageId", "InstanceType"):
        if not launch.data.get(name):
            yield f"The request must contain the parameter {name}"


def _architecture(launch: Launch) -> Iterator[str]:
    if not launch.data.get("ImageId") or not launch.data.get("InstanceType"):
        return
    kinds = launch.boto3("ec2").describe_instance_types(InstanceTypes=[launch.data["InstanceType"]])["InstanceTypes"]
    offered, wanted = kinds[0]["ProcessorInfo"]["SupportedArchitectures"], launch.image["Architecture"]
    if wanted not in offered:
        yield (
            f"The architecture '{','.join(offered)}' of the specified instance type does not match the architecture "
            f"'{wanted}' of the specified AMI"
        )


def _user_data(launch: Launch) -> Iterator[str]:
    text = launch.data.get("UserData", "")
    try:
        size = len(base64.b64decode(text, validate=True))
    except ValueError:
        yield "Invalid BASE64 encoding of user data"
        return
    if size > USER_DATA_BYTES:
        yield f"User data is limited to {USER_DATA_BYTES} bytes"


def _device_names(launch: Launch) -> Iterator[str]:
    names = [str(device.get("DeviceName", "")) for device in launch.data.get("BlockDeviceMappings", [])]
    for name in names:
        if not re.fullmatch(_DEVICE, name):
            yield f"Value ({name}) for parameter blockDeviceMapping.deviceName is invalid. Not a valid device name"
        elif names.count(name) > 1:
            yield f"The device '{name}' is used in more than one block-device mapping"


def _disk_sizes(launch: Launch) -> Iterator[str]:
    image = launch.image if launch.data.get("ImageId") else {}
    brought = {device["DeviceName"]: device.get("Ebs", {}) for device in image.get("BlockDeviceMappings", [])}
    for disk in launch.disks:
        name, size = disk["DeviceName"], disk["Ebs"].get("VolumeSize")
        smallest = brought.get(name, {}).get("VolumeSize", 0)
        if size is not None and size < smallest:
            yield f"Volume of size {size}GB is smaller than the image's snapshot, expect size >= {smallest}GB"
        elif size is None and name not in brought and "SnapshotId" not in disk["Ebs"]:
            yield f"Either snapshot ID or volume size must be provided for: {name}"


def _profile(launch: Launch) -> Iterator[str]:
    if len(launch.data.get("IamInstanceProfile") or {}) > 1:
        yield "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'"


def _hops(launch: Launch) -> Iterator[str]:
    hops = (launch.data.get("MetadataOptions") or {}).get("HttpPutResponseHopLimit", 1)
    if not 1 <= hops <= 64:
        yield f"The HttpPutResponseHopLimit must be an integer between 1 and 64 (got {hops})"


def _key_forms(launch: Launch) -> Iterator[str]:
    for disk in launch.disks:
        key = disk["Ebs"].get("KmsKeyId")
        if key and not disk["Ebs"].get("Encrypted"):
            yield "The parameter KmsKeyId requires the parameter Encrypted to be set"
        # The provider itself refuses what is no ARN; an alias is one, and reads back as the key's.
        if key and not re.fullmatch(_KEY_ARN, key):
            yield f'"{key}" must be the ARN of a key, and no alias'


def _keys_of_a_group(launch: Launch) -> Iterator[str]:
    if not launch.in_group or not launch.disks:
        return
    default = launch.boto3("ec2").get_ebs_default_kms_key_id()["KmsKeyId"]
    for key in {disk["Ebs"].get("KmsKeyId", default) for disk in launch.disks if disk["Ebs"].get("Encrypted")}:
        if not _may_launch(launch.boto3("kms"), key):
            yield f"Client.InvalidKMSKey.InvalidState: the Auto Scaling service's role may not use {key}"


def _may_launch(kms: Any, key: str) -> bool:
    """Whether the service-linked role of Auto Scaling may encrypt disks with a key: AWS's own says so itself."""
    try:
        if key.endswith("alias/aws/ebs") or kms.describe_key(KeyId=key)["KeyMetadata"]["KeyManager"] == "AWS":
            return True
    except ClientError as error:
        if not is_gone(error):
            raise
        return False
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    grants = kms.list_grants(KeyId=key)["Grants"]
    given = [
        *(statement.get("Principal", {}) for statement in policy["Statement"]),
        *(grant["GranteePrincipal"] for grant in grants),
    ]
    return any(_SCALING_ROLE in json.dumps(principal) for principal in given)


class Rule(NamedTuple):
    """What EC2 refuses, and where that is written."""

    source: str
    says: Callable[[Launch], Iterator[str]]


_API = "EC2 API reference, RunInstances"
RULES = (
    Rule("terraform-provider-aws #32614; pulumi-aws #2506", _interfaces_beside_groups),
    Rule("aws-cli #518", _interfaces_beside_a_subnet),
    Rule(f"{_API}, InstanceNetworkInterfaceSpecification", _public_addresses_of_several),
    Rule("aws-cli #1555", _groups_by_name),
    Rule("EC2 API reference, error codes, InvalidParameter", _networks),
    Rule(f"{_API}, ImageId and InstanceType", _required),
    Rule("EC2 API reference, error codes, InvalidParameterValue", _architecture),
    Rule(f"{_API}, UserData; solana #19913", _user_data),
    Rule("EC2 User Guide, device names for volumes", _device_names),
    Rule("EC2 API reference, error codes, InvalidBlockDeviceMapping", _disk_sizes),
    Rule("EC2 API reference, IamInstanceProfileSpecification", _profile),
    Rule("EC2 API reference, InstanceMetadataOptionsRequest", _hops),
    Rule("EC2 API reference, EbsBlockDevice; terraform-provider-aws, verify.ValidARN of kms_key_id", _key_forms),
    Rule(
        "EC2 Auto Scaling User Guide, required KMS key policy for encrypted volumes; terraform-provider-aws #8422",
        _keys_of_a_group,
    ),
)
_LAUNCHES: dict[str, Callable[[Call], Launch]] = {
    "aws:ec2/instance:Instance": _instance,
    "aws:autoscaling/group:Group": _group,
}
