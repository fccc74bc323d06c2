"""Previews of the measured stack by the real engine: without a pack, and with each.

The AWS simulator answers for AWS. What counts is the processor time of the command with all of its children,
the pack and the program among them: the engine waits for each of them to end.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

from simulators.aws import aws_simulator
from toolchain import environment

from .measured_stack import PROJECT, RESOURCES, STACK
from .pack_process import ended
from .packs import ROOT, Pack

_PROJECT = f"name: {PROJECT}\nruntime: {{name: python, options: {{toolchain: pip, virtualenv: venv}}}}\n"
_PROGRAM = (
    f"import sys\n\nsys.path.insert(0, {str(ROOT)!r})\nfrom policy.bench.measured_stack import program\n\nprogram()\n"
)


class Project:
    """A project that registers one block of the measured stack, with an empty state."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        """Write the project to a folder."""
        (folder / "Pulumi.yaml").write_text(_PROJECT, encoding="utf-8")
        (folder / "__main__.py").write_text(_PROGRAM, encoding="utf-8")
        (folder / "venv").symlink_to(sys.prefix)
        (folder / "state").mkdir()
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "KOTAUTH_POLICY"))
        }
        state = {"PULUMI_BACKEND_URL": f"file://{folder / 'state'}", "PULUMI_CONFIG_PASSPHRASE": "bench"}
        self._folder, self._environment = folder, {**inherited, **environment(folder), **state, **variables}
        self._environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
        self._pulumi("stack", "init", STACK)

    def preview(self, pack: Pack | None) -> float:
        """Return the processor seconds of a preview; fail where it doesn't show the stack, and the pack beside it."""
        seconds, output = self._pulumi("preview", *(["--policy-pack", str(pack.folder)] if pack else []), pack=pack)
        # The stack is a resource of its own.
        for expected in (f"{RESOURCES + 1} to create", *(["Policies:"] if pack else [])):
            if expected not in output:
                raise RuntimeError(f"a preview does not show {expected!r}:\n{output}")
        return seconds

    def _pulumi(self, *arguments: str, pack: Pack | None = None) -> tuple[float, str]:
        path = self._environment["PATH"]
        commands = {"PATH": f"{pack.commands}{os.pathsep}{path}"} if pack and pack.commands else {}
        process = subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self._folder,
            env={**self._environment, **commands},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        output = process.stdout.read() if process.stdout else ""
        code, seconds = ended(process)
        if code:
            raise RuntimeError(f"pulumi {' '.join(arguments)} ended with {code}:\n{output}")
        return seconds, output


@contextlib.contextmanager
def project(folder: Path) -> Generator[Project]:
    """Yield the project, while a simulator answers for AWS."""
    folder.mkdir()
    with aws_simulator(program=folder) as aws:
        yield Project(folder, aws.variables)
