"""A secret in Secrets Manager: old versions stay readable, and nothing of the value shows."""

from __future__ import annotations

from typing import Any

import pytest

from components.aws.security.secret import LABELS, AwsSecret, AwsSecretArgs, staging_label
from components.inputs.error import InvalidInputError
from tests.unit.aws import TAGS, untagged
from tests.unit.recording import Declared, declare

ARGS: AwsSecretArgs = {"value": "hunter2", "description": "Password of the database login", "tags": TAGS}


def made(args: AwsSecretArgs) -> Declared:
    return declare(lambda: AwsSecret("password", args))


def test_a_secret_has_a_name_of_the_engine_and_a_key_of_its_own() -> None:
    declared = made(ARGS)
    assert declared.named("password", ":Secret").inputs == {
        "description": "Password of the database login",
        "kmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/password-key-id",
        "recoveryWindowInDays": 30,
        "tags": TAGS,
    }
    assert declared.outputs == {
        "arn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:password-0c0ffee-AbCdEf",
        "secret_name": "password-0c0ffee",
        "kms_key_arn": "arn:aws:kms:eu-central-1:111122223333:key/password-key-id",
        "version_label": "AWSCURRENT",
    }
    assert untagged(declared) == []


def test_the_value_is_a_secret_in_the_only_place_that_has_it() -> None:
    declared = made(ARGS)
    version = declared.named("password-version")
    assert version.inputs["secretString"] == "hunter2"
    assert version.secret_inputs == {"secretString"}
    assert not [r.name for r in declared.resources if r is not version and "hunter2" in str(r.inputs)]


def test_an_old_version_stays_for_the_hosts_that_read_it() -> None:
    declared = made({**ARGS, "version": 3})
    version = declared.named("password-version")
    assert declared.outputs["version_label"] == "v3"
    assert version.inputs["versionStages"] == ["AWSCURRENT", "v3"]
    assert version.retain_on_delete
    # The label would leave the old generation's version when it is moved; so a new label is a new version.
    assert version.replace_on_changes == ("versionStages",)


def test_without_a_label_the_version_is_just_current() -> None:
    assert "versionStages" not in made(ARGS).named("password-version").inputs


def test_labels_come_round_before_aws_runs_out_of_them() -> None:
    labels = [staging_label(version) for version in range(1, 41)]
    assert labels[:3] == ["v1", "v2", "v3"]
    # 20 on all versions of a secret together, AWSCURRENT and AWSPREVIOUS among them.
    assert len(set(labels)) + 2 <= 20
    # The generations that run at the same time, and a few failed rolls, never share one.
    assert all(len(set(labels[at : at + LABELS])) == LABELS for at in range(len(labels) - LABELS))


def test_a_key_may_be_given() -> None:
    declared = made({**ARGS, "kms_key_arn": "arn:aws:kms:eu-central-1:111122223333:key/given"})
    assert declared.of_type(":Key") == []
    assert declared.named("password", ":Secret").inputs["kmsKeyId"].endswith("key/given")


def test_protection_keeps_the_secret_and_its_key_but_lets_the_value_change() -> None:
    protected = {r.name for r in made({**ARGS, "deletion_protection": True}).resources if r.protect}
    assert protected == {"password", "password-key"}
    assert not [r.name for r in made(ARGS).resources if r.protect]


@pytest.mark.parametrize(
    ("args", "rule"),
    [
        ({"recovery_window_days": 0}, 'recovery_window_days = "0": must be days in which'),
        ({"recovery_window_days": 31}, 'recovery_window_days = "31": must be days in which'),
        ({"version": "v3"}, 'version = "v3": must be a version of the value, a whole number from 1'),
        ({"version": 0}, 'version = "0": must be a version of the value, a whole number from 1'),
    ],
)
def test_bad_input(args: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        AwsSecret("password", {**ARGS, **args})  # pyright: ignore[reportArgumentType]
    assert rule in str(error.value)
    assert "hunter2" not in str(error.value)
