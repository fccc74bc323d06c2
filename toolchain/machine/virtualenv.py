"""Virtualenvs in the cache, filled from a requirements file with hashes."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from . import cache, debian, progress
from .errors import EngineError

INTO_VIRTUALENV = {"PIP_USER": "0", "PIP_TARGET": "", "PIP_PREFIX": "", "PIP_ROOT": ""}
"""Variables under which pip installs into the virtualenv that it belongs to, wherever the user has it install else.
pip ignores an empty variable; `PIP_USER=0` also wins over `user = true` in a configuration file."""


def create(folder: Path, requirements: Path, what: str) -> Path:
    """Make a virtualenv and install the requirements; return its Python."""
    _see_to_venv()
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise EngineError(f"{sys.executable} cannot make virtualenvs:\n{error.stdout}{error.stderr}") from error
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    progress.run(
        # Of the SDK of AWS a small part is ever imported: Python compiles that when it is.
        [*pip, "install", "--require-hashes", "--no-compile", "-r", str(requirements)],
        what=f"pip install ({what})",
        log=cache.folder() / "logs" / f"pip-{requirements.stem}.log",
        env={**os.environ, **INTO_VIRTUALENV},
    )
    return python


def _see_to_venv() -> None:
    """Debian and Ubuntu keep what makes virtualenvs in a package of its own."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    if not debian.can_install():
        raise EngineError(
            f"{sys.executable} cannot make virtualenvs: install python3-venv (as root: apt-get install python3-venv)"
        )
    debian.install(["python3-venv"])


def site_packages(folder: Path) -> Path:
    """Return where the packages of a virtualenv lie."""
    return next(folder.glob("lib/python3.*/site-packages"))
