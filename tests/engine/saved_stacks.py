"""The committed stacks on AWS, each brought up once for all processes that run tests, and given out as copies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from simulators.aws import aws_simulator
from tests.engine.aws_stack import REGION, AwsStack, aws_stack
from tests.project import Project

SLOW = {
    "prod": (
        "aws:lb/listenerRule:ListenerRule",
        "kotauth-network-private-*-way-out",
        "kotauth-server-rights",
        "kotauth-database-role-call",
        "aws:secretsmanager/secretVersion:SecretVersion",
        "kotauth-server-boot",
        "kotauth-server-log",
        "aws:vpc/*",
    )
}
"""What the servers need before they start: if one of them doesn't wait for it, it shall show."""


class SavedStacks:
    """Stacks that are up, in a folder that the processes share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "stacks"
        self._folder.mkdir(exist_ok=True)

    @contextlib.contextmanager
    def copy(self, name: str, folder: Path) -> Iterator[AwsStack]:
        """Yield the committed stack of that name, up, in a project and an AWS of its own."""
        saved, path = self._brought_up(name), folder / "project"
        shutil.copytree(saved / "project", path, symlinks=True)
        with aws_simulator(REGION, path, saved / "aws") as aws:
            said = json.loads((saved / "said.json").read_text(encoding="utf-8"))
            yield AwsStack(Project(path, name, aws.variables), aws, said, len(aws.operations))

    def _brought_up(self, name: str) -> Path:
        saved = self._folder / name
        with saved.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not saved.exists():
                folder = self._folder / f"{name}-to-be"
                with aws_stack(folder, name) as stack:
                    for each in SLOW.get(name, ()):
                        stack.aws.slow(each, 1)
                    stack.up()
                    stack.aws.save(folder / "aws")
                    (folder / "said.json").write_text(json.dumps(stack.said), encoding="utf-8")
                folder.rename(saved)
        return saved
