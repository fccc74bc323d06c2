"""What a module's tests wait for, one thing for each value of a parameter, started at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest

T = TypeVar("T")


def chosen(request: pytest.FixtureRequest, parameter: str) -> list[str]:
    """Return the values of a parameter that the chosen tests have."""
    callspecs = [getattr(item, "callspec", None) for item in request.session.items]
    return sorted({spec.params[parameter] for spec in callspecs if spec and parameter in spec.params})


_DECLARING = ThreadPoolExecutor(1, initializer=lambda: asyncio.set_event_loop(asyncio.new_event_loop()))


def declaring(function: Callable[[], T]) -> T:
    """Return what a function returns that makes values of Pulumi: those belong to a loop, and that to a thread."""
    return _DECLARING.submit(function).result()


@contextmanager
def side_by_side(
    request: pytest.FixtureRequest, parameter: str, start: Callable[[str], T]
) -> Iterator[dict[str, Future[T]]]:
    """Start one for each value that the chosen tests of the module have, and yield them by that value."""
    wanted = chosen(request, parameter)
    with ThreadPoolExecutor(len(wanted)) as threads:
        yield {value: threads.submit(start, value) for value in wanted}
