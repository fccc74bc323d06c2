"""What a stack may not be set to is said at preview as one clear error, and nothing is made.

Every rule is in `tests/unit/test_bad_settings.py`; here one value of each setting takes the way to the user.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

import toolchain
from tests import bad_settings
from tests.certificates import issued
from tests.ports import free_port
from tests.project import Project, Result
from tests.unit.docker_api import daemon

pytestmark = pytest.mark.engine

BAD: dict[str, tuple[str, str]] = {}
"""The first bad value of each setting, and its rule."""
for (key, value), rule in {**bad_settings.DOCKER, **bad_settings.DOCKER_STACK}.items():
    if value:
        BAD.setdefault(key, (value, rule))
for key in ("backupKnownHosts", "databaseImage", "proxyNetwork"):
    del BAD[key]  # Its rule depends on another of these bad values.
SHORT, MISNAMED = "0123456789abcdefghijklmnopqrstu", "0123456789abcdefghijklmnopqrstuvwxyz"
KEY = issued().key
LONG = "token-" * 30
"""The engine masks secrets that it sees whole. An error shows the beginning of a long value."""


def problems(project: Project, result: Result) -> list[str]:
    """Return the lines of the one error; nothing may be made and nothing else be said."""
    assert result.code != 0
    assert "Traceback" not in result.output
    assert set(result.summary) <= {"create", "created", "errored"}
    assert sum(result.summary.get(name, 0) for name in ("create", "created")) <= 1, "more than the stack itself"
    assert {each["type"] for each in project.state()["deployment"].get("resources", [])} <= {"pulumi:pulumi:Stack"}
    told = result.output.partition("\nDiagnostics:\n")[2].partition("\nResources:\n")[0]
    (error,) = [
        error.strip()
        for error in re.split(r"^ {4}error: ", told, flags=re.MULTILINE)[1:]
        if "non-zero exit code" not in error  # Pulumi's own last word
    ]
    return [line.strip() for line in error.splitlines()]


def test_every_bad_value_is_named_and_no_secret_shown(project: Project) -> None:
    project.configure(**{key: value for key, (value, _) in BAD.items()})
    project.pulumi("config", "set", "--secret", "secretKey", SHORT)
    project.pulumi("config", "set", "--secret", "secretkey", MISNAMED)
    project.pulumi("config", "set", "--secret", "image", LONG)
    project.pulumi("config", "set", "--plaintext", "certificateKey", "--", KEY)
    result = project.preview(check=False)
    head, *told = problems(project, result)
    assert set(told) == {
        *(f'kotauth:{key} = "{value}": {rule}' for key, (value, rule) in BAD.items() if key != "image"),
        f'kotauth:image = "[secret]": {bad_settings.REFERENCE}',
        'kotauth:secretKey = "[secret]": must have 32 characters or more, it has 31',
        'kotauth:certificateKey = "[secret]": must not be in plain text: run `pulumi config set --secret '
        "certificateKey --stack test`, which reads the terminal or a file (`< FILE`)",
        'kotauth:secretkey = "[secret]": is an unknown name: did you mean kotauth:secretKey?',
    }
    assert head == f"{len(told)} values of the configuration of stack test are not valid:"
    assert SHORT not in result.output, "the short secret key is shown"
    assert KEY.splitlines()[1] not in result.output, "the key of the certificate is shown"


def test_an_up_makes_nothing_either(project: Project) -> None:
    project.configure(memory="256")
    assert problems(project, project.up(check=False)) == [
        "the configuration of stack test is not valid:",
        f'kotauth:memory = "256": {bad_settings.MEMORY}',
    ]


def test_no_docker_daemon_at_the_stack_s_own_address(project: Project) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    project.configure(**{"docker:host": address})
    (told,) = problems(project, project.preview(check=False))
    assert told.startswith(f"no Docker daemon answers at {address}: ")


def test_the_network_of_the_user_s_own_proxy_does_not_exist(project: Project) -> None:
    with tempfile.TemporaryDirectory() as folder, daemon(Path(folder)) as known:
        project.configure(**bad_settings.ON_DOCKER_EXTERNAL, **{"docker:host": known.address})
        head, told = problems(project, project.preview(check=False))
    assert head == "the machine can't run this stack:"
    assert told.startswith("network proxy (kotauth:proxyNetwork) does not exist on the Docker host; create it with")


def test_the_passphrase_is_lost(project: Project) -> None:
    passphrase = project.path / ".pulumi-local" / "passphrase"
    passphrase.unlink()
    with pytest.raises(toolchain.EngineError, match="the passphrase of the local state is gone") as refused:
        project.preview()
    assert str(passphrase) in str(refused.value)
    assert "kotauth/test" in str(refused.value)
    assert not passphrase.exists()
