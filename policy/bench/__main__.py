"""Measure, print the table, and fail where a budget is broken."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from toolchain.machine import progress

from . import budget, measured_stack, pack_process, packs
from .budget import Cost, Figure
from .packs import Pack
from .preview import project

_SIZES = (0, measured_stack.RESOURCES, 10 * measured_stack.RESOURCES)
_FAR = 100 * measured_stack.RESOURCES
_FAR_ROUNDS = 2
"""It takes as long as all else, and is long enough to be no accident."""


def on_the_wire(compared: list[Pack], rounds: int) -> dict[str, dict[int, Cost]]:
    """Return what each pack costs at each number of resources; only ours, the first, at the larger ones.

    In each round everything has its turn, so that a busy minute of the machine falls on all of them.
    """
    recorded = measured_stack.record()
    stacks = {size: measured_stack.copies(recorded, size) for size in _SIZES}
    runs: dict[str, dict[int, list[pack_process.Run]]] = {pack.name: {} for pack in compared}

    def measure(pack: Pack, size: int, stack: measured_stack.Requests) -> None:
        runs[pack.name].setdefault(size, []).append(pack_process.run(pack, stack if size else None))

    for number in range(rounds):
        progress.say(f"on the wire, round {number + 1} of {rounds}")
        for pack in compared:
            for size in _SIZES if pack is compared[0] else _SIZES[:2]:
                measure(pack, size, stacks[size])
    progress.say(f"on the wire, {_FAR:,} resources")
    far = measured_stack.copies(recorded, _FAR)
    for _ in range(min(rounds, _FAR_ROUNDS)):
        measure(compared[0], _FAR, far)
    return {name: {size: Cost.least(measured) for size, measured in sizes.items()} for name, sizes in runs.items()}


def on_the_engine(compared: list[Pack], rounds: int, folder: Path) -> dict[str, float]:
    """Return the least processor time of a preview without a pack, under an empty name, and with each."""
    seconds: dict[str, list[float]] = {}
    with project(folder / "project") as previewed:
        for number in range(rounds):
            progress.say(f"previews by the engine, round {number + 1} of {rounds}")
            for pack in (None, *compared):
                seconds.setdefault(pack.name if pack else "", []).append(previewed.preview(pack))
    return {name: min(measured) for name, measured in seconds.items()}


def measure(rounds: int) -> Mapping[str, list[Figure]]:
    """Return all figures."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours = packs.ours()
        compared = [ours, packs.trivial(folder)]
        guard = packs.awsguard()
        if isinstance(guard, Pack):
            compared.append(guard)
        else:
            progress.say(f"awsguard is not measured: {guard}")
        costs = on_the_wire(compared, rounds)
        seconds = on_the_engine(compared, rounds, folder)
    others = [
        figure
        for pack in compared[1:]
        for figure in budget.beside(pack.name, costs[ours.name], costs[pack.name], measured_stack.RESOURCES)
    ]
    return {
        "The pack alone": budget.of_pack(costs[ours.name], measured_stack.RESOURCES),
        "Beside other packs": others,
        f"In a preview of {measured_stack.RESOURCES} resources": budget.of_preview(seconds, ours.name),
    }


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured; the least counts")
    sections = measure(max(1, parser.parse_args().rounds))
    print(budget.table(sections))
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load > processors:
        print(f"\nOther programs run, too (load {load:.0f}, {processors} processors): do not trust small differences.")
    broken = [figure.what for figures in sections.values() for figure in figures if not figure.is_kept]
    if broken:
        print(f"\nBROKEN: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
