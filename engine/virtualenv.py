"""Virtualenvs in the cache, filled from a requirements file with hashes."""

import subprocess
import sys
from pathlib import Path

from . import cache, progress
from .errors import EngineError


def create(folder: Path, requirements: Path, what: str) -> Path:
    """Make a virtualenv and install the requirements; return its Python."""
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        raise EngineError(
            f"{sys.executable} cannot make virtualenvs (on Debian and Ubuntu: apt-get install python3-venv):\n"
            f"{error.stdout}{error.stderr}"
        ) from error
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    progress.run(
        [*pip, "install", "--require-hashes", "-r", str(requirements)],
        what=f"pip install ({what})",
        log=cache.folder() / "logs" / f"pip-{requirements.stem}.log",
    )
    return python


def site_packages(folder: Path) -> Path:
    """Return where the packages of a virtualenv lie."""
    return next(folder.glob("lib/python3.*/site-packages"))
