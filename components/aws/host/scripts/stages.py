"""`retry_until` repeats a stage of the boot until it succeeds, with growing pauses, and logs each try as JSON."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import TypeVar

LONGEST_PAUSE_SECONDS = 20
SLOW_PAUSE_SECONDS = 60

Result = TypeVar("Result")


def log(stage: str, outcome: str, detail: str = "") -> None:
    """Say what happened; ``detail`` never holds a value that was fetched."""
    print(json.dumps({"kotauth": "boot", "stage": stage, "outcome": outcome, "detail": detail[:500]}), flush=True)


def retry_until(stage: str, deadline: float, work: Callable[[], Result]) -> Result:
    """Return what ``work`` returns. Pauses grow; after the deadline it says `failed` and goes on slowly."""
    pause = 1.0
    while True:
        try:
            result = work()
        except Exception as error:
            is_late = time.monotonic() > deadline
            log(stage, "failed" if is_late else "retry", f"{type(error).__name__}: {error}")
            time.sleep(SLOW_PAUSE_SECONDS if is_late else random.uniform(pause / 2, pause))  # noqa: S311 - no secret
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        else:
            log(stage, "ok")
            return result
