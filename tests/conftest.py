"""The program under test. What tests of the simulators need as well is in the root's conftest.py."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from pulumi import _types

from tests.project import Project

# The names of a type's properties don't change, and the SDK looks them up for each resource anew.
_types.input_type_py_to_pulumi_names = functools.cache(_types.input_type_py_to_pulumi_names)


@pytest.fixture
def project(tmp_path: Path, pulumi_engine: None) -> Project:
    """Return the program with a fresh stack."""
    return Project.create(tmp_path / "project")
