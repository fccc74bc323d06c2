"""What the settings of backups mean together, and what becomes of them."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest

from components.backups.repository import parse_repository
from components.docker.settings import DockerSettings
from components.inputs.error import InvalidInputError
from tests.unit.conftest import PUBLIC, deploy
from tests.unit.recording import Declared

S3: dict[str, Any] = {
    "backup_repository": "s3:s3.eu-central-1.amazonaws.com/example-backups/kotauth",
    "backup_credentials": "AKIAEXAMPLE:canary/canary+canary",
}
HOSTS = "backup.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFvx"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUcanary\n-----END OPENSSH PRIVATE KEY-----"
SFTP: dict[str, Any] = {
    "backup_repository": "sftp:kotauth@backup.example.com:/srv/kotauth",
    "backup_credentials": KEY,
    "backup_known_hosts": HOSTS,
}


def refusal(changes: dict[str, Any]) -> str:
    """Return the only line that refuses a production deployment with these settings."""
    with pytest.raises(InvalidInputError) as refused:
        DockerSettings.resolve({**PUBLIC, **changes}, "it")
    _, line = str(refused.value).split("\n")
    return line.strip()


S3_FILE = """\
[default]
aws_access_key_id = AKIAEXAMPLE
aws_secret_access_key = canary/canary+canary
"""

REFUSED = {
    "no access key": (
        {**S3, "backup_credentials": ""},
        'backup_credentials = "": is required for a repository with s3',
    ),
    "no private key": (
        {**SFTP, "backup_credentials": ""},
        'backup_credentials = "": is required for a repository with',
    ),
    "no known hosts": (
        {**SFTP, "backup_known_hosts": ""},
        'backup_known_hosts = "": is required for a repository with',
    ),
    "known hosts of another host": (
        {**SFTP, "backup_known_hosts": HOSTS.replace("backup", "other")},
        "has no key of backup.example.com, port 22: set it to what `ssh-keyscan backup.example.com` prints",
    ),
    "known hosts of another port": (
        {
            **SFTP,
            "backup_repository": "sftp://kotauth@backup.example.com:2222//srv/kotauth",
            "backup_known_hosts": HOSTS.replace("backup.example.com", "[backup.example.com]:22"),
        },
        "has no key of backup.example.com, port 2222: set it to what `ssh-keyscan -p 2222 backup.example.com` prints",
    ),
    "known hosts that are all revoked": (
        {**SFTP, "backup_known_hosts": f"@revoked {HOSTS}"},
        "has no key of backup.example.com, port 22",
    ),
    "known hosts with an unknown marker": ({**SFTP, "backup_known_hosts": f"@trusted {HOSTS}"}, "must be lines of a"),
    "known hosts that are none": ({**SFTP, "backup_known_hosts": "what?"}, "must be lines of a known_hosts file"),
    "a key for a volume": (
        {"backup_credentials": "AKIA:canary"},
        "is only for a repository with s3 or sftp: remove it, or change backup_repository",
    ),
    "half an access key": ({**S3, "backup_credentials": "canary"}, "must be ACCESS_KEY_ID:SECRET_ACCESS_KEY"),
    "an access key for ssh": ({**SFTP, "backup_credentials": "AKIA:canary"}, "must be a private key of OpenSSH"),
    "a certificate as key": (
        {**SFTP, "backup_credentials": KEY.replace("PRIVATE KEY", "CERT")},
        "must be a private key",
    ),
    "a key of OpenSSH with a passphrase": (
        {**SFTP, "backup_credentials": KEY.replace("AABG5vbmU", "AACmFlczI1Ni1jdHI")},
        "must be a private key of OpenSSH without a passphrase",
    ),
    "a key of OpenSSL with a passphrase": (
        {**SFTP, "backup_credentials": KEY.replace("OPENSSH", "ENCRYPTED")},
        "must be a private key of OpenSSH without a passphrase",
    ),
    "http in production": (
        {**S3, "backup_repository": "s3:http://minio.example.com/backups"},
        "must not be http in environment production",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_together_is_refused_without_the_secret(changes: dict[str, Any], expected: str) -> None:
    line = refusal(changes)
    assert expected in line
    assert "canary" not in line


def test_backups_are_on_in_production_and_off_in_development() -> None:
    assert DockerSettings.resolve(PUBLIC, "it").backups
    assert not DockerSettings.resolve({**PUBLIC, "environment": "development"}, "it").backups
    assert DockerSettings.resolve({**PUBLIC, "environment": "development", "backups": True}, "it").backups


def test_without_backups_there_is_nothing_of_them_and_the_login_is_locked() -> None:
    without = deploy({**PUBLIC, "backups": False})
    assert not [resource.name for resource in without.resources if "backup" in resource.name]
    script = uploads(without, "kotauth-database-role-files")["role.sql"]
    assert "set_config('kotauth.backup_verifier', '', false)" in script


def uploads(deployment: Declared, volume: str) -> dict[str, str]:
    """Return the files that are put into a volume."""
    files = deployment.named(f"{volume}-carrier").inputs["uploads"]
    return {upload["file"].removeprefix("/files/"): upload["content"] for upload in files}


def networks(deployment: Declared, container: str) -> list[str]:
    """Return the networks of a container by the name of their resource."""
    inputs = deployment.named(container, ":Container").inputs
    return [re.sub("-0c0ffee$", "", network["name"]) for network in inputs.get("networksAdvanced", [])]


def deployed(settings: dict[str, Any]) -> Declared:
    args: Any = {**PUBLIC, **settings}
    return deploy(args)


@pytest.mark.parametrize(
    ("settings", "reached"),
    [({}, []), (S3, ["kotauth-backup-network"]), (SFTP, ["kotauth-backup-network"])],
    ids=["volume", "s3", "sftp"],
)
def test_the_dump_reaches_the_database_alone_and_the_store_the_repository_alone(
    settings: dict[str, Any], reached: list[str]
) -> None:
    deployment = deployed(settings)
    assert networks(deployment, "kotauth-backup-dump") == ["kotauth-database-network"]
    assert networks(deployment, "kotauth-backup-store") == reached
    assert not [name for name in reached if deployment.named(name, ":Network").inputs["internal"]]


@pytest.mark.parametrize("as_output", [False, True], ids=["plain", "output"])
def test_credentials_become_a_secret_file_in_the_form_of_their_program(as_output: bool) -> None:
    for settings, name, content in (
        (
            S3,
            "s3_credentials",
            "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = canary/canary+canary\n",
        ),
        (SFTP, "sftp_key", f"{KEY}\n"),
    ):
        given: Any = settings["backup_credentials"]
        credentials = pulumi.Output.from_input(given) if as_output else given
        deployment = deployed({**settings, "backup_credentials": credentials})
        assert uploads(deployment, "kotauth-backup-store-secrets")[name] == content
        assert "uploads" in deployment.named("kotauth-backup-store-secrets-carrier").secret_inputs
        elsewhere = [r.name for r in deployment.resources if "canary" in repr({**r.inputs, "uploads": None})]
        assert elsewhere == []


def test_known_hosts_are_a_configuration_file() -> None:
    files = uploads(deployed(SFTP), "kotauth-backup-store-config")
    assert files["known_hosts"] == f"{HOSTS}\n"


def test_the_repository_s_volume_stays_when_the_stack_is_deleted(public: Declared) -> None:
    kept = {volume.name: volume.retain_on_delete for volume in public.of_type(":Volume") if volume.protect}
    assert kept["kotauth-backup-store-repository"]
    assert not kept["kotauth-postgres-data"]
    spool = public.named("kotauth-backup-dump-spool", ":Volume")
    assert not spool.protect


def test_the_store_knows_the_stack_its_times_and_what_to_keep() -> None:
    settings = {
        "backup_schedule": ["15:30", "03:30"],
        "backup_keep_daily": 3,
        "labels": {"kotauth.stack": "kotauth/prod"},
    }
    deployment = deploy({**PUBLIC, **settings})  # pyright: ignore[reportArgumentType]
    environment = dict(
        entry.split("=", 1) for entry in deployment.named("kotauth-backup-store", ":Container").inputs["envs"]
    )
    assert {name: environment[name] for name in ("STACK", "SCHEDULE", "KEEP_DAILY", "KEEP_WEEKLY", "KEEP_MONTHLY")} == {
        "STACK": "prod",
        "SCHEDULE": "03:30 15:30",
        "KEEP_DAILY": "3",
        "KEEP_WEEKLY": "5",
        "KEEP_MONTHLY": "12",
    }


@pytest.mark.parametrize(
    "address",
    [
        "s3:s3.eu-central-1.amazonaws.com/example-backups/kotauth",
        "s3:https://minio.example.com:9000/backups",
        "sftp:kotauth@backup.example.com:/srv/kotauth",
        "sftp:kotauth@backup.example.com:kotauth",
        "sftp://kotauth@backup.example.com//srv/kotauth",
        "sftp://kotauth@192.0.2.7:2222//srv/kotauth",
    ],
)
def test_addresses_of_repositories(address: str) -> None:
    assert str(parse_repository(address)) == address
