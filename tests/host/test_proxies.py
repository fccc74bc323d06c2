"""The rehearsed single host boots and serves with each proxy."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from tests.host import proxies
from tests.host.rehearsals import names

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("rehearsal", names(proxies.ROWS))
def test_rehearsed(rehearsal: str, rehearsed: dict[str, Future[object]]) -> None:
    rehearsed[rehearsal].result()
