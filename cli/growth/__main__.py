"""Measure, print the table, and fail where a limit is exceeded."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from policy.bench.budget import Figure, table
from toolchain.machine import progress

from .figures import Cost, Costs, figures
from .process_tree import Measured
from .project import PROGRAMS, Projects, projects

_DEPLOYMENTS = [1, 10, 50]
_TITLES = {"docker": "Docker", "aws": "AWS"}


def measure(previewed: Projects, deployments: list[int], rounds: int, waits_once: bool) -> dict[str, Costs]:
    """Return the costs of the programs. In each round each has its turn at each number of deployments."""
    measured: dict[str, dict[int, list[Measured]]] = {program: {n: [] for n in deployments} for program in PROGRAMS}
    for number in range(rounds):
        progress.say(f"the SDK waits {'once' if waits_once else 'as it does'}, round {number + 1} of {rounds}")
        for count in deployments:
            for program in PROGRAMS:
                measured[program][count].append(previewed.preview(program, count, waits_once))
    return {
        program: {count: Cost.least(runs) for count, runs in counts.items()} for program, counts in measured.items()
    }


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="growth", description=__doc__)
    parser.add_argument("--target", choices=_TITLES, default="docker")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the least counts")
    parser.add_argument("--deployments", type=int, nargs=3, default=_DEPLOYMENTS, help="three numbers, in order")
    arguments = parser.parse_args()
    sections: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory() as place, projects(Path(place) / "growth", arguments.target) as previewed:
        title = f"{_TITLES[arguments.target]}, {previewed.resources} resources in a deployment"
        for waits_once, ending in {True: ", the SDK waits once", False: ", the SDK waits as it does"}.items():
            costs = measure(previewed, arguments.deployments, arguments.rounds if waits_once else 1, waits_once)
            sections[title + ending] = figures(costs, waits_once)
    print(table(sections))
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load > 2 * processors:
        print(f"\nOther programs run, too (load {load:.0f}, {processors} processors): do not trust small differences.")
    broken = [f"{title}: {each.what}" for title, figures in sections.items() for each in figures if not each.is_kept]
    for line in broken:
        print(f"BROKEN: {line}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
