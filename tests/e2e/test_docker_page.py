"""The commands of docs/docker.md, pasted for a stack that runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.docker_page import documented
from tests.e2e.places import generated_secrets
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.docker, pytest.mark.engine]


@pytest.mark.parametrize(
    ("command", "printed"),
    [("cat /run/secrets/secret_key\n", "secret key"), ('printf %s "$PGPASSWORD"', "kotauth-database-password")],
)
def test_a_secret_is_read_as_documented(stack: Stack, tmp_path: Path, command: str, printed: str) -> None:
    pasted = command if command.startswith("printf") else documented(command)
    assert paste(stack, tmp_path, pasted).stdout.strip() == generated_secrets(stack)[printed]


def test_a_running_stack_is_dumped_as_documented(stack: Stack, tmp_path: Path) -> None:
    paste(stack, tmp_path, documented(" pg_dump "))
    assert (tmp_path / "kotauth.dump").read_bytes().startswith(b"PGDMP")


def paste(stack: Stack, folder: Path, commands: str) -> subprocess.CompletedProcess[str]:
    """Run commands in a shell that has the documented variables of this stack."""
    variables = documented("database=$(docker ps").replace("stack=single-host", f"stack={stack.project.stack}")
    assert stack.project.stack in variables
    return subprocess.run(
        ["bash", "-ec", variables + commands], cwd=folder, text=True, capture_output=True, check=True, timeout=120
    )
