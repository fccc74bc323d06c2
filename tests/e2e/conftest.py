"""Two running stacks for all tests, one to look at and one to change; and what the tests measured."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from simulators import images as built
from tests.e2e.loki import Loki
from tests.e2e.stack import Stack


@pytest.fixture(scope="session")
def simulator_images(images: dict[str, str]) -> list[str]:
    """Return the simulator of Kotauth in two versions: what tells its version and its memory limit."""
    references = built.ensure(["kotauth-simulator", "kotauth-simulator-next"])
    return [references["kotauth-simulator"], references["kotauth-simulator-next"]]


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, images: dict[str, str], pulumi_engine: None) -> Iterator[Stack]:
    """Yield a stack that is up and backed up. Tests leave it ready and with the settings that they found."""
    stack = Stack.start_with_backups(tmp_path_factory.mktemp("stack") / "project", "stack", images)
    yield stack
    stack.remove()


@pytest.fixture(scope="package")
def loki(images: dict[str, str]) -> Iterator[Loki]:
    """Yield the Loki that the lines of `logged` go to. Tests leave it up."""
    loki = Loki.start(str(os.getpid()))
    yield loki
    loki.stop()


@pytest.fixture(scope="package")
def logged(
    tmp_path_factory: pytest.TempPathFactory, images: dict[str, str], loki: Loki, pulumi_engine: None
) -> Iterator[Stack]:
    """Yield a stack that is up and sends its log lines to Loki. Tests leave it as they found it."""
    stack = Stack.start(tmp_path_factory.mktemp("logged") / "project", "logged", images, **loki.settings)
    loki.wait()
    yield stack
    stack.project.destroy()


@pytest.fixture(scope="package")
def changing(
    tmp_path_factory: pytest.TempPathFactory, images: dict[str, str], simulator_images: list[str], pulumi_engine: None
) -> Iterator[Stack]:
    """Yield a stack whose settings and program tests may change; they leave it so that an `up` changes nothing."""
    # A smaller pool than there are request threads: eight of them can't have ten connections at the same moment.
    settings = {**images, "image": simulator_images[0], "poolSize": "6"}
    stack = Stack.start(tmp_path_factory.mktemp("changing") / "project", "changing", settings)
    yield stack
    stack.project.destroy()


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
