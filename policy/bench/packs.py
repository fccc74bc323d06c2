"""The packs that are compared: ours, a trivial one, and Pulumi's awsguard where npm can install it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from toolchain.machine import cache, progress

ROOT = Path(__file__).resolve().parents[2]
_AWSGUARD = Path(__file__).parent / "awsguard"
_NPM_SECONDS = 300


@dataclass(frozen=True)
class Pack:
    """A policy pack, and how to start it as the engine's language hosts do."""

    name: str
    folder: Path
    command: tuple[str, ...]
    commands: Path | None = None
    """A folder that has to be on PATH for the engine to start it."""


_PYTHON = (sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", ".")


def ours() -> Pack:
    """Return the pack of this project."""
    return Pack("kotauth", ROOT / "policy", _PYTHON)


def trivial(folder: Path) -> Pack:
    """Return the trivial pack, copied to a folder where it finds this virtualenv."""
    shutil.copytree(Path(__file__).parent / "trivial", folder / "trivial")
    (folder / "trivial" / "venv").symlink_to(sys.prefix)
    return Pack("trivial", folder / "trivial", _PYTHON)


def awsguard() -> Pack | str:
    """Return awsguard, installed into the cache once, or why there is none."""
    if not shutil.which("npm") or not shutil.which("node"):
        return "there is no npm and node here"

    def install(partial: Path) -> None:
        shutil.copytree(_AWSGUARD, partial, dirs_exist_ok=True)
        # No script of a package runs: nothing here needs one.
        npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        with progress.step("Installing awsguard from npm, to compare with it (250 MB, once)"):
            subprocess.run(npm, cwd=partial, check=True, timeout=_NPM_SECONDS, capture_output=True, text=True)

    try:
        folder = cache.artefact(f"awsguard-{cache.key(_AWSGUARD)}", install)
    except (subprocess.SubprocessError, OSError) as error:
        message = str(getattr(error, "stderr", None) or error).strip().splitlines()
        return f"npm can't install it: {message[0] if message else error}"
    start = ("node", "node_modules/@pulumi/pulumi/cmd/run-policy-pack", "127.0.0.1:0", ".")
    return Pack("awsguard", folder, start, folder / "bin")


def environment(project: str, stack: str) -> dict[str, str]:
    """Return the environment that language hosts give a pack."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "KOTAUTH_POLICY"))
    }
    return {
        **inherited,
        "PULUMI_PROJECT": project,
        "PULUMI_STACK": stack,
        "PULUMI_ORGANIZATION": "organization",
        "PULUMI_DRY_RUN": "true",
        "PULUMI_CONFIG": json.dumps({}),
    }
