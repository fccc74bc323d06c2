"""What EC2 refuses about a launch: each rule on a mistake planted into what the committed stacks launch."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from simulators.aws.checks.launches import RULES, USER_DATA_BYTES, Launch, refusals
from tests.engine.aws_stack import GROUP, AwsStack

pytestmark = pytest.mark.engine

HOST = "Instance kotauth-server"
GONE = object()
INTERFACE = {"DeviceIndex": 0, "AssociatePublicIpAddress": False}
DISK, MEDIUM = {"DeviceName": "/dev/xvda"}, {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": 30}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0f0f0f0f-0000-4000-8000-000000000000"


def disks(*names: str, **more: Any) -> dict[str, Any]:
    return {"BlockDeviceMappings": [{"DeviceName": name, "Ebs": {**MEDIUM, **more}} for name in names]}


def foreign_group(launch: Launch) -> list[str]:
    """Return the default group of the default VPC."""
    groups = launch.boto3("ec2").describe_security_groups()["SecurityGroups"]
    here = launch.subnets[0]["VpcId"]
    return [next(each["GroupId"] for each in groups if each["VpcId"] != here)]


def other_image(launch: Launch) -> str:
    images = launch.boto3("ec2").describe_images()["Images"]
    return next(each["ImageId"] for each in images if each["Architecture"] == "x86_64")


class Mistake(NamedTuple):
    """What is launched instead, and what EC2 says of it."""

    what: str
    data: Mapping[str, Any]
    """Members of the launch; a function gets the right launch."""
    says: str


MISTAKES = [
    Mistake("a network interface", {"NetworkInterfaces": [INTERFACE]}, "an instance-level security groups may not"),
    Mistake(
        "and a subnet", {"NetworkInterfaces": [INTERFACE], "SubnetId": "it"}, "an instance-level subnet ID may not"
    ),
    Mistake("two interfaces", {"NetworkInterfaces": [INTERFACE, INTERFACE]}, "launching with multiple interfaces"),
    Mistake("groups by name", {"SecurityGroups": ["default"]}, "groupName cannot be used with the parameter subnet"),
    Mistake("another network's group", {"SecurityGroupIds": foreign_group}, "belong to different networks"),
    Mistake("no image", {"ImageId": GONE}, "must contain the parameter ImageId"),
    Mistake("no type", {"InstanceType": GONE}, "must contain the parameter InstanceType"),
    Mistake("another processor", {"ImageId": other_image}, "does not match the architecture 'x86_64'"),
    Mistake(
        "long user data",
        {"UserData": base64.b64encode(b"#" * (USER_DATA_BYTES + 1)).decode()},
        "User data is limited to 16384 bytes",
    ),
    Mistake("plain user data", {"UserData": "#cloud-config"}, "Invalid BASE64 encoding"),
    Mistake("a device's name", disks("xvda"), "Value (xvda) for parameter blockDeviceMapping.deviceName is invalid"),
    Mistake("a device twice", disks("/dev/xvda", "/dev/xvda"), "used in more than one block-device mapping"),
    Mistake("a disk below the image's", disks("/dev/sda1", "/dev/xvda", VolumeSize=1), "smaller than the image's"),
    Mistake("a disk of no size", disks("/dev/sdq", VolumeSize=None), "Either snapshot ID or volume size"),
    Mistake("two names of a profile", {"IamInstanceProfile": {"Arn": "a", "Name": "b"}}, "may not be used in combinat"),
    Mistake("hops", {"MetadataOptions": {"HttpPutResponseHopLimit": 65}}, "between 1 and 64 (got 65)"),
    Mistake("a key without encryption", disks("/dev/xvda", KmsKeyId=KEY, Encrypted=None), "requires the parameter En"),
    Mistake("an alias", disks("/dev/xvda", KmsKeyId=KEY.replace("key/", "alias/")), "must be the ARN of a key"),
    Mistake("a key's id alone", disks("/dev/xvda", KmsKeyId=KEY.rpartition("/")[2]), "must be the ARN of a key"),
]


def launch_of(stack: AwsStack, subnet_ids: list[str], **more: Any) -> Launch:
    """Return what the stack's template launches."""
    ec2 = stack.aws.boto3("ec2")
    (template,) = ec2.describe_launch_templates()["LaunchTemplates"]
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
    data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return Launch({**data, **more}, subnet_ids, stack.aws.boto3, in_group=not more)


