"""A loop of a test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import closing
from typing import Any, TypeVar

T = TypeVar("T")


def run_alone(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end. Unlike `asyncio.run`, it leaves the thread's loop to other tests."""
    with closing(asyncio.new_event_loop()) as loop:
        return loop.run_until_complete(coroutine)
