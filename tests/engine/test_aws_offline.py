"""A preview of the AWS stacks without an account: a clean checkout, one command, and nothing is left."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT

pytestmark = pytest.mark.engine

GIT = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run([*GIT, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, pulumi_engine: None) -> Path:
    """Return a clean checkout of what is here, not committed yet or so; it shares only the virtualenv's content."""
    folder = tmp_path_factory.mktemp("clean") / "kotauth-infra"
    files = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All of it")
    (folder / ".venv").mkdir()
    for each in (ROOT / ".venv").iterdir():
        (folder / ".venv" / each.name).symlink_to(each)
    return folder


@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_a_preview_without_an_account(checkout: Path, stack: str) -> None:
    # Nothing of an account, and nothing of a `make` that runs the tests: the first line is to be the program's.
    hidden = ("AWS_", "PULUMI_", "MAKE", "MFLAGS")
    shown = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        ["make", f"PYTHON={sys.executable}", "preview", f"STACK={stack}"],
        cwd=checkout,
        env={**shown, "OFFLINE": "1", "VERBOSE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("OFFLINE: a simulator answers for AWS.")
    assert re.search(r"^    \+ \d{3} to create$", done.stdout, re.MULTILINE)
    # Each rule's verdict, and none that is no verdict.
    rules = re.search(
        r"^Policy rules: (\d+), of which (\d+) passed, 0 undecidable, 0 violated, 0 crashed", done.stdout, re.M
    )
    assert rules, done.stdout
    verdicts = re.findall(r"^  \S+ +(?:mandatory|advisory) +(\S+)", done.stdout, re.MULTILINE)
    assert verdicts == ["passed"] * int(rules[2])
    assert len(verdicts) > int(rules[1]) / 2
    assert git(checkout, "status", "--porcelain") == ""
