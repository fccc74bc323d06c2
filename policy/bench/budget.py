"""The budgets of the benchmark, and the table that compares them with measurements.

Budgets are ratios within one run. Only the two that a user feels are seconds, and generous.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .pack_process import Run

START_SECONDS = 1.0
"""Until the pack listens. The engine waits for that before it asks about the first resource."""
BLOCK_SECONDS = 2.0
"""For all questions about 100 resources."""
GROWTH = 1.5
"""Cost of a resource among 1,000 to that of one among 100. What is quadratic would be near 10."""
FAR_GROWTH = 2.0
"""The same among 10,000. What is quadratic would be near 100."""
BESIDE_OTHERS = 1.0
"""Cost to that of a pack with a fifth of the rules, per resource."""
SHARE = 0.3
"""Of a preview's processor time. Twice of what was seen, because this is the noisiest figure."""


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    value: float
    unit: str = ""
    """Empty for a ratio."""
    limit: float | None = None
    """The budget; ``None`` where the figure is only shown."""
    at_least: float | None = None
    """What the value is without noise, at least; ``None`` where no noise was measured."""

    @property
    def is_kept(self) -> bool:
        """Whether a figure is within its budget, or exceeds it by no more than noise."""
        return self.limit is None or (self.value if self.at_least is None else self.at_least) <= self.limit


@dataclass(frozen=True)
class Cost:
    """The least that a pack took in several runs, in seconds: noise of the machine only ever adds."""

    start: float
    evaluation: float
    processor: float

    @classmethod
    def least(cls, runs: Iterable[Run]) -> Cost:
        """Return the smallest measurement of each series."""
        measured = list(runs)
        return cls(*(min(getattr(run, name) for run in measured) for name in ("start", "evaluation", "processor")))


def per_resource(costs: Mapping[int, Cost], resources: int) -> float:
    """Return the processor time for each of so many resources, without the start of the process."""
    return (costs[resources].processor - costs[0].processor) / resources


def of_pack(costs: Mapping[int, Cost], block: int) -> list[Figure]:
    """Return the figures of our pack alone: how it starts, and how it grows."""
    among = per_resource(costs, block)
    figures = [
        Figure("start until it listens", costs[0].start, "s", START_SECONDS),
        Figure(f"{block} resources, all questions", costs[block].evaluation, "s", BLOCK_SECONDS),
        Figure(f"a resource among {block}, processor", among * 1000, "ms"),
    ]
    for resources in sorted(set(costs) - {0, block}):
        limit = GROWTH if resources <= 10 * block else FAR_GROWTH
        figures.append(
            Figure(f"a resource among {resources:,} to that", per_resource(costs, resources) / among, "", limit)
        )
    return figures


def beside(name: str, costs: Mapping[int, Cost], other: Mapping[int, Cost], block: int) -> list[Figure]:
    """Return the cost of our pack relative to another pack."""
    return [
        Figure(f"start, processor, to {name}", costs[0].processor / other[0].processor),
        Figure(f"a resource to {name}", per_resource(costs, block) / per_resource(other, block), "", BESIDE_OTHERS),
    ]


def of_preview(seconds: Mapping[str, float], ours: str) -> list[Figure]:
    """Return each pack's share of a preview; the one without a pack has an empty name."""
    return [
        Figure(f"share of {name}", 1 - seconds[""] / whole, "", SHARE if name == ours else None)
        for name, whole in seconds.items()
        if name
    ]


def table(sections: Mapping[str, Sequence[Figure]]) -> str:
    """Return the figures for people."""
    width = max(len(figure.what) for figures in sections.values() for figure in figures)
    lines = [f"{'':{width + 2}}  measured    budget"]
    for title, figures in sections.items():
        lines += ["", title, *(_line(figure, width) for figure in figures)]
    return "\n".join(lines)


def _line(figure: Figure, width: int) -> str:
    measured = f"{figure.value:8.2f} {figure.unit:2}"
    if figure.limit is None:
        return f"  {figure.what:{width}}{measured}".rstrip()
    budget = f"{figure.limit:6.2f} {figure.unit:2}".rstrip()
    verdict = "BROKEN" if not figure.is_kept else "kept" if figure.value <= figure.limit else "kept within the noise"
    return f"  {figure.what:{width}}{measured}  {budget:10}{verdict}"
