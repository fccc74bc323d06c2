"""A long command of a build, with its output kept in the cache's log folder."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from toolchain.machine import cache, progress


def run(
    what: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    silent_seconds: float = math.inf,
    tries: int = 1,
) -> None:
    """Run it to its end; says every ten seconds that it is still at work. Raises EngineError with its last lines."""
    log = cache.folder() / "logs" / f"images-{what.replace(' ', '-').replace('/', '_')}.log"
    progress.run(
        command,
        what=what,
        log=log,
        env=environment,
        describe=lambda lines: f"  {lines[-1][:100]}" if lines else "",
        silent_seconds=silent_seconds,
        tries=tries,
    )
