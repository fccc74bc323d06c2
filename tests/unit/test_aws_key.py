"""Customer keys, and rules between security groups."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws
import pytest

from components.aws.observability.logs import RETENTIONS, parse_retention
from components.aws.security.key import Service, customer_managed_key
from components.aws.security.security_groups import allow_between
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.recording import Declared, below_a_parent, declare


def made(services: Sequence[Service] = (), *, protect: bool = False) -> Declared:
    return declare(
        lambda: customer_managed_key(
            "key", "Encrypts a test", below_a_parent(protect=protect), services=services, tags=TAGS
        )
    )


def test_a_key_rotates_and_is_hard_to_lose() -> None:
    declared = made()
    key = declared.named("key")
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["deletionWindowInDays"] == 30
    assert key.inputs["description"] == "Encrypts a test"
    assert "bypassPolicyLockoutSafetyCheck" not in key.inputs
    assert declared.named("key-alias").inputs == {"targetKeyId": "key-id"}
    assert {r.parent for r in declared.of_type("") if r.type.startswith("aws:")} == {"parent"}
    assert untagged(declared) == []


def test_a_key_that_must_stay_is_protected_but_not_its_alias() -> None:
    declared = made(protect=True)
    assert [r.name for r in declared.resources if r.protect] == ["key"]


def test_without_services_only_the_account_decides() -> None:
    assert statements(made().named("key")) == [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Action": "kms:*",
            "Resource": "*",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        }
    ]


def test_services_are_let_in_as_aws_documents_it() -> None:
    """A condition on a key that a service doesn't send would close the topic to it."""
    _, logs, alarms = statements(made(["logs", "alarms"]).named("key"))
    assert logs == {
        "Sid": "Logs",
        "Effect": "Allow",
        "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Principal": {"Service": "logs.eu-central-1.amazonaws.com"},
        "Condition": {
            "StringLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:111122223333:log-group:*"}
        },
    }
    assert alarms == {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
    }


def test_two_groups_that_speak() -> None:
    declared = declare(
        lambda: allow_between(
            "database",
            client_group="sg-client",
            server_group="sg-server",
            port=5432,
            description="PostgreSQL from the servers",
            tags=TAGS,
            opts=pulumi.ResourceOptions(),
        )
    )
    common = {
        "ipProtocol": "tcp",
        "fromPort": 5432,
        "toPort": 5432,
        "description": "PostgreSQL from the servers",
        "tags": TAGS,
    }
    assert declared.named("database-egress", ":SecurityGroupEgressRule").inputs == {
        **common,
        "securityGroupId": "sg-client",
        "referencedSecurityGroupId": "sg-server",
    }
    assert declared.named("database-ingress", ":SecurityGroupIngressRule").inputs == {
        **common,
        "securityGroupId": "sg-server",
        "referencedSecurityGroupId": "sg-client",
    }


@pytest.mark.parametrize("days", [365, "365", 365.0])
def test_days_of_logs_come_in_any_form(days: object) -> None:
    assert parse_retention(days) == 365


@pytest.mark.parametrize("days", [0, 99, -1, 365.5, "", "a year", True])
def test_days_that_cloudwatch_does_not_take(days: object) -> None:
    with pytest.raises(ValueError, match=r"^must be a retention of CloudWatch Logs in days: 1, 3, 5, .*, 3653$"):
        parse_retention(days)


def test_the_days_are_those_that_the_provider_documents() -> None:
    documented = re.search(r"Possible values are: ([^.]*)", aws.cloudwatch.LogGroup.retention_in_days.__doc__ or "")
    assert documented
    assert set(map(int, re.findall(r"\d+", documented[1]))) == {*RETENTIONS, 0}
