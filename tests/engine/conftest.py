"""The stacks on AWS that several modules look at. A module that changes one makes a copy of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.aws_stack import AwsStack
from tests.engine.saved_stacks import SavedStacks


@pytest.fixture(scope="session")
def saved_stacks(shared_folder: Path, pulumi_engine: None) -> SavedStacks:
    """Return the stacks that are brought up once in a run of the tests, whichever process needs one first."""
    return SavedStacks(shared_folder)


@pytest.fixture(scope="session")
def production(saved_stacks: SavedStacks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsStack]:
    """Yield the committed stack prod, up. No test may change it."""
    with saved_stacks.copy("prod", tmp_path_factory.mktemp("prod")) as stack:
        yield stack


@pytest.fixture(scope="session")
def staging(saved_stacks: SavedStacks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsStack]:
    """Yield the committed stack staging, up: the other frontend, no NAT gateway. No test may change it."""
    with saved_stacks.copy("staging", tmp_path_factory.mktemp("staging")) as stack:
        yield stack


@pytest.fixture
def own_production(saved_stacks: SavedStacks, tmp_path: Path) -> Iterator[AwsStack]:
    """Yield the committed stack prod, up, for one test."""
    with saved_stacks.copy("prod", tmp_path / "prod") as stack:
        yield stack
