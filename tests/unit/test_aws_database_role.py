"""The database roles on AWS: a function that may no more than it must, and a call for each change of what it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from components.aws.database.database_role import AwsDatabaseRole
from components.inputs.error import InvalidInputError
from components.postgres.rds_ca import rds_ca_bundle
from tests.unit.aws import TAGS, statements, untagged
from tests.unit.aws_outputs import ANSWERS, REGION, arn, engine_name
from tests.unit.recording import Declared, declare

SECRETS = [arn("secretsmanager", "secret:administrator-AbCdEf"), arn("secretsmanager", "secret:password-AbCdEf")]
KEYS = [arn("kms", "key/administrator"), arn("kms", "key/password")]
LEAST = {
    "vpc_id": "vpc-0123456789abcdef0",
    "subnet_ids": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "database_host": "kotauth.cafe.eu-central-1.rds.amazonaws.com",
    "database_security_group_id": "sg-0123456789abcdef0",
    "administrator_secret_arn": SECRETS[0],
    "administrator_key_arn": KEYS[0],
    "password_secret_arn": SECRETS[1],
    "password_key_arn": KEYS[1],
}
INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
FINGERPRINT = "0123456789abcdef"
OTHER_CA = rds_ca_bundle("eu-west-1")


def declared(**args: Any) -> Declared:
    return declare(lambda: AwsDatabaseRole("role", {**LEAST, **args}))  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def role() -> Declared:
    return declared(tags=TAGS)


@pytest.fixture(scope="module")
def function(role: Declared) -> Mapping[str, Any]:
    return role.named("role", ":Function").inputs


def call(role: Declared) -> Mapping[str, Any]:
    return role.named("role-call").inputs


def rights(role: Declared, policy: str) -> dict[str, dict[str, Any]]:
    return {each.pop("Sid"): each for each in map(dict, statements(role.named(policy)))}


def test_the_rights_are_exactly_these(role: Declared) -> None:
    assert rights(role, "role-rights") == {
        "ReadSecrets": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRETS},
        "DecryptSecrets": {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": KEYS,
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com",
                    "kms:EncryptionContext:SecretARN": SECRETS,
                }
            },
        },
        "WriteLog": {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": arn("logs", f"log-group:{engine_name('role-log')}:*"),
        },
        "Trace": {
            "Effect": "Allow",
            "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "Resource": "*",
        },
        "JoinNetwork": {"Effect": "Allow", "Action": INTERFACES, "Resource": "*"},
    }


def test_the_code_itself_may_not_touch_network_interfaces(role: Declared, function: Mapping[str, Any]) -> None:
    assert rights(role, "role-confined") == {
        "NotByCode": {
            "Effect": "Deny",
            "Action": INTERFACES,
            "Resource": "*",
            "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": arn("lambda", f"function:{engine_name('role')}")}},
        }
    }
    assert role.named("role-confined").inputs["role"] == role.named("role-rights").inputs["role"]
    assert engine_name("role-function") == role.named("role-rights").inputs["role"]


def test_the_function_has_no_environment_and_all_that_is_asked_of_one(
    role: Declared, function: Mapping[str, Any]
) -> None:
    assert "environment" not in function
    assert function["runtime"] == "python3.13"
    assert function["architectures"] == ["arm64"]
    assert function["timeout"] == 300
    assert function["tracingConfig"] == {"mode": "Active"}
    assert function["loggingConfig"] == {"logGroup": engine_name("role-log"), "logFormat": "JSON"}
    assert "replaceSecurityGroupsOnDestroy" not in function
    assert function["vpcConfig"] == {"subnetIds": LEAST["subnet_ids"], "securityGroupIds": ["role-function-id"]}


def test_the_role_outlives_the_interfaces(role: Declared) -> None:
    """Lambda removes the function's interfaces with the role's rights, and they hold the group until then."""
    assert "RolePolicy role-rights" in role.named("role-function", ":SecurityGroup").waits_for


def test_it_carries_the_authorities_of_the_region(function: Mapping[str, Any]) -> None:
    carried = function["code"].assets["kotauth/aws/functions/database_role/ca.pem"]
    assert carried.text == rds_ca_bundle(REGION)


def test_a_region_without_known_authorities_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS["aws:index/getRegion:getRegion"], "region", "ca-west-1")
    with pytest.raises(
        Exception, match=r'^AwsDatabaseRole role is not valid:\n  ca_bundle = "": is required in region "ca-west-1"'
    ):
        declared()
    assert declared(ca_bundle=OTHER_CA).named("role-call")


def test_it_reaches_the_database_and_https_and_nothing_else(role: Declared) -> None:
    rules = {
        (r.inputs["securityGroupId"], r.inputs.get("referencedSecurityGroupId") or r.inputs["cidrIpv4"]): (
            r.type.rpartition(":")[2],
            r.inputs["fromPort"],
            r.inputs["toPort"],
            r.inputs["ipProtocol"],
        )
        for r in role.resources
        if r.type.startswith("aws:vpc/")
    }
    database = LEAST["database_security_group_id"]
    assert rules == {
        ("role-function-id", database): ("SecurityGroupEgressRule", 5432, 5432, "tcp"),
        (database, "role-function-id"): ("SecurityGroupIngressRule", 5432, 5432, "tcp"),
        ("role-function-id", "0.0.0.0/0"): ("SecurityGroupEgressRule", 443, 443, "tcp"),
    }


def test_the_log_exists_first_and_is_encrypted_and_kept_for_a_year(role: Declared) -> None:
    log = role.named("role-log", ":LogGroup").inputs
    assert log["retentionInDays"] == 365
    assert log["kmsKeyId"] == arn("kms", "key/role-log-key-id")
    assert "role-log" in role.named("role", ":Function").dependencies
    given = declared(kms_key_arn=KEYS[0], log_retention_days=30.0)
    assert given.named("role-log", ":LogGroup").inputs["kmsKeyId"] == KEYS[0]
    assert given.named("role-log", ":LogGroup").inputs["retentionInDays"] == 30
    assert given.of_type(":Key") == []


def test_the_call_names_versions_and_places_and_no_secret(role: Declared) -> None:
    assert json.loads(call(role)["input"]) == {
        "host": LEAST["database_host"],
        "port": 5432,
        "database": "kotauth",
        "login": "kotauth_a",
        "connection_limit": 25,
        "key_fingerprint": "",
        "administrator_secret": SECRETS[0],
        "password_secret": SECRETS[1],
        "password_label": "v1",
    }
    assert call(role)["lifecycleScope"] == "CREATE_ONLY"
    assert call(role)["functionName"] == engine_name("role")
    assert role.named("role-call").secret_inputs == frozenset()


def test_the_fingerprint_of_the_key_makes_the_input_a_secret() -> None:
    given = declared(secret_key_fingerprint=FINGERPRINT)
    assert json.loads(call(given)["input"])["key_fingerprint"] == FINGERPRINT
    assert given.named("role-call").secret_inputs == {"input"}


@pytest.mark.parametrize("value", ["f" * 64, "0123456789ABCDEF", "hunter2"])
@pytest.mark.parametrize("wrapped", [str, pulumi.Output.from_input])
def test_the_key_itself_is_refused_and_not_shown(value: str, wrapped: Callable[[str], Any]) -> None:
    with pytest.raises(
        pulumi.RunError, match=r'secret_key_fingerprint = "\[secret\]": must be 16 hex digits'
    ) as refused:
        declared(secret_key_fingerprint=wrapped(value))
    assert value not in str(refused.value)


def test_the_call_waits_for_the_rights_of_the_function(role: Declared) -> None:
    assert "role-rights" in role.named("role", ":Function").dependencies
    assert {"role", "role-confined"} <= set(role.named("role-call").dependencies)


@pytest.mark.parametrize(
    "changed",
    [
        {"password_version": 2},
        {"password_version": 33},  # the same login and label as 1
        {"pool_size": 20},
        {"database_host": "other.cafe.eu-central-1.rds.amazonaws.com"},
        {"database_port": 5433},
        {"database": "other"},
        {"ca_bundle": OTHER_CA},
        {"administrator_secret_arn": SECRETS[1]},
        {"password_secret_arn": SECRETS[0]},
        {"secret_key_fingerprint": FINGERPRINT},
    ],
    ids=repr,
)
def test_it_is_called_again_when_this_changes(role: Declared, changed: dict[str, Any]) -> None:
    was, now = call(role), call(declared(tags=TAGS, **changed))
    assert (was["input"], was["triggers"]) != (now["input"], now["triggers"])


@pytest.mark.parametrize(
    "changed", [{"tags": {"team": "other"}}, {"log_retention_days": 30}, {"ca_bundle": ""}], ids=repr
)
def test_it_is_not_called_again_when_that_changes(role: Declared, changed: dict[str, Any]) -> None:
    assert call(declared(**{"tags": TAGS, **changed})) == call(role)


def test_the_user_is_the_login_of_the_version(role: Declared) -> None:
    assert role.outputs == {"user": "kotauth_a", "function_name": engine_name("role")}
    assert declared(password_version=2.0).outputs["user"] == "kotauth_b"


def test_the_label_is_the_version_s_or_the_given_one(role: Declared) -> None:
    assert json.loads(call(role)["input"])["password_label"] == "v1"
    assert json.loads(call(declared(password_version=18))["input"])["password_label"] == "v2"
    given = declared(password_label=pulumi.Output.from_input("AWSCURRENT"))
    assert json.loads(call(given)["input"])["password_label"] == "AWSCURRENT"


def test_numbers_may_be_floats(role: Declared) -> None:
    assert call(declared(tags=TAGS, password_version=1.0, pool_size=10.0, database_port=5432.0)) == call(role)


def test_one_execution_is_reserved_where_that_is_asked_for(role: Declared) -> None:
    """An account of ten executions, as new ones are, can't reserve any."""
    assert role.named("role", ":Function").inputs["reservedConcurrentExecutions"] == -1
    assert declared(reserve_concurrency=True).named("role", ":Function").inputs["reservedConcurrentExecutions"] == 1


def test_tags_reach_every_child_that_takes_them(role: Declared) -> None:
    assert untagged(role) == []


def test_bad_values_are_all_named() -> None:
    with pytest.raises(InvalidInputError) as error:
        declared(password_version=0, pool_size=1, database_port=70000, ca_bundle="x", log_retention_days=17, pool=3)
    text = str(error.value)
    assert text.startswith("6 values of AwsDatabaseRole role are not valid:")
    for named in (
        'password_version = "0": must be a version of the password, a whole number from 1 to 1000000',
        'pool_size = "1": must be connections, a whole number from 2 to 40',
        'database_port = "70000": must be a port, a whole number from 1 to 65535',
        'ca_bundle = "x": must be certificates in PEM form',
        'log_retention_days = "17": must be a retention of CloudWatch Logs in days',
        'pool = "3": is an unknown name: did you mean pool_size?',
    ):
        assert named in text
