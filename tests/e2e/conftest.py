"""Two running stacks for all tests, one to look at and one to change; and what the tests measured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import images as built
from tests.e2e.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, images: dict[str, str], pulumi_engine: None) -> Iterator[Stack]:
    """Yield a stack that is up. Tests leave it ready and with the settings that they found."""
    running = Stack.start(tmp_path_factory.mktemp("stack") / "project", "shared", images)
    yield running
    running.project.destroy()


@pytest.fixture(scope="session")
def stand_ins(images: dict[str, str]) -> list[str]:
    """Return the stand-in for Kotauth in two versions: what tells its version and its memory limit."""
    references = built.ensure(["stand-in", "stand-in-next"])
    return [references["stand-in"], references["stand-in-next"]]


@pytest.fixture(scope="session")
def changing(
    tmp_path_factory: pytest.TempPathFactory, images: dict[str, str], stand_ins: list[str], pulumi_engine: None
) -> Iterator[Stack]:
    """Yield a stack whose settings and program tests may change; they leave it so that an `up` goes through."""
    path = tmp_path_factory.mktemp("changing") / "project"
    running = Stack.start(path, "changing", {**images, "image": stand_ins[0]})
    yield running
    running.project.destroy()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests measured, also where they passed."""
    measured = [
        f"{report.nodeid}: {name}: {value}"
        for report in terminalreporter.getreports("passed")
        if report.when == "call"
        for name, value in report.user_properties
    ]
    if measured:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(measured))
