"""The simulator has as many request threads as a JVM would see processors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulators.kotauth.server.http.call_threads import available_processors

MACHINE = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("-XX:ActiveProcessorCount=8", 8),
        ("-XX:+UseSerialGC  -XX:ActiveProcessorCount=3 -Dx=y", 3),
        ("-XX:ActiveProcessorCount=3 -XX:ActiveProcessorCount=5", 5),
        ("-XX:ActiveProcessorCount=eight", 1),
        ("-Dx=-XX:ActiveProcessorCount=4", 1),
    ],
)
def test_the_option_wins_over_the_limit(tmp_path: Path, options: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert available_processors({"JAVA_TOOL_OPTIONS": options}, tmp_path) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "25000 100000\n"}, 1),
        ({"cpu.max": "100001 100000\n"}, min(2, MACHINE)),
        ({"cpu.max": "99900000 100000\n"}, MACHINE),
        ({"cpu.max": "max 100000\n"}, MACHINE),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, MACHINE),
        ({}, MACHINE),
    ],
)
def test_without_it_the_cpu_limit_counts(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert available_processors({}, tmp_path) == expected
