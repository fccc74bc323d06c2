"""Programs in Go. Their modules have the versions of the engine's, so that most of them are compiled already."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.sdks import host
from toolchain.pulumi import go_toolchain
from toolchain.sdks import generator

MODULE = "example.com/pulumi-kotauth/sdk/go"
_RECORD = Path(__file__).parent / "programs" / "record_test.go"


class Program:
    """A program in a module of its own, which has the SDK as `pulumi package add` leaves it."""

    def __init__(self, folder: Path, sdk: Path, program: Path | str) -> None:
        """Write the module of a program, a file or its text."""
        self.folder = folder
        folder.mkdir()
        pins = (generator.GO_MODULE / "go.mod").read_text(encoding="utf-8")
        own = f"require {MODULE} v0.0.0\nreplace {MODULE} => {sdk}\n"
        (folder / "go.mod").write_text(re.sub(r"^module .*", "module program", pins) + own, encoding="utf-8")
        shutil.copy(generator.GO_MODULE / "go.sum", folder)
        text = program.read_text(encoding="utf-8") if isinstance(program, Path) else program
        (folder / "main.go").write_text(text, encoding="utf-8")

    def run(self) -> dict[str, Any]:
        """Run the program under mocks; return what it registers (`resources`)."""
        shutil.copy(_RECORD, self.folder)
        file = self.folder / "recorded.json"
        self._go("test", "-vet=off", ".", RECORDED=str(file))
        return json.loads(file.read_text(encoding="utf-8"))

    def build(self) -> None:
        """Compile the program, for `command`."""
        self._go("build", "-o", "program", ".")

    def command(self, said: Mapping[str, str]) -> host.Started:
        """Return how Pulumi's plugin for Go starts the program."""
        return [str(self.folder / "program")], host.variables(said)

    def _go(self, *arguments: str, **variables: str) -> None:
        done = subprocess.run(
            [go_toolchain.ensure(), *arguments],
            cwd=self.folder,
            env={**generator.go_environment(), **variables},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
