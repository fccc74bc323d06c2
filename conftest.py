"""What all tests share, those of the simulators too: the real engine, a Docker daemon, the images, and the order.

Imports nothing of `tests`: what only the tests of the product need is in its own conftest.py.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from toolchain.machine import docker
from toolchain.machine.shared_daemon import SharedDaemon
from toolchain.pulumi import selection

pytest_plugins = ["tests.time_report"]
# Helpers assert, too: so their failures show the values.
pytest.register_assert_rewrite("policy.testing", "simulators", "tests")

_LONGEST_ID = 80
_DOCKER = {"daemon", "images"}
_SHARED = ("changing", "stack", "edges", "logged", "routes")
"""Fixtures that take long to bring up."""
_LONG = (
    "hosts",
    "changing",
    "test_aws_roll_gate.py",
    "test_aws_recovery.py",
    "test_production.py",
    "edges",
    "stack",
    "test_acme.py",
    "logged",
    "routes",
    "test_role.py",
    "test_remote_daemon.py",
)

# The Makefile unsets it too: without bytecode each program and simulator compiles the AWS SDK, for seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples in each run, and no limit for a busy machine to break.
hypothesis.settings.register_profile(
    "kotauth",
    derandomize=True,
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
# `make check` tries fewer examples.
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile("kotauth"), max_examples=15)
hypothesis.settings.load_profile("kotauth")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a test by the beginning of a long text: processes send the names of all tests, some of 800,000 letters."""
    if not isinstance(val, str) or len(val) <= _LONGEST_ID:
        return None
    return f"{val[:_LONGEST_ID].encode('unicode_escape').decode()}..."


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests stay together where several processes run them: those that share what takes long to bring up."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("docker") or fixtures & _DOCKER:
            item.add_marker(pytest.mark.xdist_group(_docker_group(item, fixtures)))
        elif not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    # The longest groups are first.
    items.sort(key=_order)


def _docker_group(item: pytest.Item, fixtures: Collection[str]) -> str:
    if item.path.parent.name == "host" and ("lab" in fixtures or "site" in fixtures):
        return "hosts"
    return next(
        (name for name in ("changing", "stack", "edges", "logged", "routes") if name in fixtures), item.path.name
    )


def _order(item: pytest.Item) -> int:
    (group,) = (mark.args[0] for mark in item.iter_markers("xdist_group"))
    return _LONG.index(group) if group in _LONG else len(_LONG)


def pytest_collection() -> None:
    """Spare the imports collections of garbage that find nothing: the SDK of AWS alone is millions of objects."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Keep the garbage collector away from what is there for good, and so was imported.

    A test that registers a program has several collections run, and each would look at all of that: more than half of
    the time that such a test takes. It makes a hundred thousand objects, and a collection every 700 finds few to free.
    """
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()


def _progress_shown(request: pytest.FixtureRequest) -> AbstractContextManager[None]:
    """Show what is printed meanwhile, for minutes perhaps; pytest would keep it until the end."""
    capture: Any = request.config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled()


@pytest.fixture(scope="session")
def pulumi_engine(request: pytest.FixtureRequest) -> None:
    """See to it that there is an engine, as `make` does."""
    with _progress_shown(request):
        selection.ensure()


@pytest.fixture(scope="session")
def shared_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of this run of the tests share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if hasattr(request.config, "workerinput") else folder


@pytest.fixture(scope="session")
def shared_daemon(shared_folder: Path) -> SharedDaemon:
    """Return what the processes that run tests know of their Docker daemon."""
    return SharedDaemon(shared_folder)


@pytest.fixture(scope="session")
def daemon(request: pytest.FixtureRequest, shared_daemon: SharedDaemon) -> Iterator[docker.Daemon]:
    """Yield a Docker daemon; one that had to be started is stopped when no process needs it any more."""
    with _progress_shown(request):
        running = shared_daemon.join()
    yield running
    shared_daemon.leave()


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest, daemon: docker.Daemon) -> dict[str, str]:
    """Return the images to run: the official ones where a registry can be reached, else built from packages.

    With KOTAUTH_TEST_IMAGE the server is that image, such as a build of Kotauth's sources.
    """
    from simulators import images  # noqa: PLC0415 - only where Docker is used

    with _progress_shown(request):
        chosen = images.choose(backups=True)
    server = os.environ.get("KOTAUTH_TEST_IMAGE")
    return {**chosen, "image": server} if server else chosen
