"""An example as its user has it: a copy of its folder, with the library installed under its own name."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.project import ROOT, Project

_PYTHON_PROJECT = """\
name: program
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: .venv
"""


def copied_example(name: str, folder: Path) -> Path:
    """Copy an example into the folder, as if `pulumi install` had run there; return its path."""
    path = folder / name
    shutil.copytree(ROOT / "examples" / name, path, ignore=shutil.ignore_patterns(".venv"))
    _install(path)
    return path


def library_project(path: Path) -> Project:
    """Return a project without a program in the folder `project`, with the library installed."""
    project = path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(_PYTHON_PROJECT, encoding="utf-8")
    _install(project)
    return example_project(project)


def _install(path: Path) -> None:
    # Its own name, and none of the repository's on the way to it.
    (path.parent / "packages").mkdir()
    (path.parent / "packages" / "pulumi_kotauth").symlink_to(ROOT / "components")
    (path / ".venv").symlink_to(ROOT / ".venv")


def example_project(path: Path, variables: Mapping[str, str] = MappingProxyType({})) -> Project:
    """Return the copy of an example as a project with the stack `prod`."""
    project = Project(path, "prod", {**variables, "PYTHONPATH": str(path.parent / "packages")})
    project.pulumi("stack", "init", "prod")
    return project
