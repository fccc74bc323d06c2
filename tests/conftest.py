"""The program under test. What tests of the simulators need as well is in the root's conftest.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import Project


@pytest.fixture
def project(tmp_path: Path, pulumi_engine: None) -> Project:
    """Return the program with a fresh stack."""
    return Project.create(tmp_path / "project")
