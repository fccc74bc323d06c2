"""Five logins in a minute per client address and workspace, counted in the memory of this instance."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from time import monotonic

LOGINS = 5
WINDOW_SECONDS = 60.0


class RateLimit:
    """A sliding window per bucket."""

    def __init__(self, allowed: int = LOGINS) -> None:
        self._allowed = allowed
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def allows(self, bucket: str) -> bool:
        """Count this try, unless the bucket is full."""
        now = monotonic()
        with self._lock:
            times = self._seen[bucket]
            while times and now - times[0] >= WINDOW_SECONDS:
                times.popleft()
            if len(times) >= self._allowed:
                return False
            times.append(now)
            return True