@pytest.fixture(scope="module")
def group(production: AwsStack) -> Launch:
    return launch_of(production, production.resources()[GROUP]["inputs"]["vpcZoneIdentifiers"])


@pytest.fixture(scope="module")
def instance(staging: AwsStack) -> Launch:
    given = staging.resources()[HOST]["inputs"]
    return launch_of(staging, [given["subnetId"]], SecurityGroupIds=given["vpcSecurityGroupIds"])


@pytest.fixture(params=["group", "instance"])
def right(request: pytest.FixtureRequest) -> Launch:
    """Return what prod's group launches, and what staging's host is launched with."""
    return request.getfixturevalue(request.param)


def test_what_the_stacks_launch_is_taken(right: Launch) -> None:
    assert list(refusals(right)) == []


def planted(right: Launch, mistake: Mistake) -> Launch:
    wrong = {name: value(right) if callable(value) else value for name, value in mistake.data.items()}
    return replace(right, data={name: value for name, value in {**right.data, **wrong}.items() if value is not GONE})


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda row: row.what)
def test_ec2_refuses(group: Launch, mistake: Mistake) -> None:
    said = list(refusals(planted(group, mistake)))
    assert any(mistake.says in each for each in said), said


@pytest.fixture
def default_key(group: Launch) -> Iterator[Callable[[str], str]]:
    """Yield a function that makes the account's default key for disks one of the customer's, with that user."""
    ec2, kms = group.boto3("ec2"), group.boto3("kms")

    def make(principal: str) -> str:
        policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", '
        policy += f'"Principal": {{"AWS": "{principal}"}}}}]}}'
        key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
        ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
        return key

    yield make
    ec2.reset_ebs_default_kms_key_id()


def test_a_group_needs_a_key_that_its_service_may_use(group: Launch, default_key: Callable[[str], str]) -> None:
    key = default_key("arn:aws:iam::123456789012:root")
    (said,) = refusals(group)
    assert f"the Auto Scaling service's role may not use {key}" in said
    # An instance is launched with the rights of the deployer.
    assert list(refusals(replace(group, in_group=False))) == []
    service = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    default_key(f"arn:aws:iam::123456789012:{service}")
    assert list(refusals(group)) == []


def test_every_rule_has_a_mistake(group: Launch) -> None:
    found = {said.rpartition("[")[2].rstrip("]") for mistake in MISTAKES for said in refusals(planted(group, mistake))}
    assert found == {rule.source for rule in RULES}


def created(stack: AwsStack, name: str, **changed: Any) -> str:
    """Have a resource of the stack made once more with other inputs, and return why it is refused."""
    resource = stack.resources()[name]
    given = {key: value for key, value in resource["inputs"].items() if key != "__defaults"}
    return stack.aws.refusal(resource["urn"], {**given, **changed})


@pytest.mark.parametrize("public", [True, False])
def test_the_flag_on_an_instance_from_a_template_with_groups(staging: AwsStack, public: bool) -> None:
    assert "may not be specified on the same request" in created(staging, HOST, associatePublicIpAddress=public)


def test_a_group_of_a_template_that_can_not_be_launched(production: AwsStack, group: Launch) -> None:
    ec2 = production.aws.boto3("ec2")
    wrong = {**group.data, "ImageId": other_image(group)}
    made = ec2.create_launch_template(LaunchTemplateName="wrong", LaunchTemplateData=wrong)["LaunchTemplate"]
    try:
        said = created(production, GROUP, launchTemplate={"id": made["LaunchTemplateId"], "version": "1"})
    finally:
        ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"])
    assert "does not match the architecture" in said
