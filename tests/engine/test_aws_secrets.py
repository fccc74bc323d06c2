"""No secret of the stack is anywhere but in Secrets Manager, and in the state only encrypted: in no form."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from typing import Any

import pytest

from simulators.aws import Operation
from tests.e2e.traces import Search
from tests.engine.aws_stack import AwsStack, read

pytestmark = pytest.mark.engine

_SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""Pulumi's mark of a secret in a state that is shown with its secrets."""


@pytest.fixture(scope="module")
def secrets(production: AwsStack) -> dict[str, str]:
    """Return the secrets by name: the generated passwords, what is made of them, and the state's own passphrase."""
    shown = read(production.project.pulumi("stack", "export", "--show-secrets"))["deployment"]["resources"]
    found: dict[str, str] = {}
    for each in shown:
        if each["type"] == "random:index/randomPassword:RandomPassword":
            value = each["outputs"]["result"]
            assert _SECRET in value.values()
            found[each["urn"].rpartition("::")[2]] = json.loads(value["plaintext"])
    outputs = production.project.outputs()
    found["secret key"] = hashlib.sha256(found["kotauth-secret-key"].encode()).hexdigest()
    found["checklist API key"] = outputs["checklistApiKey"]
    assert outputs["adminPassword"] == found["kotauth-admin-password"]
    found["passphrase"] = (production.project.path / ".pulumi-local" / "passphrase").read_text().strip()
    assert len(found) == 7
    return found


def is_kept(operation: Operation) -> bool:
    """Whether this put a value into Secrets Manager."""
    return operation.type == "aws:secretsmanager/secretVersion:SecretVersion"


@pytest.fixture(scope="module")
def places(production: AwsStack) -> dict[str, bytes]:
    """Return everything that is visible without the right to read the secrets."""
    project, aws = production.project, production.aws
    local = project.path / ".pulumi-local"
    found = {
        "state": json.dumps(project.state()).encode(),
        "outputs": project.pulumi("stack", "output", "--json").output.encode(),
        "output of the up": "\n".join(production.said).encode(),
        "plan of a rotation": production.previewed(databasePasswordVersion="2").output.encode(),
        "settings": b"\n".join(each.read_bytes() for each in project.path.glob("*.yaml")),
        "operations": json.dumps([dataclasses.asdict(each) for each in aws.operations if not is_kept(each)]).encode(),
    }
    found |= {
        f"file {file.name}": file.read_bytes()
        for file in local.rglob("*")
        if file.is_file() and file.name != "passphrase"
    }

    ec2 = aws.boto3("ec2")
    (template,) = ec2.describe_launch_templates()["LaunchTemplates"]
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
    data = [each["LaunchTemplateData"] for each in versions["LaunchTemplateVersions"]]
    found["launch template"] = json.dumps(data).encode()
    found["user data"] = b"\n".join(base64.b64decode(each["UserData"]) for each in data)
    s3 = aws.boto3("s3")
    buckets = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    found |= {
        f"object {each['Key']}": s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        for bucket in buckets
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    }
    boot = production.resources()["Parameter kotauth-server-boot"]["id"]
    found["parameter"] = aws.boto3("ssm").get_parameter(Name=boot)["Parameter"]["Value"].encode()
    functions = aws.boto3("lambda")
    found |= {
        f"function {each['FunctionName']}": json.dumps(
            functions.get_function(FunctionName=each["FunctionName"]), default=str
        ).encode()
        for each in functions.list_functions()["Functions"]
    }
    calls = [each for each in aws.operations if each.operation == "invoke-function"]
    found |= {f"input of {each.name}": each.detail["input"].encode() for each in calls}
    return found


def test_there_is_something_to_look_at(places: dict[str, bytes]) -> None:
    kinds = {place.partition(" ")[0] for place in places}
    assert kinds == {
        *("state", "outputs", "output", "plan", "settings", "operations", "file"),
        *("launch", "user", "object", "parameter", "function", "input"),
    }
    assert all(places.values())
    assert b"kotauth-server-boot" in places["user data"]
    assert b"created" in places["output of the up"]
    assert b"kotauth-database-password-version" in places["plan of a rotation"]
    assert b'"password_label": "v1"' in places["input of kotauth-database-role-call"]
    assert b"KAUTH_SECRET_KEY_FILE" in b"".join(places.values())
    assert b"ciphertext" in places["state"]


def test_no_secret_is_anywhere(places: dict[str, bytes], secrets: dict[str, str]) -> None:
    search = Search(secrets)
    assert {place: found for place, content in places.items() if (found := search.find(content))} == {}


def test_the_search_would_find_one(places: dict[str, bytes]) -> None:
    """In each place something is seen that is known to be there, such as the name of the database's secret."""
    for place, marker in (
        ("user data", "kotauth-server-boot-"),
        ("launch template", "kotauth-server-boot-"),
        ("state", "kotauth-database-password-version"),
    ):
        assert Search({"marker": marker}).find(places[place]), place


def test_secrets_manager_has_them_for_their_readers(production: AwsStack, secrets: dict[str, str]) -> None:
    manager = production.aws.boto3("secretsmanager")
    arns: dict[str, str] = production.project.outputs()["secretArns"]
    kept: dict[str, Any] = {file: manager.get_secret_value(SecretId=arn) for file, arn in arns.items()}
    assert {file: each["SecretString"] for file, each in kept.items() if file != "api_keys.json"} == {
        "secret_key": secrets["secret key"],
        "admin_password": secrets["kotauth-admin-password"],
        "database_password": secrets["kotauth-database-password"],
    }
    # Kotauth gets the hash of the key only.
    assert hashlib.sha256(secrets["checklist API key"].encode()).hexdigest() in kept["api_keys.json"]["SecretString"]
    assert not Search(secrets).find(kept["api_keys.json"]["SecretString"].encode())
    (key,) = {manager.describe_secret(SecretId=arn)["KmsKeyId"] for arn in arns.values()}
    about = production.aws.boto3("kms").describe_key(KeyId=key)["KeyMetadata"]
    assert about["Description"] == "Secrets of kotauth"
