"""A database for each module, beside which it starts simulators of Kotauth."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.kotauth.lab import Lab


@pytest.fixture(scope="module")
def lab(daemon: object) -> Iterator[Lab]:
    """Yield a database in a network of its own, in which simulators are started."""
    lab = Lab.open()
    yield lab
    lab.close()
