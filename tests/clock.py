"""A clock in the place of `time`, for functions that wait."""

from __future__ import annotations

from collections.abc import Callable


class Clock:
    """Time that passes only while the function sleeps, and what happens meanwhile."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.events: list[tuple[float, Callable[[], object]]] = []
        """When something happens, in seconds from the start, and what."""

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for due, event in [each for each in self.events if each[0] <= self.now - 1000]:
            self.events.remove((due, event))
            event()
