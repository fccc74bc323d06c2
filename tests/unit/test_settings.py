"""The settings of a stack and the inputs of a deployment: same rules, same defaults, every problem named at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from components import AwsDeployment, DockerDeployment, settings
from components.docker.settings import DockerSettings
from components.inputs import InvalidInputError
from components.postgres.rds_ca import rds_ca_bundle
from tests.unit.recording import declare

GOOD = {"base_url": "https://auth.example.com", "acme_email": "ops@example.com"}

MEMORY = "must be memory in MB, a whole number from 512 to 1048576 (Kotauth's documented minimum is 512 MB)"
VERSION = "must be a major version of PostgreSQL, a whole number from 14 to 17 (Kotauth needs 14 or newer)"
OTHER_VERSION = "must carry PostgreSQL's version as the tag, and fit version 14"
MOVED = "must name an exact tag or a digest: 14-bookworm is moved to another image at a release"
ENVIRONMENT = "must be exactly production or development; Kotauth takes any other spelling for development, silently"


def refusals(args: Mapping[str, Any]) -> list[str]:
    with pytest.raises(InvalidInputError) as refused:
        DockerSettings.resolve({**GOOD, **args}, "it")
    return [line.strip() for line in str(refused.value).splitlines()[1:]]


def test_the_defaults_are_the_safe_choice() -> None:
    resolved = DockerSettings.resolve(GOOD, "it")
    assert resolved.server.environment == "production"
    assert resolved.certificates == "acme"
    assert resolved.server.image.reference == "ghcr.io/inumansoul/kotauth:1.22.0"
    assert resolved.database_image.reference == "docker.io/library/postgres:14.23-bookworm"
    assert resolved.frontend_image.reference == "docker.io/library/caddy:2.11.9"
    assert (resolved.server.memory, resolved.server.cpus, resolved.server.pool_size) == (512, 1.0, 10)
    assert (resolved.http_port, resolved.https_port) == (80, 443)
    assert resolved.server.update_check is True
    assert resolved.server.secret_key is None


def test_the_https_port_is_the_one_of_the_base_url() -> None:
    assert DockerSettings.resolve({**GOOD, "base_url": "https://auth.example.com:8443"}, "it").https_port == 8443


@pytest.mark.parametrize("version", [14, 15, 16, 17])
def test_the_database_image_follows_the_version(version: int) -> None:
    resolved = DockerSettings.resolve({**GOOD, "database_version": float(version)}, "it")
    assert resolved.database_image.version[0] == version


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("memory", 256, MEMORY),
        ("cpus", 0.5, "must be processors, a number from 1 to 256 (Kotauth's documented minimum is 1 vCPU)"),
        ("pool_size", 1, "must be connections, a whole number from 2 to 40"),
        ("pool_size", 41, "must be connections, a whole number from 2 to 40"),
        ("update_check", "yes", "must be exactly true or false"),
        ("http_port", 0, "must be a TCP port, a whole number from 1 to 65535"),
        ("https_port", 70000, "must be a TCP port, a whole number from 1 to 65535"),
        ("http_port", 443, "must differ from the https port"),
        ("database_version", 13, VERSION),
        ("database_version", "abc", VERSION),
        ("database_image", "docker.io/library/postgres:15.18-bookworm", OTHER_VERSION),
        ("database_image", "docker.io/library/postgres:14-bookworm", MOVED),
        ("database_password_version", 0, "must be a version of the password, a whole number from 1 to 1000000"),
        ("frontend", "apache", "must be exactly caddy"),
        ("frontend", "alb", "must be exactly caddy; an ALB exists only on AWS, not with target docker"),
        ("certificates", "self-signed", "must be exactly acme or internal"),
        ("acme_email", "", "is required with certificates acme: the authority writes to it"),
        ("acme_email", "ops at example.com", "must be an e-mail address"),
        ("acme_email", "ops@example.com acme_ca http://evil", "must be an e-mail address"),
        ("acme_email", '"ops@example.com', "must be an e-mail address"),
        ("acme_email", "{env.HOME}@example.com", "must be an e-mail address"),
        ("acme_server", "http://acme.example.com/dir", "must be an https URL"),
        ("acme_server", "https:///dir", "must be an https URL"),
        ("acme_server", "https://[::1/dir", "must be an https URL"),
        ("acme_server", "https://acme.example.com/{env.HOME}", "must be an https URL"),
        ("colour", "blue", "is not known"),
        ("baseurl", "https://x.example", "is not known; is base_url meant?"),
        ("environment", "Production", ENVIRONMENT),
    ],
)
def test_one_bad_value_is_one_line(key: str, value: object, rule: str) -> None:
    assert refusals({key: value}) == [f'{key} = "{value}": {rule}']


def test_a_value_of_several_lines_is_shown_as_one() -> None:
    assert refusals({"memory": "512\n512"})[0].startswith('memory = "512\\n512": must be memory')


@pytest.mark.parametrize("name", ["kotauth.localhost", "localhost", "auth.internal", "auth.test", "auth.local"])
def test_no_authority_certifies_a_local_name(name: str) -> None:
    url = f"https://{name}"
    assert refusals({"base_url": url, "certificates": "acme"}) == [
        f'base_url = "{url}": is a local name, which no public authority certifies; use certificates internal'
    ]
    assert DockerSettings.resolve({"base_url": url}, "it").certificates == "internal"


@pytest.mark.parametrize(
    ("target", "key", "value", "other"),
    [
        ("docker", "zoneId", "Z0123456789ABC", "aws"),
        ("docker", "instanceType", "t4g.small", "aws"),
        ("aws", "httpPort", "8080", "docker"),
        ("aws", "certificates", "acme", "docker"),
    ],
)
def test_a_setting_of_the_other_target_is_not_ignored(target: str, key: str, value: str, other: str) -> None:
    good = {
        "docker": {"acmeEmail": "ops@example.com"},
        "aws": {"zoneId": "Z0123456789ABC", "availabilityZones": "eu-central-1a,eu-central-1b"},
    }[target]
    with pytest.raises(InvalidInputError) as refused:
        load({"target": target, "baseUrl": "https://auth.example.com", **good, key: value})
    assert str(refused.value).splitlines()[1:] == [
        f'  kotauth:{key} = "{value}": is a setting of target {other}, not of {target}'
    ]


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


def load(values: Mapping[str, str], secrets: list[str] | None = None) -> settings.Stack:
    set_all_config(
        {f"kotauth:{key}": value for key, value in values.items()}, [f"kotauth:{key}" for key in secrets or []]
    )
    try:
        return settings.load(pulumi.Config("kotauth"))
    finally:
        set_all_config({}, [])


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

    def program() -> dict[str, Any]:
        return {"key": load({**OF_AWS, "secretKey": key}).inputs["secret_key"]}

    declared = declare(program)
    assert (declared.outputs, declared.secret_outputs) == ({"key": key}, {"key"})


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("base_url", "is not known; is kotauth:baseUrl meant?"),
        ("BaseUrl", "is not known; is kotauth:baseUrl meant?"),
        ("memorry", "is not known; is kotauth:memory meant?"),
        ("colour", "is not known"),
    ],
)
def test_another_spelling_is_not_a_setting(name: str, rule: str) -> None:
    good = {"baseUrl": "https://auth.example.com", "acmeEmail": "ops@example.com"}
    with pytest.raises(InvalidInputError) as refused:
        load({**good, name: "x"})
    assert str(refused.value).splitlines()[1:] == [f'  kotauth:{name} = "x": {rule}']


def test_a_secret_key_is_not_shown_also_where_it_was_not_set_as_secret() -> None:
    with pytest.raises(InvalidInputError) as refused:
        load({"baseUrl": "https://auth.example.com", "acmeEmail": "ops@example.com", "secretKey": "x" * 31})
    assert str(refused.value).splitlines()[1:] == [
        '  kotauth:secretKey = "[secret]": must have 32 characters or more, it has 31'
    ]


def test_what_is_set_as_secret_is_never_shown() -> None:
    with pytest.raises(InvalidInputError) as refused:
        load({"secretkey": "hunter2", "image": "hunter2", "target": "gcp"}, secrets=["secretkey", "image"])
    text = str(refused.value)
    assert "hunter2" not in text
    assert 'kotauth:secretkey = "[secret]": is not known; is kotauth:secretKey meant?' in text
    assert 'kotauth:target = "gcp": must be exactly docker or aws' in text
    assert 'kotauth:baseUrl = "": is required' in text
