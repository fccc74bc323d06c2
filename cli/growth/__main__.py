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
_KINDS = {True: "as docs/library.md recommends", False: "plain"}
"""Kinds of programs, by whether they do what `recommended` says."""
_MORE_ROUNDS = (4, 2, 1)
"""Rounds at each number of deployments, relative to the most: growth compares small differences of the cheap ones."""


def measure(previewed: Projects, rounds: dict[int, int], as_recommended: bool) -> dict[str, Costs]:
    """Return the costs of the programs by number of deployments. In each round each program has its turn.

    Args:
        previewed: The programs.
        rounds: Number of rounds by number of deployments.
        as_recommended: Whether the programs do what `recommended` says.
    """
    measured: dict[str, dict[int, list[Measured]]] = {program: {n: [] for n in rounds} for program in PROGRAMS}
    for number in range(max(rounds.values())):
        progress.say(f"{_KINDS[as_recommended]}, round {number + 1} of {max(rounds.values())}")
        for count in (count for count, most in rounds.items() if number < most):
            for program in PROGRAMS:
                measured[program][count].append(previewed.preview(program, count, as_recommended))
    return {program: {count: Cost.of(runs) for count, runs in counts.items()} for program, counts in measured.items()}


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="growth", description=__doc__)
    parser.add_argument("--target", choices=_TITLES, default="docker")
    parser.add_argument("--rounds", type=int, default=3, help="how often the most deployments are measured")
    parser.add_argument("--deployments", type=int, nargs=3, default=_DEPLOYMENTS, help="three numbers, in order")
    arguments = parser.parse_args()
    sections: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory() as place, projects(Path(place) / "growth", arguments.target) as previewed:
        title = f"{_TITLES[arguments.target]}, {previewed.resources} resources in a deployment"
        rounds = {n: more * arguments.rounds for n, more in zip(arguments.deployments, _MORE_ROUNDS, strict=True)}
        for as_recommended, kind in _KINDS.items():
            costs = measure(previewed, rounds if as_recommended else dict.fromkeys(rounds, 1), as_recommended)
            sections[f"{title}, programs {kind}"] = figures(costs, as_recommended)
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
