"""The program in a folder of its own, driven through the real Pulumi CLI: what a user does, beside any real stack."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import toolchain

ROOT = Path(__file__).resolve().parent.parent
_PROGRAM = ("Pulumi.yaml", "__main__.py", "components")
_LEFT_OUT = shutil.ignore_patterns("venv", "build", "*.egg-info")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Result:
    """What a command printed and how it ended."""

    code: int
    output: str

    @property
    def summary(self) -> dict[str, int]:
        """Counts of the last lines, such as ``{"create": 43}`` or ``{"unchanged": 43}``."""
        found = re.findall(r"^\s+(?:[-+~]+\s*)?(\d+) (?:to )?([a-z]+)$", self.output, re.MULTILINE)
        return {what: int(count) for count, what in found}


@dataclass
class Project:
    """A copy of the program with a state, a passphrase and a stack of its own."""

    path: Path
    stack: str = "test"
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, path: Path, stack: str = "test") -> Project:
        """Copy the program to ``path`` and make the stack."""
        path.mkdir(parents=True, exist_ok=True)
        for name in _PROGRAM:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, path / name, ignore=_LEFT_OUT)
            else:
                shutil.copy(source, path / name)
        (path / ".venv").symlink_to(ROOT / ".venv")
        project = cls(path, stack)
        project.pulumi("stack", "init", stack)
        return project

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a shell in which plain `pulumi` works on this project."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        return {**mine, **toolchain.environment(self.path), "PULUMI_STACK": self.stack, **self.variables}

    def configure(self, **settings: str) -> None:
        """Set settings, by the names of `Pulumi.yaml`.

        A name with a colon is another namespace's, one with brackets a list's element.
        """
        values = [part for key, value in settings.items() for part in ("--plaintext", f"{key}={value}")]
        if values:
            self.pulumi("config", "set-all", *(["--path"] if "[" in "".join(settings) else []), *values)

    def pulumi(self, *arguments: str, check: bool = True, timeout: int = 600) -> Result:
        """Run a `pulumi` command on the stack; without a terminal, so it never asks."""
        result = self.run("pulumi", "--non-interactive", "--color", "never", *arguments, timeout=timeout)
        if check and result.code:
            raise AssertionError(f"pulumi {' '.join(arguments)} ended with {result.code}:\n{result.output}")
        return result

    def run(self, *command: str, variables: Mapping[str, str] = MappingProxyType({}), timeout: int = 600) -> Result:
        """Run a command in the project's folder, with these environment variables too and without a terminal."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, _COLOURS.sub("", done.stdout))

    def preview(self, *arguments: str, check: bool = True) -> Result:
        """Show what an `up` would change."""
        return self.pulumi("preview", *arguments, check=check)

    def up(self, *arguments: str, check: bool = True) -> Result:
        """Make it so."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, check=check)

    def destroy(self, *arguments: str, check: bool = True) -> Result:
        """Delete everything, protected resources too."""
        self.pulumi("state", "unprotect", "--all", "--yes", check=False)
        return self.pulumi("destroy", "--yes", "--skip-preview", *arguments, check=check)

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets in clear."""
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").output)

    def state(self) -> dict[str, Any]:
        """Return the exported state, secrets encrypted as they lie there."""
        return json.loads(self.pulumi("stack", "export").output)
