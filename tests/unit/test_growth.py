"""The benchmark of many deployments: it compares equal programs, and a broken limit shows."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import Mock

import pytest
from pulumi.runtime import mocks, stack
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import ROOT, SETTINGS
from pulumi_random import RandomPassword

from cli.growth import deployments, figures, flat, process_tree, recording
from cli.growth import recommended as recommended_end
from cli.growth.figures import Cost, Costs, Least
from cli.growth.project import COMPONENTS, EMPTY, FLAT
from policy.bench.budget import Figure, table
from policy.testing.wire import Provider, RecordingMonitor, register
from tests.own_loop import run_alone

Registered = dict[tuple[str, str], resource_pb2.RegisterResourceRequest]


def registered(program: Any) -> Registered:
    return {(request.type, request.name): request for _, request in register(program).registrations}


def names(urns: Any) -> set[str]:
    return {urn.rpartition("::")[2] for urn in urns}


def test_the_flat_program_registers_the_same_resources(tmp_path: Path) -> None:
    file = tmp_path / "resources.jsonl"

    def recorded() -> None:
        # Mocks have no server for the hooks of a container.
        SETTINGS.callbacks = Mock()  # pyright: ignore[reportAttributeAccessIssue]
        recording.record(file)
        deployments.deploy("docker", 1)

    ours = registered(recorded)
    made = {name for (_, name), request in ours.items() if request.custom}
    for has_components in (False, True):
        copies = registered(lambda has=has_components: flat.register(file, 2, has))
        expected = {key: request for key, request in ours.items() if request.custom or has_components}
        assert len(expected) == (43 if has_components else 29)
        assert len(copies) == 2 * len(expected)
        for key, request in expected.items():
            copy = copies[key]
            assert copy.object == request.object, key
            assert copy.protect == request.protect, key
            assert list(copy.ignoreChanges) == list(request.ignoreChanges), key
            if request.custom:
                assert names(copy.dependencies) == names(request.dependencies) & made, key
            assert (key[0], key[1].replace(recording.NAME.format(0), recording.NAME.format(1))) in copies


def test_a_text_of_the_second_copy_never_names_the_first(tmp_path: Path) -> None:
    file = tmp_path / "resources.jsonl"
    line = {"type": "random:index/randomPassword:RandomPassword", "name": recording.NAME.format(0), "custom": True}
    rest = {"urn": "u", "inputs": {"length": 8.0}, "unknown_until": {}, "dependencies": [], "options": {}}
    file.write_text(json.dumps({**line, **rest}) + "\n")
    assert [name for _, name in registered(lambda: flat.register(file, 2, False))] == [
        recording.NAME.format(0),
        recording.NAME.format(1),
    ]


def costs(*processor: float, memory: float = 100) -> Costs:
    rounds = {n: [seconds] for n, seconds in zip((1, 10, 50), processor, strict=True)}
    return {n: Cost(Least.of(seconds), Least.of([memory + n]), Least.of([1])) for n, seconds in rounds.items()}


LINEAR = costs(2, 11, 51)


@pytest.mark.parametrize(
    ("ours", "empty", "broken"),
    [
        (LINEAR, LINEAR, set()),
        (costs(2.4, 13.2, 61.2), LINEAR, set()),
        (costs(2.6, 11, 51), LINEAR, {"processor, 1, to empty components", "processor, 1, to no components"}),
        (costs(2, 11, 51), costs(2, 8, 51), {"processor, 10, to empty components"}),
        (costs(2, 11, 56), LINEAR, {"processor, growth for each deployment"}),
        (
            costs(2, 11, 51, memory=200),
            LINEAR,
            {f"memory, {n}, to {words} components" for n in (1, 10, 50) for words in ("empty", "no")},
        ),
    ],
)
def test_a_broken_limit_shows(ours: Costs, empty: Costs, broken: set[str]) -> None:
    assert broken_limits(ours, empty, LINEAR) == broken


def broken_limits(ours: Costs, empty: Costs, flat: Costs) -> set[str]:
    lines = figures.figures({COMPONENTS: ours, EMPTY: empty, FLAT: flat}, as_recommended=True)
    return {line.what for line in lines if not line.is_kept}


def noisy(random: Random, *processor: float) -> Costs:
    """Return the costs of the rounds that the command makes, each of which took up to a fifth longer than it should."""
    rounds = zip((1, 10, 50), processor, (12, 6, 3), strict=True)
    took = {n: [seconds * random.uniform(1, 1.2) for _ in range(most)] for n, seconds, most in rounds}
    return {n: Cost(Least.of(seconds), Least.of([100 + n]), Least.of([1])) for n, seconds in took.items()}


def found(what: str, *ours: float) -> float:
    """Return in how many of 200 noisy runs a limit is broken."""
    random = Random(1)  # noqa: S311 - the same numbers in each run
    flat = (1.5, 6.0, 26.0)
    runs = [broken_limits(noisy(random, *ours), *(noisy(random, *flat) for _ in range(2))) for _ in range(200)]
    return sum(what in run for run in runs) / len(runs)


@pytest.mark.parametrize("number", [1, 10, 50])
def test_a_ratio_is_told_from_noise(number: int) -> None:
    within, beyond = ([seconds * ratio for seconds in (1.5, 6.0, 26.0)] for ratio in (1.0, 1.2 * figures.BESIDE))
    what = f"processor, {number}, to no components"
    assert found(what, *within) == 0
    assert found(what, *beyond) > 0.95


def test_growth_is_told_from_noise() -> None:
    what = "processor, growth for each deployment"
    assert found(what, 1.5, 6.0, 6.0 + 40 * 0.5) < 0.05
    assert found(what, 1.5, 6.0, 6.0 + 40 * 0.5 * 1.2 * figures.GROWTH) > 0.95


def test_a_value_within_the_noise_of_its_limit_shows_as_such() -> None:
    lines = table(
        {"": [Figure("growth", 1.2, limit=1.1, at_least=1.0), Figure("ratio", 1.2, limit=1.1, at_least=1.15)]}
    )
    assert [line.split("  ")[-1].strip() for line in lines.splitlines()[-2:]] == ["kept within the noise", "BROKEN"]


def test_a_plain_program_has_no_limit_of_processor_time() -> None:
    lines = figures.figures({COMPONENTS: costs(9, 99, 999), EMPTY: LINEAR, FLAT: LINEAR}, as_recommended=False)
    assert all(line.is_kept for line in lines)
    assert {line.what.partition(",")[0] for line in lines if line.limit is not None} == {"memory"}


def test_growth_leaves_out_what_a_program_costs_once() -> None:
    assert figures.growth(costs(100, 109, 149), "processor") == pytest.approx(1)


def test_the_recommended_end_spares_the_sdk_the_waiting_for_all_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the plain program needs no such waiting either, the recommendation of docs/library.md can go."""
    plain, recommended = waited(monkeypatch, lambda: None), waited(monkeypatch, recommended_end.prepare)
    assert recommended * 10 < plain


