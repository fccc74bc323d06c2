"""The limits of the benchmark, and what the measurements say about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policy.bench.budget import Figure

from .process_tree import Measured
from .project import COMPONENTS, EMPTY, FLAT

BESIDE = 1.25
"""Cost of a preview to that of a program that registers the same resources in plain calls."""
GROWTH = 1.1
"""Cost of each further deployment among the most to that of each among the fewest. Quadratic growth would be near 5."""


@dataclass(frozen=True)
class Cost:
    """The least that a preview took in several rounds: noise of the machine only ever adds."""

    processor: float
    """Seconds of processor time."""
    memory: float
    """MB, the sum of the peaks of all processes."""
    clock: float
    """Seconds by the clock."""

    @classmethod
    def least(cls, measured: Iterable[Measured]) -> Cost:
        """Return the least of each measurement."""
        runs = list(measured)
        return cls(*(min(getattr(run, name) for run in runs) for name in ("processor", "memory", "clock")))


Costs = Mapping[int, Cost]
"""By number of deployments."""


def figures(costs: Mapping[str, Costs], waits_once: bool) -> list[Figure]:
    """Return the figures of a target.

    Args:
        costs: The costs of the programs, at three numbers of deployments.
        waits_once: Whether the SDK waited for all outputs at once. If not, its own waiting decides about the processor
            time, which then has no limit.
    """
    ours = costs[COMPONENTS]
    lines: list[Figure] = []
    for name, unit in (("processor", "s"), ("memory", "MB")):
        is_limited = waits_once or name == "memory"
        for number in sorted(ours):
            here = getattr(ours[number], name)
            lines += [
                Figure(f"{name}, {number} deployments", here, unit),
                # What Pulumi itself takes for a component is no cost of ours, and has no limit.
                Figure(f"{name}, {number}, to no components", here / getattr(costs[FLAT][number], name)),
                Figure(
                    f"{name}, {number}, to empty components",
                    here / getattr(costs[EMPTY][number], name),
                    limit=BESIDE if is_limited else None,
                ),
            ]
        lines += [
            Figure(f"{name}, growth for each deployment", growth(ours, name), limit=GROWTH if is_limited else None),
            Figure(f"{name}, growth without components", growth(costs[FLAT], name)),
        ]
    most = max(ours)
    return [
        *lines,
        Figure(f"by the clock, {most} deployments", ours[most].clock, "s"),
        Figure(f"by the clock, {most}, no components", costs[FLAT][most].clock, "s"),
    ]


def growth(costs: Costs, name: str) -> float:
    """Return what each deployment between the two larger numbers costs, to each between the two smaller.

    The costs of the start, of imports and of providers, are in neither.
    """
    few, some, most = sorted(costs)
    return _each(costs, name, some, most) / _each(costs, name, few, some)


def _each(costs: Costs, name: str, few: int, many: int) -> float:
    return (getattr(costs[many], name) - getattr(costs[few], name)) / (many - few)
