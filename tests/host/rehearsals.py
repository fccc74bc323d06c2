"""Rehearsals take long and mostly wait, so rows of them run side by side, and tests wait for their ends.

A row has a site of its own, and goes through its rehearsals in their order, also after one that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.host.site import Site

Rehearsal = Callable[[Any], object]


@dataclass(frozen=True)
class Row:
    """Rehearsals one after the other."""

    open: Callable[[Site], AbstractContextManager[Any]]
    """Yields what each of them gets."""
    rehearsals: Sequence[Rehearsal]


def names(rows: Sequence[Row]) -> list[str]:
    """Return the names of all rehearsals."""
    return [rehearsal.__name__ for row in rows for rehearsal in row.rehearsals]


@contextmanager
def rehearsed(site: Site, rows: Sequence[Row], wanted: Sequence[str]) -> Iterator[dict[str, Future[object]]]:
    """Start all rows with the wanted rehearsals, and yield how each of these ends."""
    ends = {name: Future[object]() for name in wanted}
    with ThreadPoolExecutor(len(rows)) as threads:
        for row in rows:
            if mine := [rehearsal for rehearsal in row.rehearsals if rehearsal.__name__ in ends]:
                threads.submit(_go_through, site, row, mine, ends)
        yield ends


def _go_through(site: Site, row: Row, rehearsals: Sequence[Rehearsal], ends: dict[str, Future[object]]) -> None:
    try:
        with row.open(site) as given:
            for rehearsal in rehearsals:
                try:
                    ends[rehearsal.__name__].set_result(rehearsal(given))
                except BaseException as error:
                    ends[rehearsal.__name__].set_exception(error)
    except BaseException as error:
        for rehearsal in rehearsals:
            if not ends[rehearsal.__name__].done():
                ends[rehearsal.__name__].set_exception(error)