def waited(monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], None]) -> int:
    """Return how many outputs the SDK goes through at the end of a program."""
    wait: Any = asyncio.wait
    counts: list[int] = []

    async def counted(tasks: Any, **options: Any) -> Any:
        counts.append(len(tasks))
        return await wait(tasks, **options)

    def program() -> None:
        prepare()
        for number in range(10):
            RandomPassword(f"password-{number}", length=8)

    async def run() -> None:
        # Without a root, the mocks make a stack, whose registration lets the event loop run.
        ROOT.set(Mock())
        mocks.set_mocks(Provider({}), preview=True, monitor=monitor)
        ROOT.set(None)
        # What an earlier test left lets the event loop run, too.
        SETTINGS.rpc_manager.clear()  # pyright: ignore[reportAttributeAccessIssue]
        SETTINGS.outputs.clear()  # pyright: ignore[reportAttributeAccessIssue]
        await stack.run_in_stack(program)

    monitor: Any = RecordingMonitor(Provider({}))
    monitor.SignalAndWaitForShutdown = lambda _: None
    monkeypatch.setattr(gc, "disable", lambda: None)
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "wait", counted)
        run_alone(run())
    assert len(monitor.registrations) == 10
    return sum(counts)


def test_a_command_is_measured_with_its_children(tmp_path: Path) -> None:
    child = "import time\nheld = bytearray(80_000_000)\nwhile time.process_time() < 0.5: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}], check=True)\nprint('done')"
    measured = process_tree.measure([sys.executable, "-c", parent], tmp_path, {**os.environ})
    assert (measured.code, measured.output) == (0, "done\n")
    assert measured.processor >= 0.5
    assert measured.memory >= 85
    assert measured.clock >= 0.5
