"""The committed stack staging: a host at the edge goes before the next one takes its address and disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.aws_stack import DATABASE, AwsStack, aws_stack

pytestmark = pytest.mark.engine

HOST, DISK, ADDRESS = (
    "Instance kotauth-server",
    "VolumeAttachment kotauth-server-attachment",
    "EipAssociation kotauth-server-association",
)


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Iterator[AwsStack]:
    with aws_stack(tmp_path_factory.mktemp("staging"), "staging") as stack:
        stack.up()
        stack.done()
        yield stack


def what_stays(stack: AwsStack) -> dict[str, str]:
    """Return what the world knows the host by, and what it keeps its certificates on."""
    ec2, names = stack.aws.boto3("ec2"), stack.aws.boto3("route53")
    (address,) = ec2.describe_addresses()["Addresses"]
    (volume,) = [each for each in ec2.describe_volumes()["Volumes"] if each["Size"] == 1]
    (zone,) = names.list_hosted_zones()["HostedZones"]
    records = names.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    (record,) = [each for each in records if each["Type"] == "A"]
    (host,) = volume["Attachments"]
    assert host["InstanceId"] == address["InstanceId"]
    assert record["ResourceRecords"] == [{"Value": address["PublicIp"]}]
    return {"address": address["AllocationId"], "volume": volume["VolumeId"], "name": record["Name"]}


def running(stack: AwsStack) -> list[str]:
    reservations = stack.aws.boto3("ec2").describe_instances()["Reservations"]
    hosts = [host for each in reservations for host in each["Instances"]]
    return [host["InstanceId"] for host in hosts if host["State"]["Name"] == "running"]


def test_after_an_up_nothing_is_left_to_do(staging: AwsStack) -> None:
    assert staging.changes() == {}
    assert staging.project.outputs()["loadBalancerName"] == ""
    assert what_stays(staging)["name"] == "auth.staging.example.org."


def test_another_image_makes_another_host_with_the_same_address_and_disk(staging: AwsStack) -> None:
    image = "ghcr.io/inumansoul/kotauth:1.23.0"
    assert staging.changes(image=image) == {
        "LaunchTemplate kotauth-server": "update: userData",
        "BucketObjectv2 kotauth-server-*": "create and delete",
        HOST: "replace: launchTemplate",
        DISK: "replace",
        ADDRESS: "replace",
        "MetricAlarm kotauth-watch-instance-status": "update: dimensions",
        "MetricAlarm kotauth-watch-instance-cpu-credits": "update: dimensions",
        "Dashboard kotauth-watch": "update: dashboardBody",
    }
    before, old = what_stays(staging), running(staging)
    staging.configure(image=image)
    staging.up()
    assert what_stays(staging) == before
    new = running(staging)
    assert len(old) == len(new) == 1
    assert old != new

    done = [(each.operation, f"{each.type.rpartition(':')[2]} {each.name}") for each in staging.done()]
    order = [each for each in done if each[1] in (HOST, DISK, ADDRESS)]
    assert sorted(order[:2]) == [("delete", ADDRESS), ("delete", DISK)]
    assert order[2:4] == [("delete", HOST), ("create", HOST)]
    assert sorted(order[4:]) == [("create", ADDRESS), ("create", DISK)]
    assert not [each for each in done if each[1] == DATABASE]
