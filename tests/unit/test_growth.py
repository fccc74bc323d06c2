"""The benchmark of many deployments: it compares equal programs, and a broken limit shows."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from pulumi.runtime import stack
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import SETTINGS

from cli.growth import deployments, figures, flat, process_tree, recording, waiting
from cli.growth.figures import Cost, Costs
from cli.growth.project import COMPONENTS, EMPTY, FLAT
from policy.testing.wire import register
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
    return {n: Cost(seconds, memory + n, 1) for n, seconds in zip((1, 10, 50), processor, strict=True)}


LINEAR = costs(2, 11, 51)


@pytest.mark.parametrize(
    ("ours", "empty", "broken"),
    [
        (LINEAR, LINEAR, set()),
        (costs(2.4, 13.2, 61.2), LINEAR, set()),
        (costs(2.6, 11, 51), LINEAR, {"processor, 1, to empty components"}),
        (costs(2, 11, 56), LINEAR, {"processor, growth for each deployment"}),
        (
            costs(2, 11, 51, memory=200),
            LINEAR,
            {f"memory, {n}, to empty components" for n in (1, 10, 50)},
        ),
    ],
)
def test_a_broken_limit_shows(ours: Costs, empty: Costs, broken: set[str]) -> None:
    lines = figures.figures({COMPONENTS: ours, EMPTY: empty, FLAT: LINEAR}, waits_once=True)
    assert {line.what for line in lines if not line.is_kept} == broken


def test_the_waiting_of_the_sdk_has_no_limit() -> None:
    lines = figures.figures({COMPONENTS: costs(9, 99, 999), EMPTY: LINEAR, FLAT: LINEAR}, waits_once=False)
    assert all(line.is_kept for line in lines)
    assert {line.what.partition(",")[0] for line in lines if line.limit is not None} == {"memory"}


def test_growth_leaves_out_what_a_program_costs_once() -> None:
    assert figures.growth(costs(100, 109, 149), "processor") == pytest.approx(1)


def test_the_sdk_still_waits_for_the_first_of_all_outputs() -> None:
    """Else the correction and what docs/benchmark.md says about it can go."""
    assert "return_when=asyncio.FIRST_COMPLETED" in inspect.getsource(stack.wait_for_rpcs)


def test_waiting_once_ends_with_the_last_or_with_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "wait", asyncio.wait)
    waiting.wait_once()

    async def later(seconds: float, fails: bool = False) -> None:
        await asyncio.sleep(seconds)
        if fails:
            raise ValueError

    async def waited(*coroutines: Any) -> tuple[int, int]:
        tasks = [asyncio.ensure_future(each) for each in coroutines]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        assert all(task.exception() is None or isinstance(task.exception(), ValueError) for task in done)
        return len(done), len(pending)

    assert run_alone(waited(later(0), later(0.01))) == (2, 0)
    assert run_alone(waited(later(0), later(0, fails=True), later(60))) == (2, 1)


def test_a_command_is_measured_with_its_children(tmp_path: Path) -> None:
    child = "import time\nheld = bytearray(80_000_000)\nwhile time.process_time() < 0.5: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}], check=True)\nprint('done')"
    measured = process_tree.measure([sys.executable, "-c", parent], tmp_path, {**os.environ})
    assert (measured.code, measured.output) == (0, "done\n")
    assert measured.processor >= 0.5
    assert measured.memory >= 85
    assert measured.clock >= 0.5
