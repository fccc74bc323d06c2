"""What a violation says about a property that a program sets in another way than the rule expects."""

from __future__ import annotations

import pulumi_aws as aws
import pytest

from policy.testing import aws_program
from policy.testing.change import ABSENT, Change, From, Secret, add, put
from policy.testing.docker_program import build, envs
from policy.testing.wire import analyze, register

_KEY = add("key", aws.ec2.KeyPair, {"public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"}, first=True)
_DEFAULT = "AWS's default group forces TLS only from PostgreSQL 15 on and takes no rds.force_ssl from a program"


@pytest.mark.parametrize(
    ("rule", "message", "changes"),
    [
        (
            "enter-hosts-without-keys",
            "keyName: is set",
            (_KEY, put("template", "key_name", From("key", "key_name"))),
        ),
        (
            "force-database-tls",
            f"parameterGroupName: is a default group of AWS, and {_DEFAULT}",
            (put("database", "parameter_group_name", "default.postgres14"),),
        ),
        (
            "force-database-tls",
            f"parameterGroupName: is not set, and {_DEFAULT}",
            (put("database", "parameter_group_name", ABSENT),),
        ),
        (
            "keep-administrator-in-rds",
            "username: is not set",
            (put("database", "username", ABSENT),),
        ),
        *(
            (
                "run-supported-runtimes",
                f"runtime: is deprecated since {day}; the newest one is {newest}",
                (put("function", "runtime", runtime),),
            )
            for runtime, day, newest in (
                ("nodejs18.x", "2025-09-01", "nodejs24.x"),
                ("dotnetcore3.1", "2023-04-03", "dotnet10"),
                ("go1.x", "2024-01-08", "provided.al2023"),
            )
        ),
        (
            "plan-runtime-upgrades",
            "runtime: is deprecated from 2027-06-30 on; the newest one is java25",
            (put("function", "runtime", "java17"),),
        ),
        (
            "encrypt-disks",
            "blockDeviceMappings: leaves the encryption of the root disk to the machine image",
            (put("template", "block_device_mappings", ABSENT),),
        ),
        (
            "back-up-database",
            "backupRetentionPeriod: is 3, less than 7 days",
            (put("database", "backup_retention_period", 3),),
        ),
        (
            "back-up-database",
            "backupRetentionPeriod: is less than 7 days",
            (put("database", "backup_retention_period", Secret(3)),),
        ),
        (
            "pin-launch-template",
            'launchTemplate.version: is "$Latest", not a version number',
            (put("group", "launch_template.version", "$Latest"),),
        ),
    ],
)
def test_the_message_is_right_on_aws(rule: str, message: str, changes: tuple[Change, ...]) -> None:
    (violation,) = analyze(register(build(*changes, of=aws_program.compliant)))
    assert violation.rule == rule
    assert violation.message.splitlines()[1] == message


@pytest.mark.parametrize(
    ("rule", "message", "change"),
    [
        (
            "use-own-network",
            "networksAdvanced: names only Docker's default bridge",
            put("alarm", "networks_advanced", [{"name": "bridge"}]),
        ),
        (
            "use-own-network",
            "networksAdvanced: is empty, which means Docker's default bridge",
            put("alarm", "networks_advanced", ABSENT),
        ),
        (
            "probe-container-health",
            "healthcheck.tests: has no command",
            put("frontend", "healthcheck.tests", ["NONE"]),
        ),
        (
            "restrict-secret-files",
            "uploads[0].permissions: is not set, which lets every user read the file",
            put("server-carrier", "uploads.0.permissions", ABSENT),
        ),
        (
            "use-https-base-url",
            "envs[1]: KAUTH_BASE_URL has no valid host name",
            put("server", "envs", [each.replace("//auth.", "//auth ") for each in envs()]),
        ),
    ],
)
def test_the_message_is_right_on_docker(rule: str, message: str, change: Change) -> None:
    (violation,) = (each for each in analyze(register(build(change))) if each.rule == rule)
    assert violation.message.splitlines()[1] == message


@pytest.mark.parametrize(
    ("entries", "messages"),
    [
        ([Secret("A=b")], ["envs[0]: is marked secret"]),
        (["OTHER=1", Secret("A=b")], ["envs[1]: is marked secret"]),
        # The provider moves the mark of an element to the whole list.
        (Secret(["A=b"]), ["envs[0]: is marked secret"]),
        (Secret(["OTHER=1", "DB_PASSWORD=hunter2"]), ["envs[1]: is named like a secret"]),
        # An exported state has this text in place of each secret.
        (Secret(["OTHER=1", "[secret]"]), ["envs[1]: is secret or unknown"]),
        (
            Secret(["OTHER=1", "A=b", "B=c"]),
            ["envs: is marked secret, and the mark does not say which of the entries envs[0] to envs[2] is the secret"],
        ),
        (Secret([]), []),
    ],
)
def test_a_secret_of_the_environment_is_named_by_its_entry(entries: object, messages: list[str]) -> None:
    violations = analyze(register(build(put("frontend", "envs", entries))))
    found = [each.message.splitlines()[1] for each in violations if each.rule == "keep-secrets-out-of-environment"]
    assert found == messages
