"""The benchmark of the frontends tells a difference from noise."""

from __future__ import annotations

from random import Random

import pytest

from tests.frontends.bench import Compared

P99, REQUESTS = 1.1, 0.98
ROUNDS = 12


def broken(limit: float, real: float, noise: float = 0.2) -> float:
    """Return in how many of 300 runs a limit is broken, if each figure differs by so much from round to round."""
    random = Random(1)  # noqa: S311 - the same numbers in each run

    def figure(value: float) -> float:
        return value * random.uniform(1 - noise / 2, 1 + noise / 2)

    runs = [Compared([(figure(real), figure(1)) for _ in range(ROUNDS)]) for _ in range(300)]
    return sum(run.exceeds(limit) for run in runs) / len(runs)


def test_noise_is_no_difference() -> None:
    assert broken(P99, 1) == 0
    assert broken(REQUESTS, 1) <= 0.01


def test_a_difference_of_a_fifth_is_found_in_noise_of_a_fifth() -> None:
    assert broken(P99, 1.2) > 0.95
    assert broken(REQUESTS, 1 / 1.2) > 0.95


def test_a_difference_within_the_limit_is_none() -> None:
    assert broken(P99, 1.05) < 0.05
    assert broken(P99, 1.05, noise=0.01) == 0


@pytest.mark.parametrize(
    ("ratios", "chance"),
    [
        ([1.1, 1.2, 1.3], 1 / 8),
        ([0.9, 0.8, 0.7], 1 / 8),
        # The smallest difference has the other sign: two of eight ways to give signs have such a sum or a greater one.
        ([0.99, 1.2, 1.3], 2 / 8),
        ([1.1] * 7, 1 / 128),
    ],
)
def test_the_chance_is_that_of_the_exact_test(ratios: list[float], chance: float) -> None:
    assert Compared([(ratio, 1) for ratio in ratios]).chance == pytest.approx(chance)
