"""The single host: its address and its volume outlive it, and one host at a time holds them."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.aws.compute.single_host import AwsSingleHost
from components.inputs.error import InvalidInputError
from components.kotauth.secret_files import SECRET_FILES
from tests.unit import hosts
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.aws_outputs import arn, engine_name
from tests.unit.recording import Declared, declare

KEY = arn("kms", "key/secrets")
DATABASE_GROUP = "sg-0123456789abcdef1"


def single_host(**more: Any) -> Declared:
    def component() -> AwsSingleHost:
        args: Any = {
            "vpc_id": "vpc-0123456789abcdef0",
            "subnet_id": "subnet-0123456789abcdef0",
            "availability_zone": "eu-central-1a",
            "containers": [hosts.server(pulumi.Output.from_input("database.test")), hosts.edge()],
            "database_security_group_id": DATABASE_GROUP,
            "secrets": {file: {"arn": arn("secretsmanager", file), "key_arn": KEY} for file in SECRET_FILES},
            "tags": TAGS,
            **more,
        }
        return AwsSingleHost("kotauth", args)

    return declare(component)


@pytest.fixture(scope="module")
def declared() -> Declared:
    return single_host()


def test_the_host(declared: Declared) -> None:
    instance = declared.named("kotauth", ":Instance")
    assert instance.inputs == {
        "subnetId": "subnet-0123456789abcdef0",
        "launchTemplate": {"id": "kotauth-id", "version": "1"},
        "vpcSecurityGroupIds": ["kotauth-group-id"],
        "monitoring": True,
        "tags": {"Name": "kotauth", **TAGS},
    }
    assert instance.replace_on_changes == ("launchTemplate",)
    assert untagged(declared) == []


def test_address_and_volume_pass_from_one_host_to_the_next(declared: Declared) -> None:
    """Two hosts can't hold them: the new one would wait for ever, or pull the volume from under the old one."""
    holders = [declared.named(*each) for each in (("kotauth", ":Instance"), ("kotauth-attachment",))]
    holders.append(declared.named("kotauth-association"))
    assert [holder.delete_before_replace for holder in holders] == [True, True, True]
    assert declared.named("kotauth-attachment").inputs == {
        "instanceId": "kotauth-id",
        "volumeId": "kotauth-volume-id",
        "deviceName": "/dev/sdf",
        "stopInstanceBeforeDetaching": True,
    }
    assert declared.named("kotauth-association").inputs == {
        "instanceId": "kotauth-id",
        "allocationId": "kotauth-address-id",
    }


def test_the_volume_lies_in_the_subnet_s_zone_and_is_encrypted(declared: Declared) -> None:
    assert declared.named("kotauth-volume").inputs == {
        "availabilityZone": "eu-central-1a",
        "size": 1,
        "type": "gp3",
        "encrypted": True,
        "tags": {"Name": "kotauth", **TAGS},
    }
    assert single_host(volume_gb=4.0).named("kotauth-volume").inputs["size"] == 4


@pytest.mark.parametrize("protection", [True, False])
def test_address_and_volume_are_protected_and_nothing_else(protection: bool) -> None:
    declared = single_host(deletion_protection=protection)
    protected = {r.name for r in declared.resources if r.protect}
    assert protected == ({"kotauth-address", "kotauth-volume"} if protection else set())
    assert declared.named("kotauth-host").inputs["forceDestroy"] is not protection


def test_the_world_reaches_two_ports(declared: Declared) -> None:
    group = declared.outputs["security_group_id"]
    into = [r.inputs for r in declared.of_type(":SecurityGroupIngressRule") if r.inputs["securityGroupId"] == group]
    assert sorted((rule["fromPort"], rule["toPort"], rule["cidrIpv4"], rule["ipProtocol"]) for rule in into) == [
        (80, 80, "0.0.0.0/0", "tcp"),
        (443, 443, "0.0.0.0/0", "tcp"),
    ]
    assert [rule for rule in into if not rule["description"]] == []


def test_the_host_knows_its_volume_and_no_change_replaces_it(declared: Declared) -> None:
    assert json.loads(declared.named("kotauth-boot").inputs["value"])["volume_id"] == "kotauth-volume-id"
    assert "GiveUp" not in [statement["Sid"] for statement in statements(declared.named("kotauth-rights"))]
    assert declared.of_type(":Group") == []


def test_a_host_comes_up_only_where_it_is_reached_and_reaches_out(declared: Declared) -> None:
    rules = {r.title for r in declared.resources if r.type.startswith("aws:vpc/")}
    assert len(rules) == 7
    rights = {"RolePolicy kotauth-rights", "Parameter kotauth-boot", "LaunchTemplate kotauth"}
    assert declared.named("kotauth", ":Instance").waits_for >= rules | rights


def test_outputs(declared: Declared) -> None:
    assert declared.outputs == {
        "public_ip": "203.0.113.10",
        "instance_id": "kotauth-id",
        "ready": '{"call": "kotauth-boot-gate-call"}',
        "gate_function_name": engine_name("kotauth-boot-gate"),
        "log_group_name": engine_name("kotauth-log"),
        "security_group_id": "kotauth-group-id",
    }


def test_the_host_counts_as_there_only_with_its_address_and_volume(declared: Declared) -> None:
    args: Any = {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_id": "subnet-0123456789abcdef0",
        "availability_zone": "eu-central-1a",
        "containers": [hosts.inner()],
    }
    declared = declare(lambda: {"resources": AwsSingleHost("kotauth", args).instance_id.resources()})
    waits_for = {type(resource).__name__ for resource in declared.outputs["resources"]}
    assert waits_for >= {"Instance", "VolumeAttachment", "EipAssociation"}


def test_what_the_host_is_made_from() -> None:
    declared = single_host(
        instance_type="m7i.large", image_id="ami-0123456789abcdef0", log_retention_days=30.0, kms_key_arn=KEY
    )
    template = declared.named("kotauth", ":LaunchTemplate").inputs
    assert (template["instanceType"], template["imageId"]) == ("m7i.large", "ami-0123456789abcdef0")
    log = declared.named("kotauth-log").inputs
    assert (log["retentionInDays"], log["kmsKeyId"]) == (30, KEY)


def test_it_is_ready_when_its_own_log_says_so(declared: Declared) -> None:
    call = json.loads(declared.named("kotauth-boot-gate-call").inputs["input"])
    assert (call["instance"], call["log_group"]) == ("kotauth-id", engine_name("kotauth-log"))
    waits_for = declared.named("kotauth-boot-gate-call").waits_for
    assert waits_for >= {
        "Instance kotauth",
        "VolumeAttachment kotauth-attachment",
        "EipAssociation kotauth-association",
    }


def test_a_volume_without_a_size_is_refused() -> None:
    with pytest.raises(InvalidInputError, match='volume_gb = "0": must be size in GB, a whole number from 1 to 1024'):
        single_host(volume_gb=0)
