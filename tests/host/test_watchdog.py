"""The watchdog of a booted host: what hangs is healed, and an outage of the database costs nothing but itself.

The rehearsals are in `watched.py`. They begin before other tests of hosts do, which take place meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import pytest

from tests.host import rehearsals, watched

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("rehearsal", rehearsals.names(watched.ROWS))
def test_rehearsed(
    rehearsal: str, rehearsed: dict[str, Future[object]], record_property: Callable[[str, object], None]
) -> None:
    if report := rehearsed[rehearsal].result():
        record_property(rehearsal, str(report))
