"""The limits of the benchmark, and what the measurements say about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from policy.bench.budget import Figure

from .process_tree import Measured
from .project import COMPONENTS, EMPTY, FLAT

BESIDE = 1.25
"""Cost of a preview to that of a program that registers the same resources in plain calls."""
GROWTH = 1.1
"""Cost of each further deployment among the most to that of each among the fewest. Quadratic growth would be near 5."""


class Least(NamedTuple):
    """The least of several rounds, as noise of the machine only ever adds; and the next, which says how much it adds.

    A limit is broken only if it is broken, too, with the next of what a figure is compared with.
    """

    value: float
    next: float

    @classmethod
    def of(cls, rounds: Iterable[float]) -> Least:
        """Return the two least of some rounds. One round alone says nothing about noise."""
        least, *more = sorted(rounds)
        return cls(least, more[0] if more else least)


@dataclass(frozen=True)
class Cost:
    """What a preview took."""

    processor: Least
    """Seconds of processor time."""
    memory: Least
    """MB, the sum of the peaks of all processes."""
    clock: Least
    """Seconds by the clock."""

    @classmethod
    def of(cls, measured: Iterable[Measured]) -> Cost:
        """Return the least of each measurement."""
        runs = list(measured)
        return cls(*(Least.of(getattr(run, name) for run in runs) for name in ("processor", "memory", "clock")))


Costs = Mapping[int, Cost]
"""By number of deployments."""


def figures(costs: Mapping[str, Costs], as_recommended: bool) -> list[Figure]:
    """Return the figures of a target.

    Args:
        costs: The costs of the programs, at three numbers of deployments.
        as_recommended: Whether the programs did what `recommended` says. If not, the waiting of Pulumi's SDK decides
            about the processor time, which then has no limit.
    """
    ours = costs[COMPONENTS]
    lines: list[Figure] = []
    for name, unit in (("processor", "s"), ("memory", "MB")):
        limit, growth_limit = (BESIDE, GROWTH) if as_recommended or name == "memory" else (None, None)
        for number in sorted(ours):
            lines.append(Figure(f"{name}, {number} deployments", _least(ours[number], name).value, unit))
            for program, words in ((FLAT, "no components"), (EMPTY, "empty components")):
                ratio, at_least = _ratio(_least(ours[number], name), _least(costs[program][number], name))
                lines.append(Figure(f"{name}, {number}, to {words}", ratio, limit=limit, at_least=at_least))
        lines += [
            Figure(
                f"{name}, growth for each deployment", growth(ours, name), "", growth_limit, least_growth(ours, name)
            ),
            Figure(f"{name}, growth without components", growth(costs[FLAT], name)),
        ]
    most = max(ours)
    return [
        *lines,
        Figure(f"by the clock, {most} deployments", ours[most].clock.value, "s"),
        Figure(f"by the clock, {most}, no components", costs[FLAT][most].clock.value, "s"),
    ]


def growth(costs: Costs, name: str) -> float:
    """Return what each deployment between the two larger numbers costs, to each between the two smaller.

    The costs of the start, of imports and of providers, are in neither.
    """
    few, some, most = sorted(costs)
    return _growth(costs, name, _least(costs[some], name).value, (few, some, most))


def least_growth(costs: Costs, name: str) -> float:
    """Return the growth with the next of the middle number, which raises the lower part and reduces the upper one."""
    few, some, most = sorted(costs)
    return _growth(costs, name, _least(costs[some], name).next, (few, some, most))


def _growth(costs: Costs, name: str, middle: float, numbers: tuple[int, int, int]) -> float:
    few, some, most = numbers
    lower = (middle - _least(costs[few], name).value) / (some - few)
    upper = (_least(costs[most], name).value - middle) / (most - some)
    return upper / lower


def _ratio(ours: Least, theirs: Least) -> tuple[float, float]:
    return ours.value / theirs.value, ours.value / theirs.next


def _least(cost: Cost, name: str) -> Least:
    return getattr(cost, name)
