"""The settings of a stack and the inputs of a deployment: same rules, same defaults, every problem named at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components import AwsDeployment, DockerDeployment
from components.docker.settings import DockerSettings
from components.postgres.rds_ca import rds_ca_bundle
from tests import bad_settings
from tests.unit import stack_settings
from tests.unit.recording import declare
from tests.unit.stack_settings import load

GOOD = {"base_url": "https://auth.example.com", "acme_email": "ops@example.com"}


def test_the_defaults_are_the_safe_choice() -> None:
    """All of them stand in docs/settings.md."""
    resolved = DockerSettings.resolve(GOOD, "it")
    assert resolved.server.environment == "production"
    assert resolved.certificates == "acme"
    assert resolved.database_image.reference == "docker.io/library/postgres:14.23-bookworm"
    assert (resolved.http_port, resolved.https_port) == (80, 443)


def test_a_port_in_the_base_url_is_the_https_port_and_leaves_port_80_to_others() -> None:
    resolved = DockerSettings.resolve({**GOOD, "base_url": "https://auth.example.com:8443"}, "it")
    assert (resolved.http_port, resolved.https_port) == (8080, 8443)


@pytest.mark.parametrize("version", [14, 15, 16, 17])
def test_the_database_image_follows_the_version(version: int) -> None:
    resolved = DockerSettings.resolve({**GOOD, "database_version": float(version)}, "it")
    assert resolved.database_image.version[0] == version


def refusals(args: Mapping[str, Any]) -> list[str]:
    return stack_settings.refusals(lambda values: DockerSettings.resolve({**GOOD, **values}, "it"), args)


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("memory", 256, bad_settings.MEMORY),
        ("cpus", 0.5, bad_settings.CPUS),
        ("update_check", 1, bad_settings.BOOLEAN),
        ("http_port", 80.5, bad_settings.PORT),
        ("database_version", [14], bad_settings.VERSION),
    ],
)
def test_a_bad_value_of_another_type(key: str, value: object, rule: str) -> None:
    assert refusals({key: value}) == [f'{key} = "{value}": {rule}']


def test_a_value_of_several_lines_is_shown_as_one() -> None:
    assert refusals({"memory": "512\n512"})[0].startswith('memory = "512\\n512": must be memory')


@pytest.mark.parametrize("name", ["kotauth.localhost", "localhost", "auth.internal", "auth.test", "auth.local"])
def test_no_authority_certifies_a_local_name(name: str) -> None:
    url = f"https://{name}"
    assert refusals({"base_url": url, "certificates": "acme"}) == [
        f'base_url = "{url}": is a local name, '
        "which no public certificate authority certifies: set certificates to internal"
    ]
    assert DockerSettings.resolve({"base_url": url}, "it").certificates == "internal"


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("x" * 31, "must have 32 characters or more, it has 31"),
        (" " * 20 + "x" * 31, "must have 32 characters or more, it has 31"),
        (
            " " + "x" * 32,
            "must not begin or end with white space: Kotauth trims it and derives other keys",
        ),
    ],
)
def test_a_bad_secret_key_is_not_shown(key: str, rule: str) -> None:
    assert refusals({"secret_key": key}) == [f'secret_key = "[secret]": {rule}']


def test_the_stack_s_configuration_is_read_by_its_own_names() -> None:
    stack = load({"baseUrl": "https://auth.example.com:444", "acmeEmail": "ops@example.com", "memory": "600"})
    loaded = stack.settings
    assert isinstance(loaded, DockerSettings)
    assert (loaded.server.base_url.port, loaded.acme_email, loaded.server.memory) == (444, "ops@example.com", 600)


OF_BOTH = {"baseUrl": "https://auth.example.com", "memory": "1024", "cpus": "2.5", "updateCheck": "false"}
OF_AWS = {
    "target": "aws",
    **OF_BOTH,
    "zoneId": "Z0123456789ABC",
    "availabilityZones": "eu-central-1a, eu-central-1b",
    "databaseMultiAz": "false",
    "alarmLatency": "1.5",
    "adminCidrs": "203.0.113.0/24, 198.51.100.7",
    "egressPorts": "443, 25",
    "alarmEmail": "ops@example.com",
    "databaseCa": rds_ca_bundle("eu-central-1"),
}


@pytest.mark.parametrize(
    ("values", "deployment", "labels"),
    [
        ({**OF_BOTH, "acmeEmail": "ops@example.com", "databaseVersion": "16"}, DockerDeployment, "labels"),
        (OF_AWS, AwsDeployment, "tags"),
    ],
    ids=["docker", "aws"],
)
def test_a_deployment_resolves_what_it_is_given_to_the_same_settings(
    values: dict[str, str], deployment: type[pulumi.ComponentResource], labels: str
) -> None:
    stack = load({**values, "image": ""})
    assert stack.target.deployment is deployment
    assert stack.inputs[labels] is stack.label
    assert len(stack.inputs) == len(values.keys() - {"target"}) + 1
    assert stack.target.settings.resolve(stack.inputs, "it") == stack.settings


def test_a_secret_key_is_handed_on_as_a_secret() -> None:
    key = "k" * 32
    declared = declare(lambda: {"key": load({**OF_AWS, "secretKey": key}, ["secretKey"]).inputs["secret_key"]})
    assert (declared.outputs, declared.secret_outputs) == ({"key": key}, {"key"})


def test_what_is_set_as_secret_is_never_shown() -> None:
    values = {"secretkey": "hunter2", "image": "hunter2", "target": "gcp"}
    assert stack_settings.refusals(lambda given: load(given, secrets=["secretkey", "image"]), values) == [
        'kotauth:target = "gcp": must be exactly docker or aws',
        'kotauth:baseUrl = "": is required',
        f'kotauth:image = "[secret]": {bad_settings.REFERENCE}',
        'kotauth:secretkey = "[secret]": is an unknown name: did you mean kotauth:secretKey?',
    ]
