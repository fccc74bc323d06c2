"""Each row of each area's table: exactly what it says is found."""

from __future__ import annotations

import pytest

from .mutation import Case, cases
from .rows import AREAS, table


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{area}: {case}", marks=pytest.mark.xdist_group(f"rows of {area}"))
        for area in AREAS
        for case in cases(table(area))
    ],
)
def test_row(case: Case) -> None:
    case.check()
