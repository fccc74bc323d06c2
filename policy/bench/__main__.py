"""Measure, print the table, and fail where a budget is broken."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from toolchain.machine import progress

from . import block, budget, packs, wire
from .budget import Cost, Figure
from .packs import Pack
from .preview import project

_SIZES = (0, block.RESOURCES, 10 * block.RESOURCES)
_FAR = 100 * block.RESOURCES
_FAR_ROUNDS = 2
"""It takes as long as all else, and is long enough to be no accident."""


def on_the_wire(found: list[Pack], rounds: int) -> dict[str, dict[int, Cost]]:
    """Return what each pack costs at each number of resources; only ours, the first, at the larger ones.

    In each round everything has its turn, so that a busy minute of the machine falls on all of them.
    """
    recorded = block.record()
    stacks = {size: block.copies(recorded, size) for size in _SIZES}
    runs: dict[str, dict[int, list[wire.Run]]] = {pack.name: {} for pack in found}

    def measure(pack: Pack, size: int, stack: block.Requests) -> None:
        runs[pack.name].setdefault(size, []).append(wire.run(pack, stack if size else None))

    for number in range(rounds):
        progress.say(f"on the wire, round {number + 1} of {rounds}")
        for pack in found:
            for size in _SIZES if pack is found[0] else _SIZES[:2]:
                measure(pack, size, stacks[size])
    progress.say(f"on the wire, {_FAR:,} resources")
    far = block.copies(recorded, _FAR)
    for _ in range(min(rounds, _FAR_ROUNDS)):
        measure(found[0], _FAR, far)
    return {name: {size: Cost.least(each) for size, each in sizes.items()} for name, sizes in runs.items()}


def on_the_engine(found: list[Pack], rounds: int, folder: Path) -> dict[str, float]:
    """Return the least processor time of a preview without a pack, under an empty name, and with each."""
    seconds: dict[str, list[float]] = {}
    with project(folder / "project") as previewed:
        for number in range(rounds):
            progress.say(f"previews by the engine, round {number + 1} of {rounds}")
            for pack in (None, *found):
                seconds.setdefault(pack.name if pack else "", []).append(previewed.preview(pack))
    return {name: min(each) for name, each in seconds.items()}


def measure(rounds: int) -> Mapping[str, list[Figure]]:
    """Return all figures."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours = packs.ours()
        found = [ours, packs.trivial(folder)]
        guard = packs.awsguard()
        if isinstance(guard, Pack):
            found.append(guard)
        else:
            progress.say(f"awsguard is not measured: {guard}")
        costs = on_the_wire(found, rounds)
        seconds = on_the_engine(found, rounds, folder)
    others = [
        figure
        for pack in found[1:]
        for figure in budget.beside(pack.name, costs[ours.name], costs[pack.name], block.RESOURCES)
    ]
    return {
        "The pack alone": budget.of_pack(costs[ours.name], block.RESOURCES),
        "Beside other packs": others,
        f"In a preview of {block.RESOURCES} resources": budget.of_preview(seconds, ours.name),
    }


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured; the least counts")
    sections = measure(max(1, parser.parse_args().rounds))
    print(budget.table(sections))
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load > processors:
        print(f"\nOthers work here, too (load {load:.0f}, {processors} processors): do not trust small differences.")
    broken = [figure.what for figures in sections.values() for figure in figures if not figure.is_kept]
    if broken:
        print(f"\nBROKEN: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
