"""The committed stack staging: the single host goes before the next one takes its address and disk."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from components.aws.functions.boot_gate import handler
from tests.certificates import Issued, issued
from tests.clock import Clock
from tests.engine.aws_stack import DATABASE, AwsStack
from tests.engine.saved_stacks import SavedStacks

pytestmark = pytest.mark.engine

HOST, DISK, ADDRESS = (
    "Instance kotauth-server",
    "VolumeAttachment kotauth-server-attachment",
    "EipAssociation kotauth-server-association",
)


GATE_CALL = "Invocation kotauth-server-boot-gate-call"
READY = ("ready", "ok", "")


class Boots:
    """Boots of hosts, each of which says what the test wants; the gate's real handler reads it on the stack's AWS."""

    def __init__(self, stack: AwsStack) -> None:
        self.stack = stack
        self.last_line: tuple[str, str, str] = READY
        self.asked: list[str] = []

    def gate(self, _function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Do what Lambda would."""
        assert event["instance"] in running(self.stack)
        self.asked.append(event["instance"])
        for stage, outcome, detail in (("logs", "ok", ""), self.last_line):
            self._write(event, {"kotauth": "boot", "stage": stage, "outcome": outcome, "detail": detail})
        with patch.object(handler, "boto3", self), patch.object(handler, "time", Clock()):
            return handler.handle(event, None)

    def client(self, service: str) -> Any:
        return self.stack.aws.boto3(service)

    def _write(self, event: dict[str, Any], line: dict[str, str]) -> None:
        logs = self.client("logs")
        names = {"logGroupName": event["log_group"], "logStreamName": f"{event['instance']}/host"}
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(**names)
        said = {"timestamp": int(time.time() * 1000), "message": json.dumps(line)}
        logs.put_log_events(**names, logEvents=[said])


@pytest.fixture
def boots(saved_stacks: SavedStacks, tmp_path: Path) -> Iterator[Boots]:
    with saved_stacks.copy("staging", tmp_path) as stack:
        boots = Boots(stack)
        stack.aws.invoke_with("kotauth-server-boot-gate", boots.gate)
        yield boots


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


def test_another_image_makes_another_host_with_the_same_address_and_disk(boots: Boots) -> None:
    staging = boots.stack
    image = "ghcr.io/inumansoul/kotauth:1.23.0"
    assert staging.changes(image=image) == {
        "LaunchTemplate kotauth-server": "update: userData",
        "BucketObjectv2 kotauth-server-*": "create and delete",
        HOST: "replace: launchTemplate",
        DISK: "replace",
        ADDRESS: "replace",
        GATE_CALL: "replace",
        "MetricAlarm kotauth-watch-instance-status": "update: dimensions",
        "MetricAlarm kotauth-watch-instance-cpu-credits": "update: dimensions",
        "Dashboard kotauth-watch": "update: dashboardBody",
    }
    before, old = what_stays(staging), running(staging)
    staging.configure(image=image)
    staging.up()
    assert what_stays(staging) == before
    new = running(staging)
    assert boots.asked == new, "an `up` ends when its host is ready"
    assert len(old) == len(new) == 1
    assert old != new

    done = [(each.operation, f"{each.type.rpartition(':')[2]} {each.name}") for each in staging.done()]
    order = [each for each in done if each[1] in (HOST, DISK, ADDRESS)]
    assert sorted(order[:2]) == [("delete", ADDRESS), ("delete", DISK)]
    assert order[2:4] == [("delete", HOST), ("create", HOST)]
    assert sorted(order[4:]) == [("create", ADDRESS), ("create", DISK)]
    assert not [each for each in done if each[1] == DATABASE]


def test_a_new_certificate_is_a_new_version_of_its_secret_and_no_new_host(boots: Boots) -> None:
    staging = boots.stack
    folder = staging.project.path / "tls"
    folder.mkdir()
    first, second = (issued("auth.staging.example.org", end=days) for days in (30, 60))

    def put(certificate: Issued) -> None:
        (folder / "chain.pem").write_text(certificate.chain)
        (folder / "key.pem").write_text(certificate.key)

    put(first)
    staging.configure(
        frontend="nginx", certificates="files", certificateChain="tls/chain.pem", certificateKey="tls/key.pem"
    )
    staging.up()
    (host,) = running(staging)
    secret = staging.resources()["Secret kotauth-certificate"]["id"]
    value = {"SecretId": secret, "VersionStage": "AWSCURRENT"}
    read = staging.aws.boto3("secretsmanager").get_secret_value
    assert read(**value)["SecretString"] == first.chain + first.key
    put(second)
    staging.done()
    staging.up()
    assert running(staging) == [host]
    assert read(**value)["SecretString"] == second.chain + second.key
    assert [each.name for each in staging.done()] == ["kotauth-certificate-version"]
    for certificate in (first, second):
        assert certificate.key.splitlines()[1] not in json.dumps(staging.project.state())


def test_a_host_that_is_never_ready_fails_each_up_until_it_is(boots: Boots) -> None:
    stack = boots.stack
    boots.last_line = ("images", "failed", "CommandError: docker pull: exit code 1: no route to host")
    stack.configure(image="ghcr.io/inumansoul/kotauth:1.24.0")
    host = ""
    for _ in range(2):
        result = stack.up(check=False)
        assert result.code
        (host,) = running(stack)
        assert f"Host {host} is not ready after 840 s, the last line of its boot" in result.output
        assert "docker pull: exit code 1: no route to host" in result.output
        assert "Mend what the line names, then run `pulumi up` again" in result.output
    boots.last_line = READY
    stack.up()
    assert boots.asked == [host] * 3
    assert running(stack) == [host]
    assert stack.changes() == {}
