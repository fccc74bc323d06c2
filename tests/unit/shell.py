"""Runs a script that is meant for a container: its absolute paths moved to a folder, its commands replaced."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Shell:
    """A folder that stands for the container's root, with commands of its own before the machine's."""

    root: Path

    @property
    def _commands(self) -> Path:
        return self.root / "bin"

    def command(self, name: str, script: str) -> None:
        """Put a bash script on PATH."""
        self._commands.mkdir(parents=True, exist_ok=True)
        file = self._commands / name
        file.write_text(f"#!/usr/bin/env bash\n{script}\n")
        file.chmod(0o755)

    def file(self, path: str) -> Path:
        """Return where the script finds an absolute path; its folder exists."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def run(
        self,
        script: str,
        *arguments: str,
        moved: tuple[str, ...],
        environment: Mapping[str, str] | None = None,
        interpreter: str = "bash",
    ) -> subprocess.CompletedProcess[str]:
        """Run ``script``; paths that begin with one of ``moved`` lie under the root."""
        for path in moved:
            assert path in script, f"the script doesn't use {path}"
            self.file(path)
            script = script.replace(path, str(self.root / path.lstrip("/")))
        return subprocess.run(
            [interpreter, "-c", script, "script", *arguments],
            env={"PATH": f"{self._commands}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
