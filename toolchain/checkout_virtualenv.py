"""The checkout's own virtualenv: what `pulumi install` makes too, with the tools of tests and checks besides."""

import hashlib
import os
import shutil
import sys
from pathlib import Path

from .machine import progress, virtualenv
from .machine.errors import EngineError

FOLDER = ".venv"
_REQUIREMENTS = ("requirements-dev.txt", "components/requirements.txt")
_OLDEST, _NEWEST = (3, 11), (3, 13)
_LINKED = ("components/venv", "policy/venv")
"""Component package and policy pack have virtualenvs of their own elsewhere; here they share the checkout's."""


def ensure(project: Path) -> Path:
    """Return the Python of the project's virtualenv; make it, or make it anew where its pins have changed.

    Raises:
        EngineError: This Python is too old or too new, or can't make virtualenvs.
    """
    folder = project / FOLDER
    python = folder / "bin" / "python"
    stamp = folder / ".pins"
    pins = _pins(project)
    if not (python.exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == pins):
        _make(project, folder)
        stamp.write_text(pins, encoding="utf-8")
    for link in map(project.joinpath, _LINKED):
        if not link.exists() and link.parent.is_dir():
            link.unlink(missing_ok=True)
            link.symlink_to(os.path.relpath(folder, link.parent))
    return python


def _make(project: Path, folder: Path) -> None:
    if not _OLDEST <= sys.version_info[:2] <= _NEWEST:
        raise EngineError(
            f"{sys.executable} is Python {sys.version_info[0]}.{sys.version_info[1]}; 3.11 to 3.13 are supported:"
            " choose one with `make PYTHON=python3.12 …`"
        )
    with progress.step(f"Making the virtualenv {FOLDER} with Python {sys.version.split()[0]}"):
        if folder.exists():
            shutil.rmtree(folder)
        virtualenv.create(folder, project / _REQUIREMENTS[0], what=FOLDER)


def _pins(project: Path) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for name in _REQUIREMENTS:
        digest.update((project / name).read_bytes())
    return digest.hexdigest()
