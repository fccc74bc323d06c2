"""Puts the language host for Python into the cache, with a virtualenv of its own and the CLI beside it.

The engine warns about every language host that it finds on PATH instead of beside itself, so the built commands are
linked into the same folder. They are an artefact of their own because the host changes faster than they can be built.
"""

import os
import shutil
from pathlib import Path

from ..machine import cache, progress, virtualenv
from . import built
from .pins import LANGUAGE_HOST, LANGUAGE_HOST_REQUIREMENTS

_LAUNCHER = """\
#!/bin/sh
# -I: the caller's PYTHONPATH and working directory are for the program, not for its host.
exec "${0%/*}/../venv/bin/python" -I -u -m language_host "$@"
"""


def folder() -> Path:
    """Return where the language host is or would be."""
    key = cache.key(LANGUAGE_HOST, LANGUAGE_HOST_REQUIREMENTS, Path(__file__), built.folder().name)
    return cache.folder() / f"language-host-{key}"


def is_usable() -> bool:
    """Tell whether it is there and the Python that its virtualenv was made from still is, too."""
    return (folder() / "venv" / "bin" / "python").exists()


def ensure() -> Path:
    """Return the folder of the language host (`bin/pulumi-language-python`); make it if it is not there."""
    if folder().is_dir() and not is_usable():
        shutil.rmtree(folder())
    return cache.artefact(folder().name, _build)


def _build(partial: Path) -> None:
    engine = built.ensure()
    with progress.step("Installing the language host for Python into a virtualenv of its own"):
        virtualenv.create(partial / "venv", LANGUAGE_HOST_REQUIREMENTS, "language host")
        package = virtualenv.site_packages(partial / "venv") / LANGUAGE_HOST.name
        shutil.copytree(LANGUAGE_HOST, package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(engine / "python-sdk" / "pulumi-language-python-exec", package)
        launcher = partial / "bin" / "pulumi-language-python"
        shutil.copytree(engine / "bin", launcher.parent, copy_function=os.link)
        launcher.write_text(_LAUNCHER, encoding="utf-8")
        launcher.chmod(0o755)
