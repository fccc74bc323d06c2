"""Where the time of a run of the tests went: folders, slowest fixtures, processor; and which budgets are broken.

The budgets are in pyproject.toml, for two cores. A broken one is named and fails nothing: a busy machine breaks some.
"""

from __future__ import annotations

import operator
import os
import time
import tomllib
from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from toolchain.machine import cache

_PROJECT = Path(__file__).parent.parent / "pyproject.toml"
_STATISTICS = Path("/proc/stat")
_FIXTURES_SHOWN = 20
_BUILT = "engine-*", "images/*"
"""What takes minutes to build, in the cache of this machine."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make` tells."""
    group = parser.getgroup("time report")
    group.addoption("--budget", help="the budget of the whole run: test or check")
    group.addoption("--since", type=float, help="when `make` began, in seconds since 1970")


def pytest_configure(config: pytest.Config) -> None:
    """Measure from now on."""
    config.pluginmanager.register(_TimeReport(config), "kotauth-time-report")


class _TimeReport:
    """Measures in each process that runs tests; the one that started them adds up."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._began = time.time()
        self._folders: dict[str, float] = defaultdict(float)
        self._fixtures: dict[str, float] = defaultdict(float)
        self._busy = _busy_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Measure a fixture, without those that it asks for by its arguments."""
        began = time.monotonic()
        try:
            return (yield)
        finally:
            where = fixturedef.baseid if fixturedef.scope == "session" else request.node.nodeid.partition("::")[0]
            self._fixtures[f"{fixturedef.argname}  {where}"] += time.monotonic() - began

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase of a test to its folder."""
        self._folders[report.nodeid.partition("::")[0].rpartition("/")[0]] += report.duration

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Have a process that only runs tests hand over what it measured."""
        output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["fixtures"] = dict(self._fixtures)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what such a process measured; one that crashed hands nothing over."""
        for fixture, seconds in getattr(node, "workeroutput", {}).get("fixtures", {}).items():
            self._fixtures[fixture] += seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print it."""
        terminalreporter.section("time")
        for line in self._lines():
            terminalreporter.write_line(line)

    def _lines(self) -> Iterator[str]:
        budgets = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["tool"]["kotauth"]["budgets"]
        now = time.time()
        since = self._config.getoption("since") or self._began
        built = [path.name for kind in _BUILT for path in cache.folder().glob(kind) if path.stat().st_mtime > since]
        yield "Folders, seconds of their tests one after the other:"
        for folder, seconds in _slowest(self._folders):
            yield f"{seconds:8.1f}  {folder}"
        yield f"The {_FIXTURES_SHOWN} slowest fixtures, seconds:"
        for fixture, seconds in _slowest(self._fixtures)[:_FIXTURES_SHOWN]:
            yield f"{seconds:8.1f}  {fixture}"
        yield f"Before the tests {_clock(self._began - since)}, tests {_clock(now - self._began)}."
        if self._busy:
            busy, cores = _busy_seconds() - self._busy, os.cpu_count() or 1
            share = busy / cores / (now - self._began)
            yield f"Processor {_clock(busy)} with all else on this machine, {share:.0%} of its {cores} cores."
        yield f"Built in this run and kept for the next: {', '.join(sorted(built)) or 'nothing'}."
        limits: dict[str, tuple[float, float]] = {
            folder: (self._folders[folder], limit) for folder, limit in budgets["folders"].items()
        }
        if target := self._config.getoption("budget"):
            limits[f"make {target}"] = (now - since, budgets["cold" if built else target])
        broken = [f"{what} {_clock(took)} of {_clock(limit)}" for what, (took, limit) in limits.items() if took > limit]
        yield f"In the same order again: --randomly-seed={self._config.getoption('randomly_seed', 'none')}."
        yield f"Budgets broken: {', '.join(broken) or 'none'}."


def _busy_seconds() -> float:
    """Return how long the cores of this machine have worked since it was started; 0 where the system doesn't tell."""
    if not _STATISTICS.exists():
        return 0
    user, nice, system, _idle, _waiting, interrupts, more, *_ = _STATISTICS.read_text(encoding="ascii").split()[1:]
    return sum(map(int, (user, nice, system, interrupts, more))) / os.sysconf("SC_CLK_TCK")


def _slowest(seconds: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(seconds.items(), key=operator.itemgetter(1), reverse=True)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02}"
