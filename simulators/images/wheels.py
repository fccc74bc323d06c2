"""Python wheels for images: fetched by pip with their hashes checked, unpacked without being run."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from simulators.images.command import run
from toolchain.machine.errors import EngineError

IMAGE_PYTHON = "3.11"
"""Python of Debian bookworm."""


def unpack(requirements: Path, target: Path, python: str = IMAGE_PYTHON) -> None:
    """Put the content of the wheels that a requirements file pins for this version of Python into a folder.

    Raises EngineError when pip is missing, a wheel can't be had or a hash differs.
    """
    if platform.machine() != "x86_64":
        raise EngineError(f"the wheels in {requirements.name} are pinned for x86_64 (this is {platform.machine()})")
    with tempfile.TemporaryDirectory() as folder:
        run(
            f"pip download {requirements.parent.name}",
            [
                *_pip(),
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
                "--no-deps",
                "--only-binary=:all:",
                f"--python-version={python}",
                "--platform=manylinux2014_x86_64",
                "--platform=manylinux_2_17_x86_64",
                f"--dest={folder}",
                f"--requirement={requirements}",
            ],
        )
        for wheel in sorted(Path(folder).glob("*.whl")):
            with zipfile.ZipFile(wheel) as content:
                content.extractall(target)


def _pip() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    for name in ("pip3", "pip"):
        if found := shutil.which(name):
            return [found]
    raise EngineError(f"pip is needed to fetch wheels: neither in {sys.executable} nor on PATH")
