"""Previews of the programs by the real engine, each in an empty stack.

A simulator answers for AWS. It is no child of the engine, so its processor time and memory count for no program.
The provider for Docker is the real one; a preview asks no daemon.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Generator
from pathlib import Path

from simulators.aws import aws_simulator
from toolchain import environment

from .process_tree import Measured, measure

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS, EMPTY, FLAT = PROGRAMS = "components", "empty", "flat"
"""Programs: with components, with the same resources but empty components, and without any component."""

_PROJECT = "name: {}\nruntime: {{name: python, options: {{toolchain: pip, virtualenv: venv}}}}\n"
_STACK = "test"
_FILE = "resources.jsonl"
_RECOMMENDED = "from cli.growth.recommended import prepare\n\nprepare()\n"
_HEAD = f"import sys\nfrom pathlib import Path\n\nsys.path.insert(0, {str(ROOT)!r})\n"


class Projects:
    """A project for each program."""

    def __init__(self, folder: Path, target: str, variables: dict[str, str]) -> None:
        """Write the projects, and record the resources of one deployment."""
        self._folder, self._target = folder, target
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        state = {"PULUMI_BACKEND_URL": folder.as_uri(), "PULUMI_CONFIG_PASSPHRASE": "growth"}
        self._environment = {**inherited, **environment(folder), **state, **variables}
        for name in PROGRAMS:
            self._write(name, "", 0)
            self._pulumi(name, "stack", "init", _STACK)
        self._write(
            COMPONENTS, f"from cli.growth.recording import record\n\nrecord(Path({str(folder / _FILE)!r}))\n", 1
        )
        self._pulumi(COMPONENTS, "preview")
        lines = (folder / _FILE).read_text(encoding="utf-8").splitlines()
        recorded = [json.loads(line) for line in lines]
        self.resources = sum(each["custom"] for each in recorded)
        """Number of resources of a deployment, without its components."""
        self._registered = {COMPONENTS: len(recorded), EMPTY: len(recorded), FLAT: self.resources}

    def preview(self, program: str, deployments: int, as_recommended: bool) -> Measured:
        """Preview a program with so many deployments; fail where the preview shows another number of resources.

        Args:
            program: One of ``PROGRAMS``.
            deployments: Number of deployments.
            as_recommended: Whether the program does what `recommended` says.
        """
        self._write(program, _RECOMMENDED if as_recommended else "", deployments)
        measured = self._pulumi(program, "preview")
        shown = re.search(r"(\d+) to create", measured.output)
        # The stack is a resource of its own.
        expected = 1 + deployments * self._registered[program]
        if not shown or int(shown[1]) != expected:
            raise RuntimeError(f"a preview does not show {expected} resources:\n{measured.output[-4000:]}")
        return measured

    def _write(self, program: str, before: str, deployments: int) -> None:
        """Write a project, with lines that run before its program."""
        project = self._folder / program
        if not project.exists():
            project.mkdir()
            (project / "Pulumi.yaml").write_text(_PROJECT.format(program), encoding="utf-8")
            (project / "venv").symlink_to(sys.prefix)
        lines = {
            COMPONENTS: f"from cli.growth.deployments import deploy\n\ndeploy({self._target!r}, {deployments})\n",
            **{
                name: "from cli.growth.flat import register\n\n"
                f"register(Path({str(self._folder / _FILE)!r}), {deployments}, has_components={name == EMPTY})\n"
                for name in (EMPTY, FLAT)
            },
        }
        (project / "__main__.py").write_text(_HEAD + before + lines[program], encoding="utf-8")

    def _pulumi(self, program: str, *arguments: str) -> Measured:
        command = ["pulumi", *arguments, "--non-interactive", "--color=never"]
        measured = measure(command, self._folder / program, self._environment)
        if measured.code:
            raise RuntimeError(f"pulumi {' '.join(arguments)} ended with {measured.code}:\n{measured.output[-4000:]}")
        return measured


@contextlib.contextmanager
def projects(folder: Path, target: str) -> Generator[Projects]:
    """Yield the projects of a target, while a simulator answers for AWS."""
    folder.mkdir()
    with _variables(folder, target) as variables:
        yield Projects(folder, target, variables)


@contextlib.contextmanager
def _variables(folder: Path, target: str) -> Generator[dict[str, str]]:
    if target != "aws":
        yield {}
        return
    with aws_simulator(program=folder) as aws:
        yield aws.variables
