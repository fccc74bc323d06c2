"""An example as its user has it: a copy of its folder, with the library installed under its own name."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.project import ROOT, Project


def copied_example(name: str, folder: Path) -> Path:
    """Copy an example into the folder, as if `pulumi install` had run there; return its path."""
    path = folder / name
    shutil.copytree(ROOT / "examples" / name, path, ignore=shutil.ignore_patterns(".venv"))
    # Its own name, and none of the repository's on the way to it.
    (folder / "packages").mkdir()
    (folder / "packages" / "pulumi_kotauth").symlink_to(ROOT / "components")
    (path / ".venv").symlink_to(ROOT / ".venv")
    return path


def example_project(path: Path, variables: Mapping[str, str] = MappingProxyType({})) -> Project:
    """Return the copy of an example as a project with the stack `prod`."""
    project = Project(path, "prod", {**variables, "PYTHONPATH": str(path.parent / "packages")})
    project.pulumi("stack", "init", "prod")
    return project
